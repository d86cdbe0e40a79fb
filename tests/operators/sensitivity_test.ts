import { assert, assertEquals } from "@std/assert";
import { lastValueFrom, pipe, toArray } from "rxjs";
import { transduction } from "../../datasets/mod.ts";
import {
  batch,
  decode,
  decoder,
  encode,
  global,
  luong,
  Parameters,
  pull,
  recurrentEncoder,
  scores,
  sensitivity,
  tf,
  tokenize,
  useEngine,
  vocabularies,
} from "../../operators/mod.ts";
import { predict } from "../../operators/predict.ts";
import { outcomeOf } from "../helpers/streams.ts";

Deno.test("sensitivity() is the gradient of each step's log-probability, and leaves nothing behind", async () => {
  await useEngine();
  const set = await transduction({ task: "copy", count: 3, lengths: [4, 4], symbols: 7 });
  const vocabulary = vocabularies(set);
  const model = pipe(
    encode(recurrentEncoder({ units: 5, embedding: 3, direction: "unidirectional" }), vocabulary.source),
    decode(
      decoder({ path: luong(), attention: global({ score: scores.general }), units: 5, embedding: 3 }),
      vocabulary.target,
    ),
  );
  const before = tf.memory().numTensors;
  const parameters = new Parameters(2);
  const found = await lastValueFrom(
    pull(set).pipe(tokenize(vocabulary), batch({ size: 1, pool: 0 }), sensitivity(model, { parameters }), toArray()),
  );
  assertEquals(found.map(({ norms }) => [norms.length, norms[0].length]), [[5, 4], [5, 4], [5, 4]]);
  assert(found.every(({ norms }) => norms.flat().every((norm) => norm > 0 && Number.isFinite(norm))));
  // Against difference quotients of the whole loss: its gradient is the sum of the steps', and no longer than their norms' sum.
  const [{ batch: first, norms }] = found;
  const table = parameters.group("encoder", () => ({}))["embedding/table"] as ReturnType<typeof tf.variable>;
  const id = first.source.ids[0];
  const lossAt = async (shift: number[]) => {
    const old = table.dataSync().slice();
    const moved = Float32Array.from(old);
    shift.forEach((value, i) => moved[id * 3 + i] += value);
    tf.tidy(() => table.assign(tf.tensor(moved, table.shape) as never));
    const [{ loss }] = await lastValueFrom(
      pull([[...set][0]]).pipe(
        tokenize(vocabulary),
        batch({ size: 1, pool: 0 }),
        predict(model, { parameters, vocabulary: vocabulary.target, maxLength: 6 }),
        toArray(),
      ),
    );
    tf.tidy(() => table.assign(tf.tensor(old, table.shape) as never));
    return loss;
  };
  const h = 1e-2;
  const slope: number[] = [];
  for (const axis of [0, 1, 2]) {
    const at = (value: number) => [0, 0, 0].map((_, i) => i === axis ? value : 0);
    slope.push((await lossAt(at(h)) - await lossAt(at(-h))) / (2 * h));
  }
  const total = norms.reduce((sum, row) => sum + row[0], 0);
  const whole = Math.hypot(...slope);
  const largest = Math.max(...norms.map((row) => row[0]));
  assert(whole <= total * 1.01, `${whole} over ${total}`);
  assert(whole >= 2 * largest - total - 0.01 * total, `${whole} under what the triangle allows`);
  parameters.unsubscribe();
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("sensitivity() refuses batches of several, and symbols that occur twice", async () => {
  await useEngine();
  const set = [{ id: "aa", source: ["a", "a"], targets: [["A"]] }, { id: "b", source: ["b"], targets: [["A"]] }];
  const vocabulary = vocabularies(set);
  const model = pipe(
    encode(recurrentEncoder({ units: 2, embedding: 2 }), vocabulary.source),
    decode(
      decoder({ path: luong(), attention: global({ score: scores.concat }), units: 2, embedding: 2 }),
      vocabulary.target,
    ),
  );
  const parameters = new Parameters(1);
  const message = async (size: number) =>
    (await outcomeOf(pull(set).pipe(tokenize(vocabulary), batch({ size }), sensitivity(model, { parameters })))).error
      ?.message;
  assert((await message(2))?.includes("a batch must hold one example: current value is 2"));
  assert((await message(1))?.includes("no symbol may occur twice"));
  parameters.unsubscribe();
});
