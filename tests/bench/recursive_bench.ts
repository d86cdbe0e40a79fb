/**
 * Training a recursive autoencoder: greedy trees, D = 100, sentences of 20 words, batches of 64, Adam, all word vectors
 * learnt; beside the same steps a sentence at a time, as the released codes loop. Sentences a second and the ratio of one
 * run on one core.
 *
 *     deno run --allow-read --allow-env --allow-sys tests/bench/recursive_bench.ts [--json] [--rounds N]
 *
 * @module
 */
import { lastValueFrom, pipe, take } from "rxjs";
import * as heed from "../../operators/mod.ts";
import type { Sentence } from "../../operators/records.ts";
import { flags } from "./flags.ts";
import { inTurn, speedUp, spread, told } from "./ratio.ts";

const WIDTH = 100, WORDS = 20, BATCH = 64, WORDS_KNOWN = 10_000;
const { json, rounds } = flags({ rounds: 7 });

await heed.useEngine();
const random = heed.randomFrom(1);
const classes = ["negative", "positive"];
const sentences = Array.from({ length: BATCH }, (_, at): Sentence => ({
  id: String(at),
  source: Array.from({ length: WORDS }, () => `w${random.integer(WORDS_KNOWN)}`),
  targets: [[classes[at % 2]]],
}));
const known = {
  source: heed.vocabulary(Array.from({ length: WORDS_KNOWN }, (_, at) => `w${at}`)),
  target: heed.vocabulary(classes),
};
const model = pipe(
  heed.compose(heed.composers.greedy, { vocabulary: known.source, width: WIDTH }),
  heed.labelNodes({ classes }),
);
const parameters = new heed.Parameters(1);

/** Learns from `count` sentences, `size` a step. */
function learn(count: number, size: number): Promise<unknown> {
  return lastValueFrom(
    heed.pull(sentences.slice(0, count)).pipe(
      heed.tokenize(known),
      heed.batch({ size }),
      heed.train(model, {
        parameters,
        optimiser: heed.adam(),
        learningRate: heed.constantRate(1e-3),
        loss: heed.recursiveLoss({ alpha: 0.2, sentence: 1 }),
        clip: 5,
      }),
      take(count),
    ),
    { defaultValue: undefined },
  );
}

const EACH = 8; // sentences of the loop: as many as take about as long
const timings = await inTurn([
  { name: "a sentence at a time", run: () => learn(EACH, 1) },
  { name: "batched", run: () => learn(BATCH, BATCH) },
], rounds);
parameters.unsubscribe();
const [loop, batched] = [
  { ...timings[0], seconds: timings[0].seconds.map((seconds) => seconds / EACH) },
  { ...timings[1], seconds: timings[1].seconds.map((seconds) => seconds / BATCH) },
];
const rates = [loop, batched].map(({ name, seconds }) => ({ name, rate: spread(seconds.map((each) => 1 / each)) }));
const ratio = speedUp(loop, batched);
if (json) {
  console.log(JSON.stringify({ width: WIDTH, words: WORDS, batch: BATCH, rates, ratio }));
} else {
  for (const { name, rate } of rates) console.log(`${name.padEnd(22)} ${told(rate, 0)} sentences/s`);
  console.log(`ratio ${told(ratio)}`);
}
