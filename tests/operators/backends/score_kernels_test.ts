import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { useEngine } from "../../../operators/backends/engine.ts";
import { composed } from "../../../operators/numerics/device_kernels.ts";
import { scores } from "../../../operators/numerics/scores.ts";
import { type Scalar, type Tensor, type Tensor3D, tf } from "../../../operators/numerics/tf.ts";
import { growMemory, normals, packTest } from "../../helpers/builds.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { differenceGradient } from "../../helpers/gradient.ts";
import { additiveScoreReference } from "../../reference/additive_score.ts";
import { pairScores, referenceLogits } from "../../reference/scores.ts";

interface Dims {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly query: number;
  readonly key: number;
  readonly hidden: number;
}

const shapesOf = ({ batch, queries, keys, query, key, hidden }: Dims) => [
  ...[[batch, queries, query], [batch, keys, key]],
  ...[[query, hidden], [key, hidden], [hidden]],
];

const valuesOf = (dims: Dims, seed: number) => shapesOf(dims).map((shape, i) => normals(shape, seed + i, 0.5));

/** Logits, and the gradients of their sum weighted by `upstream` at query, keys, W_q, W_k and v_a. */
function run(dims: Dims, values: Float32Array[], upstream: Float32Array) {
  return tf.tidy(() => {
    const f = (query: Tensor, keys: Tensor, W_q: Tensor, W_k: Tensor, v_a: Tensor) =>
      scores.concat.apply({ W_q, W_k, v_a }, query as Tensor3D, keys as Tensor3D);
    const tensors = values.map((data, i) => tf.tensor(data, shapesOf(dims)[i]));
    const logits = f(...tensors as [Tensor, Tensor, Tensor, Tensor, Tensor]);
    const weigh = (...args: Tensor[]) =>
      f(...args as [Tensor, Tensor, Tensor, Tensor, Tensor]).flatten().mul(tf.tensor1d(upstream)).sum() as Scalar;
    return {
      logits: logits.dataSync() as Float32Array,
      gradients: tf.grads(weigh)(tensors).map((gradient) => gradient.dataSync() as Float32Array),
    };
  });
}

const side = fc.integer({ min: 1, max: 9 });
const anyDims = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  ...{ queries: side, keys: fc.integer({ min: 1, max: 19 }) },
  ...{ query: side, key: side, hidden: fc.integer({ min: 1, max: 70 }) },
});

packTest("the fused additive score is the composed one, forward and gradient, for any shape", () => {
  fc.assert(
    fc.property(anyDims, fc.nat(1000), (dims, seed) => {
      const values = valuesOf(dims, seed), upstream = normals([dims.batch * dims.queries * dims.keys], seed + 9);
      const fused = run(dims, values, upstream), expected = composed(() => run(dims, values, upstream));
      assertClose(fused.logits, expected.logits, 2 * tolerances.forward);
      fused.gradients.forEach((gradient, i) =>
        assertClose(gradient, expected.gradients[i], tolerances.gradientAgainstFloat64, `input ${i}`)
      );
    }),
    { numRuns: 60 },
  );
});

Deno.test("the float64 gradient of the additive score is what difference quotients give, and its logits the pairs'", () => {
  const dims = { batch: 2, queries: 3, keys: 5, query: 2, key: 3, hidden: 4 };
  const values = valuesOf(dims, 17), upstream = normals([30], 5);
  const { logits, gradients } = additiveScoreReference(dims, values, upstream);
  const [query, keys, W_q, W_k, v_a] = values;
  const pairs = referenceLogits(pairScores.concat, { W_q, W_k, v_a }, query, keys, { ...dims, positions: 1 });
  assertClose(logits, pairs, tolerances.float64);
  values.forEach((data, which) => {
    const loss = (x: number[]) =>
      additiveScoreReference(dims, values.with(which, x as unknown as Float32Array), upstream).logits
        .reduce((sum, logit, i) => sum + logit * upstream[i], 0);
    assertClose(gradients[which], differenceGradient(loss, data), 1e-8);
  });
});

packTest("the fused additive score and its gradient agree with float64, all sides up to 70", () => {
  const side = fc.integer({ min: 1, max: 70 });
  const batch = fc.integer({ min: 1, max: 3 });
  const sizes = fc.record({ batch, queries: side, keys: side, query: side, key: side, hidden: side });
  fc.assert(
    fc.property(sizes, fc.nat(1000), (dims, seed) => {
      const values = valuesOf(dims, seed), upstream = normals([dims.batch * dims.queries * dims.keys], seed + 9);
      const wanted = additiveScoreReference(dims, values, upstream), found = run(dims, values, upstream);
      // Sums over up to 14,700 pairs round in proportion to their greatest, not each to its own remainder.
      const scaled = (actual: Float32Array, exact: Float64Array, tolerance: number, name: string) => {
        const greatest = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        assertClose(actual.map((value) => value / greatest), exact.map((value) => value / greatest), tolerance, name);
      };
      scaled(found.logits, wanted.logits, 2 * tolerances.forward, "logits");
      found.gradients.forEach((gradient, i) =>
        scaled(gradient, wanted.gradients[i], tolerances.gradientAgainstFloat64, `input ${i}`)
      );
    }),
    { numRuns: 30 },
  );
});

