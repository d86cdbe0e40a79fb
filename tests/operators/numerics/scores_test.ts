import { assertEquals, assertThrows } from "@std/assert";
import { checkScore, type Score } from "../../../operators/numerics/score.ts";
import { scores } from "../../../operators/numerics/scores.ts";
import { maskedSoftmax } from "../../../operators/numerics/softmax.ts";
import { type Tensor, type Tensor3D, tf } from "../../../operators/numerics/tf.ts";
import { InputError } from "../../../operators/records.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { primeDims } from "../../helpers/score_cases.ts";
import { randomTensor, tensorTest, toTensors, valuesOf } from "../../helpers/tensors.ts";
import { additive, pairScores, referenceLogits, type ReferenceParams } from "../../reference/scores.ts";
import { referenceSoftmax } from "../../reference/softmax.ts";

const every: Score[] = Object.values(scores);

/** A score with parameters, queries and keys at prime sizes. */
function setting(score: Score, seed = 1) {
  const dims = primeDims(score.name);
  const params = toTensors(score.parameters(dims, seed));
  const query = randomTensor<Tensor3D>([dims.batch, dims.queries, dims.query], seed + 1);
  const keys = randomTensor<Tensor3D>([dims.batch, dims.keys, dims.key], seed + 2);
  return { dims, params, query, keys };
}

function plain(params: Readonly<Record<string, Tensor>>): ReferenceParams {
  return Object.fromEntries(Object.entries(params).map(([name, tensor]) => [name, valuesOf(tensor)]));
}

for (const score of every) {
  tensorTest(`${score.name}: logits agree with the float64 loops, with and without prepared keys`, () => {
    const { dims, params, query, keys } = setting(score);
    const logits = score.apply(params, query, keys);
    assertEquals(logits.shape, [2, 3, 5]);
    const expected = referenceLogits(pairScores[score.name], plain(params), valuesOf(query), valuesOf(keys), dims);
    assertClose(valuesOf(logits), expected, tolerances.forward);
    const prepared = score.prepare?.(params, keys);
    assertEquals(valuesOf(score.apply(params, query, keys, prepared)), valuesOf(logits));
  });

  tensorTest(
    `${score.name}: the same seed gives the same parameters, another seed others, as many as the cost says`,
    () => {
      const dims = primeDims(score.name);
      const first = score.parameters(dims, 5);
      assertEquals(score.parameters(dims, 5), first);
      const size = Object.values(first).reduce((sum, { values }) => sum + values.length, 0);
      assertEquals(size, score.cost({ ...dims, batch: 1 }).parameters);
      if (size > 1) { // cosine's one number begins the same for every seed
        assertEquals(
          Object.values(score.parameters(dims, 6)).some((value, i) =>
            value.values[0] !== Object.values(first)[i].values[0]
          ),
          true,
        );
      }
    },
  );
}

tensorTest("general projects whichever side is shorter, and both ways agree with the loops", () => {
  for (const [queries, keys] of [[3, 5], [5, 3], [3, 3], [1, 1]]) {
    const dims = { ...primeDims("general"), queries, keys };
    const params = toTensors(scores.general.parameters(dims, 3));
    const query = randomTensor<Tensor3D>([2, queries, 7], 4);
    const memory = randomTensor<Tensor3D>([2, keys, 11], 5);
    const expected = referenceLogits(pairScores.general, plain(params), valuesOf(query), valuesOf(memory), dims);
    assertClose(valuesOf(scores.general.apply(params, query, memory)), expected, tolerances.forward);
  }
});

tensorTest("scores of two unit vectors can be worked out by hand", () => {
  const query = tf.tensor3d([[[1, 2]]]);
  const keys = tf.tensor3d([[[3, 4], [0, 1]]]);
  assertEquals(valuesOf(scores.dot.apply({}, query, keys)), [11, 2]);
  assertClose(valuesOf(scores.scaledDot.apply({}, query, keys)), [11 / Math.SQRT2, Math.SQRT2], tolerances.forward);
  const W_a = tf.tensor2d([[1, 2], [3, 4]]); // h^T W = [7, 10]
  assertEquals(valuesOf(scores.general.apply({ W_a }, query, keys)), [61, 10]);
  assertEquals(valuesOf(scores.location.apply({ W_a }, query, keys)), [7, 10]);
  const additive = { W_q: tf.tensor2d([[1], [1]]), W_k: tf.tensor2d([[0], [-1]]), v_a: tf.tensor1d([2]) };
  assertClose(
    valuesOf(scores.concat.apply(additive, query, keys)),
    [2 * Math.tanh(-1), 2 * Math.tanh(2)],
    tolerances.forward,
  );
});

tensorTest("general with the identity is dot", () => {
  const { query, keys } = setting(scores.dot);
  assertClose(
    valuesOf(scores.general.apply({ W_a: tf.eye(7) }, query, keys)),
    valuesOf(scores.dot.apply({}, query, keys)),
    tolerances.forward,
  );
});

