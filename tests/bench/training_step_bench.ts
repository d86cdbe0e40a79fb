/**
 * How much faster is a training step with the kernel pack than on the stock wasm backend?
 *
 * The model of DESIGN.md's figure (speller.ts), Adam with clipping, one core. The stock backend has no kernel for the
 * gradient of `gather`; the peer gets the plain one that Heed has for it, and nothing else.
 *
 *     deno run --allow-read --allow-env tests/bench/training_step_bench.ts [units] [batch]
 *
 * @module
 */
import { useEngine } from "../../operators/mod.ts";
import { inTurn, speedUp, spread, told } from "./ratio.ts";
import { LETTERS, PHONEMES, randomWords, spellerTraining } from "./speller.ts";

/** Seconds of every step: stock and pack, in turn. */
export async function trainingStep(units: number, size: number, rounds: number) {
  const words = await randomWords(size);
  const candidates = ([["stock", "off"], ["pack", true]] as const).map(([name, pack]) => {
    const { step, end } = spellerTraining(units, 1);
    return { name, prepare: () => useEngine({ pack }), run: () => step(words), end };
  });
  const [stock, pack] = await inTurn(candidates, rounds);
  for (const { end } of candidates) end();
  return { stock, pack };
}

if (import.meta.main) {
  const sizes = Deno.args.length === 2 ? [Deno.args.map(Number)] : [[128, 128], [256, 128], [64, 32]];
  for (const [units, size] of sizes) {
    const { stock, pack } = await trainingStep(units, size, 7);
    const milliseconds = (seconds: readonly number[]) => told(spread(seconds.map((each) => 1000 * each)), 1);
    console.log(`training step, units ${units}, batch ${size}, ${LETTERS} letters, ${PHONEMES} phonemes, one core`);
    console.log(`  stock wasm backend  ${milliseconds(stock.seconds)} ms`);
    console.log(`  kernel pack         ${milliseconds(pack.seconds)} ms`);
    console.log(`  times faster        ${told(speedUp(stock, pack))}`);
  }
}