packTest("the fused additive score agrees with float64 and its difference quotients", () => {
  for (const hidden of [1, 4, 11]) {
    const dims = { batch: 2, queries: 3, keys: 5, query: 2, key: 3, hidden };
    const values = valuesOf(dims, 17), upstream = normals([30], 5);
    const exact = ([query, keys, W_q, W_k, v_a]: ArrayLike<number>[]) =>
      referenceLogits(pairScores.concat, { W_q, W_k, v_a }, query, keys, { ...dims, positions: 1 });
    const found = run(dims, values, upstream);
    assertClose(found.logits, exact(values), tolerances.forward);
    values.forEach((data, which) => {
      const loss = (x: number[]) =>
        exact(values.with(which, x as unknown as Float32Array)).reduce((sum, logit, i) => sum + logit * upstream[i], 0);
      assertClose(found.gradients[which], differenceGradient(loss, data), tolerances.gradientAgainstFloat64);
    });
  }
});

packTest("the additive score of NaN, infinity, denormals and ±1e4 is what the composed form gives", () => {
  const dims = { batch: 1, queries: 2, keys: 3, query: 1, key: 1, hidden: 5 };
  const ones = (size: number) => new Float32Array(size).fill(1);
  for (const odd of [NaN, Infinity, -Infinity, 1e-40, 1e4, -1e4]) {
    for (const which of [0, 1, 4]) {
      const values = [normals([2], 1), normals([3], 2), ones(5), ones(5), normals([5], 3)];
      values[which][1] = odd;
      const upstream = normals([6], 4);
      const fused = run(dims, values, upstream), expected = composed(() => run(dims, values, upstream));
      [fused.logits, ...fused.gradients].forEach((found, output) =>
        found.forEach((value, i) => {
          const wanted = [expected.logits, ...expected.gradients][output][i];
          const told = `${odd} in input ${which}, output ${output}`;
          if (Number.isFinite(wanted)) assertClose([value], [wanted], tolerances.gradientAgainstFloat64, told);
          else assertEquals(value, wanted, told);
        })
      );
    }
  }
});

packTest("shapes that don't fit are refused, and one memory for all queries is composed", () => {
  tf.tidy(() => {
    const params = { W_q: tf.ones([2, 3]), W_k: tf.ones([2, 3]), v_a: tf.ones([3]) };
    type Shape = [number, number, number];
    const apply = (query: Shape, keys: Shape, v_a: Tensor = params.v_a) =>
      scores.concat.apply({ ...params, v_a }, tf.ones(query), tf.ones(keys));
    assertThrows(() => apply([2, 1, 2], [2, 1, 2], tf.ones([5])), Error, "current value is [2,1,3], [2,1,3] and [5]");
    assertClose(
      apply([5, 1, 2], [1, 7, 2]).dataSync(),
      new Float32Array(35).fill(3 * Math.tanh(4)),
      tolerances.forward,
    );
  });
});

packTest("the additive score by hand, and after the memory has grown", () => {
  const dims = { batch: 1, queries: 1, keys: 2, query: 1, key: 1, hidden: 1 };
  const values = [[0.25], [0.25, -0.25], [1], [1], [2]].map((data) => Float32Array.from(data));
  const before = run(dims, values, Float32Array.of(1, 0));
  const h = Math.tanh(0.5), slope = 2 * (1 - h * h);
  assertClose(before.logits, [2 * h, 0], tolerances.forward);
  const expected = [[slope], [slope, 0], [slope / 4], [slope / 4], [h]];
  before.gradients.forEach((gradient, i) => assertClose(gradient, expected[i], tolerances.forward));
  growMemory();
  assertEquals(run(dims, values, Float32Array.of(1, 0)), before);
});

packTest("neither way stores the sums of all pairs", async (build) => {
  const dims = { batch: 2, queries: 67, keys: 61, query: 8, key: 8, hidden: 128 };
  const pairs = 4 * dims.batch * dims.queries * dims.keys * dims.hidden;
  const engine = await useEngine({ pack: build });
  const measured = (f: () => void) => {
    engine.resetPeak();
    const start = engine.peakBytes();
    f();
    return engine.peakBytes() - start;
  };
  const values = valuesOf(dims, 1), upstream = normals([dims.batch * dims.queries * dims.keys], 2);
  const fused = measured(() => run(dims, values, upstream));
  assert(fused < pairs / 2, `${fused} bytes, of ${pairs} for the sums alone`);
  assert(measured(() => composed(() => run(dims, values, upstream))) > pairs);
});