tensorTest(
  "general is bilinear: additive in each argument, and its second mixed difference is the score itself",
  () => {
    const { params, query, keys } = setting(scores.general);
    const other = { query: randomTensor<Tensor3D>(query.shape, 8), keys: randomTensor<Tensor3D>(keys.shape, 9) };
    const f = (q: Tensor3D, k: Tensor3D) => scores.general.apply(params, q, k);
    const mixed = f(query.add(other.query), keys.add(other.keys)).sub(f(query, keys.add(other.keys)))
      .sub(f(query.add(other.query), keys)).add(f(query, keys));
    // Four float32 logits of magnitude 10 cancel here, so ten times the tolerance of one.
    assertClose(valuesOf(mixed), valuesOf(f(other.query, other.keys)), 10 * tolerances.forward);
    assertClose(
      valuesOf(f(query.add(other.query), keys)),
      valuesOf(f(query, keys).add(f(other.query, keys))),
      10 * tolerances.forward,
    );
    // Concat isn't: the same difference is far from it.
    const concat = setting(scores.concat);
    const g = (q: Tensor3D) => scores.concat.apply(concat.params, q, concat.keys);
    const gap = g(concat.query.add(other.query)).sub(g(concat.query).add(g(other.query))).abs().max().dataSync()[0];
    assertEquals(gap > 0.01, true);
  },
);

tensorTest("concat with the identity in place of tanh gives weights that don't depend on the query", () => {
  const { dims, params, keys } = setting(scores.concat);
  const weights = (f: (x: number) => number, seed: number) => {
    const query = valuesOf(randomTensor([dims.batch, dims.queries, dims.query], seed));
    const logits = referenceLogits(additive(f), plain(params), query, valuesOf(keys), dims);
    return Array.from(
      { length: dims.batch * dims.queries },
      (_, row) => referenceSoftmax(logits.slice(row * dims.keys, (row + 1) * dims.keys), Array(dims.keys).fill(1)),
    ).flat();
  };
  assertClose(weights((x) => x, 21), weights((x) => x, 22), tolerances.float64);
  assertThrows(() => assertClose(weights(Math.tanh, 21), weights(Math.tanh, 22), 1e-3));
});

tensorTest("concat: no weight is more than exp(2 |v|_1) times another", () => {
  for (const size of [1, 10, 100]) {
    const { params, query, keys } = setting(scores.concat, size);
    const logits = scores.concat.apply(params, query.mul(size), keys.mul(size));
    const bound = 2 * params.v_a.abs().sum().dataSync()[0];
    const spread = logits.max(-1).sub(logits.min(-1)).max().dataSync()[0];
    assertEquals(spread <= bound + tolerances.forward && spread > 0, true, `${spread} against ${bound}`);
  }
});

tensorTest("concat with v_a = 0 gives exactly uniform weights", () => {
  const { params, query, keys } = setting(scores.concat);
  const logits = scores.concat.apply({ ...params, v_a: tf.zeros([13]) }, query, keys);
  assertEquals(valuesOf(maskedSoftmax(logits, tf.ones([5]))), Array(30).fill(Math.fround(1 / 5)));
});

tensorTest("location is blind to what the keys hold, and varies with the position", () => {
  const { params, query, keys } = setting(scores.location);
  const weights = (memory: Tensor3D) =>
    valuesOf(maskedSoftmax(scores.location.apply(params, query, memory), tf.ones([5])));
  const here = weights(keys);
  assertEquals(weights(keys.gather([4, 2, 0, 1, 3], 1)), here);
  assertEquals(weights(randomTensor(keys.shape, 99)), here);
  for (let row = 0; row < 6; row++) {
    const of = here.slice(row * 5, row * 5 + 5);
    assertEquals(Math.max(...of) - Math.min(...of) > 0.01, true, "weights must differ between positions");
  }
  // The others do look: permuted keys give permuted logits.
  const order = [4, 2, 0, 1, 3];
  for (const score of every.filter(({ name }) => name !== "location")) {
    const at = setting(score);
    const permuted = score.apply(at.params, at.query, at.keys.gather(order, 1));
    assertClose(
      valuesOf(permuted),
      valuesOf(score.apply(at.params, at.query, at.keys).gather(order, 2)),
      tolerances.forward,
    );
  }
});

tensorTest("location works at exactly S_max positions and refuses one more", () => {
  const { params, query } = setting(scores.location);
  assertEquals(scores.location.apply(params, query, tf.zeros([2, 17, 11])).shape, [2, 3, 17]);
  assertThrows(
    () => scores.location.apply(params, query, tf.zeros([2, 18, 11])),
    RangeError,
    "at most 17 positions: current value is 18",
  );
});

tensorTest("the variance of q.k is D for unit normal vectors, and 1 when scaled", () => {
  const query = randomTensor<Tensor3D>([1, 150, 61], 31);
  const keys = randomTensor<Tensor3D>([1, 150, 61], 32);
  const variance = (score: Score) => tf.moments(score.apply({}, query, keys)).variance.dataSync()[0];
  // 22,500 products, but of 300 vectors: about 5% of standard error, so 15%.
  assertClose([variance(scores.dot) / 61], [1], 0.15);
  assertClose([variance(scores.scaledDot)], [1], 0.15);
});

Deno.test("checkScore() refuses sizes that a score can't use, in one line", () => {
  const dims = { query: 3, key: 5, hidden: 7, positions: 11 };
  for (const score of [scores.dot, scores.scaledDot]) {
    assertThrows(
      () => checkScore(score, dims),
      InputError,
      `Cannot use the score "${score.name}" as query and key widths must be equal: current value is 3 and 5`,
    );
    checkScore(score, { ...dims, key: 3 });
  }
  checkScore(scores.location, dims, 11);
  assertThrows(
    () => checkScore(scores.location, dims, 12),
    InputError,
    'Cannot use the score "location" as a memory may have at most 11 positions: current value is 12',
  );
  assertThrows(
    () => checkScore(scores.concat, { ...dims, hidden: 0 }),
    InputError,
    "hidden must be a positive integer",
  );
  assertThrows(() => checkScore(scores.concat, { ...dims, query: 2.5 }), InputError, "current value is 2.5");
});
