/**
 * How much faster is a training step with the kernel pack than on the stock wasm backend?
 *
 * The model of DESIGN.md's figure: a bidirectional GRU encoder, a GRU decoder on Luong's path, the general score; 10
 * letters, 9 phonemes, embeddings 64, Adam with clipping. One core. The stock backend has no kernel for the gradient of
 * `gather`; the peer gets the plain one that Heed has for it, and nothing else.
 *
 *     deno run --allow-read --allow-env tests/bench/training_step_bench.ts [units] [batch]
 *
 * @module
 */
import { firstValueFrom, from, lastValueFrom, pipe } from "rxjs";
import {
  adam,
  attend,
  batch,
  bidirectionalGru,
  constantRate,
  decode,
  encode,
  luongDecoder,
  meanSequenceLoss,
  Parameters,
  pull,
  randomFrom,
  scores,
  train,
  useEngine,
  vocabulary,
} from "../../operators/mod.ts";
import type { Batch, Tokens } from "../../operators/records.ts";
import { inTurn, speedUp, spread, told } from "./ratio.ts";

const LETTERS = 10;
const PHONEMES = 9;
/** Steps in a repetition. */
const STEPS = 4;

/** Seconds of a step: stock against pack. */
export async function trainingStep(units: number, size: number, rounds: number) {
  const source = vocabulary(Array.from({ length: 29 }, (_, id) => `letter ${id}`));
  const target = vocabulary(Array.from({ length: 39 }, (_, id) => `phoneme ${id}`));
  const model = pipe(
    encode(bidirectionalGru({ units, embedding: 64 }), source),
    attend(scores.general, { query: units }),
    decode(luongDecoder({ units, embedding: 64 }), target),
  );
  const words = await firstValueFrom(pull(randomTokens(size)).pipe(batch({ size })));
  const candidates = [];
  const models: Parameters[] = [];
  for (const [name, pack] of [["stock", "off"], ["pack", true]] as const) {
    const parameters = new Parameters(1);
    models.push(parameters);
    const learn = { parameters, optimiser: adam(), learningRate: constantRate(1e-3), loss: meanSequenceLoss, clip: 1 };
    candidates.push({
      name,
      run: async () => {
        await useEngine({ pack });
        // A subscription begins with a dry run, which must not count as a step.
        await lastValueFrom(from(Array<Batch>(STEPS).fill(words)).pipe(train(model, learn)));
      },
    });
  }
  const [stock, pack] = await inTurn(candidates, rounds);
  for (const parameters of models) parameters.unsubscribe();
  return { stock, pack };
}

function* randomTokens(count: number): Generator<Tokens> {
  const random = randomFrom(1);
  for (let index = 0; index < count; index++) {
    const ids = (length: number, symbols: number) => Int32Array.from({ length }, () => 4 + random.integer(symbols));
    const example = { id: `${index}`, source: [], targets: [[]] };
    // One phoneme fewer: the end mark is the ninth step.
    yield { example, source: ids(LETTERS, 29), target: ids(PHONEMES - 1, 39) };
  }
}

/** Prints the figures. */
export async function main(): Promise<void> {
  const sizes = Deno.args.length === 2 ? [Deno.args.map(Number)] : [[128, 128], [256, 128], [64, 32]];
  for (const [units, size] of sizes) {
    const { stock, pack } = await trainingStep(units, size, 7);
    const milliseconds = (seconds: readonly number[]) => told(spread(seconds.map((each) => 1000 * each / STEPS)), 1);
    console.log(`training step, units ${units}, batch ${size}, ${LETTERS} letters, ${PHONEMES} phonemes, one core`);
    console.log(`  stock wasm backend  ${milliseconds(stock.seconds)} ms`);
    console.log(`  kernel pack         ${milliseconds(pack.seconds)} ms`);
    console.log(`  times faster        ${told(speedUp(stock, pack))}`);
  }
}

if (import.meta.main) await main();
