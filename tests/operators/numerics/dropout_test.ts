import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { firstValueFrom, of, pipe, toArray } from "rxjs";
import {
  adam,
  attend,
  bidirectionalGru,
  collate,
  constantRate,
  decode,
  encode,
  luongDecoder,
  meanSequenceLoss,
  Parameters,
  predict,
  scores,
  train,
  useEngine,
  vocabulary,
} from "../../../operators/mod.ts";
import { droppingFrom } from "../../../operators/numerics/dropout.ts";
import { tf } from "../../../operators/numerics/tf.ts";
import { packTest } from "../../helpers/builds.ts";

await useEngine();

Deno.test("dropout zeroes its share, scales the rest, and passes gradients where it passed values", () => {
  tf.tidy(() => {
    const x = tf.ones([97, 103]);
    let dropped = x;
    const gradient = tf.grad((x) => {
      dropped = tf.keep(droppingFrom(5)(x, 0.3) as typeof x);
      return tf.sum(dropped);
    })(x);
    const values = dropped.dataSync();
    assertEquals(gradient.dataSync(), values);
    assertEquals(new Set(values), new Set([0, Math.fround(1 / 0.7)]));
    const zeros = values.filter((value) => value === 0).length / values.length;
    assertAlmostEquals(zeros, 0.3, 4 * Math.sqrt(0.3 * 0.7 / values.length)); // four standard deviations
    dropped.dispose();
  });
});

Deno.test("dropout draws anew at each call, the same for the same seed, and nothing at rate 0", () => {
  tf.tidy(() => {
    const x = tf.ones([31]);
    const [one, other] = [droppingFrom(1), droppingFrom(1)];
    const first = one(x, 0.5).dataSync();
    assertEquals(other(x, 0.5).dataSync(), first);
    assertNotEquals(one(x, 0.5).dataSync(), first);
    assertEquals(one(x, 0), x);
    for (const rate of [-0.1, 1, NaN]) assertThrows(() => one(x, rate), RangeError, "must be in [0, 1)");
  });
});

Deno.test("a model drops while it learns and not when it is asked, and repeats to the last digit", async () => {
  const alphabet = vocabulary("abcdefg");
  const model = (dropout: number) =>
    pipe(
      encode(bidirectionalGru({ units: 4, embedding: 5, dropout }), alphabet),
      attend(scores.general, { query: 8 }),
      decode(luongDecoder({ units: 8, embedding: 5, dropout }), alphabet),
    );
  const words = collate(["abc", "gfedc", "b"].map((word) => ({
    example: { id: word, source: [...word], targets: [[...word]] },
    source: alphabet.encode([...word]),
    target: alphabet.encode([...word]),
  })));
  const run = async (dropout: number) => {
    const parameters = new Parameters(7);
    const learn = { parameters, optimiser: adam(), learningRate: constantRate(0.01), loss: meanSequenceLoss };
    const steps = await firstValueFrom(of(words, words, words).pipe(train(model(dropout), learn), toArray()));
    const ask = { parameters, vocabulary: alphabet, maxLength: 5 };
    const said = await firstValueFrom(of(words).pipe(predict(model(dropout), ask)));
    const same = await firstValueFrom(of(words).pipe(predict(model(0), ask)));
    assertEquals(said.loss, same.loss);
    parameters.unsubscribe();
    return steps.map(({ loss }) => loss);
  };
  const before = tf.memory().numTensors;
  const dropped = await run(0.5);
  assertEquals(await run(0.5), dropped);
  assertNotEquals(await run(0), dropped);
  assert(dropped.every(Number.isFinite));
  assertEquals(tf.memory().numTensors, before);
});

packTest("dropout draws the same with and without the pack, whoever drew before", async (build) => {
  const draw = (pack: boolean | typeof build, drop: ReturnType<typeof droppingFrom>, shape: number[], rate: number) =>
    useEngine({ pack }).then(() => tf.tidy(() => drop(tf.ones(shape), rate).dataSync()));
  for (const seed of [0, 1, -7, 2 ** 31 - 1]) {
    const [stock, pack, mixed] = [1, 2, 3].map(() => droppingFrom(seed));
    for (const [at, shape] of [[1], [7, 3], [2, 5, 11], [0, 3], [64]].entries()) {
      const rate = [0.3, 0.999999, 1e-9, 0.5, 0.1][at];
      const expected = await draw(false, stock, shape, rate);
      assertEquals(await draw(build, pack, shape, rate), expected);
      assertEquals(await draw(at % 2 ? build : false, mixed, shape, rate), expected);
    }
  }
  await useEngine({ pack: build });
});
