import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { lengthMask } from "../../../operators/numerics/masks.ts";
import { maskedSoftmax } from "../../../operators/numerics/softmax.ts";
import { type Scalar, type Tensor, tf } from "../../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { differenceGradient, tapeGradient, tensorDifferenceGradient } from "../../helpers/gradient.ts";
import { randomTensor, tensorTest, valuesOf } from "../../helpers/tensors.ts";
import { referenceSoftmax } from "../../reference/softmax.ts";

tensorTest("lengthMask() is 1 up to each length, then 0", () => {
  const mask = lengthMask(tf.tensor1d([2, 0, 3], "int32"), 3);
  assertEquals(mask.dtype, "float32");
  assertEquals(mask.arraySync(), [[1, 1, 0], [0, 0, 0], [1, 1, 1]]);
});

tensorTest("maskedSoftmax() gives weights that can be worked out by hand", () => {
  const logits = tf.tensor2d([[Math.log(1), Math.log(3), 50], [7, 7, 7]]);
  const weights = maskedSoftmax(logits, tf.tensor2d([[1, 1, 0], [1, 1, 1]]));
  assertClose(valuesOf(weights), [0.25, 0.75, 0, 1 / 3, 1 / 3, 1 / 3], tolerances.forward);
});

tensorTest("maskedSoftmax() agrees with the float64 reference, forward and gradient, for any mask", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ logit: fc.double({ min: -30, max: 30, noNaN: true }), seen: fc.boolean() }), {
        minLength: 1,
        maxLength: 11,
      }),
      fc.integer(),
      (items, seed) => {
        const mask = items.map(({ seen }) => seen ? 1 : 0);
        const upstream = valuesOf(randomTensor([items.length], seed));
        const logits = tf.tensor1d(items.map(({ logit }) => logit));
        const at = valuesOf(logits);
        assertClose(
          valuesOf(maskedSoftmax(logits, tf.tensor1d(mask))),
          referenceSoftmax(at, mask),
          tolerances.forward,
        );
        const weigh = (weights: number[]) => weights.reduce((sum, weight, s) => sum + weight * upstream[s], 0);
        const [gradient] = tapeGradient(
          (x: Tensor) => maskedSoftmax(x, tf.tensor1d(mask)).mul(tf.tensor1d(upstream)).sum() as Scalar,
          [logits],
        );
        const expected = differenceGradient((x) => weigh(referenceSoftmax(x, mask)), at);
        assertClose(gradient, expected, tolerances.gradientAgainstFloat64);
      },
    ),
    { numRuns: 50 },
  );
});

tensorTest("maskedSoftmax() gives masked positions exactly 0 whatever their logits are, and rows that sum to 1", () => {
  const logits = tf.tensor2d([[1, Infinity, -Infinity, 3e38, -3e38, 1e4]]);
  const weights = valuesOf(maskedSoftmax(logits, tf.tensor2d([[1, 0, 0, 0, 0, 1]])));
  assertEquals(weights, [0, 0, 0, 0, 0, 1]);
  const rows = maskedSoftmax(randomTensor([5, 7], 1), lengthMask(tf.tensor1d([1, 2, 3, 5, 7], "int32"), 7));
  assertClose(valuesOf(rows.sum(-1)), [1, 1, 1, 1, 1], tolerances.forward);
  assertEquals(valuesOf(tf.equal(rows, 0).sum()), [6 + 5 + 4 + 2]);
});

tensorTest("maskedSoftmax() gives a fully masked row zeros, forward and gradient, and leaves the others alone", () => {
  const mask = tf.tensor3d([[[0, 0, 0]], [[1, 0, 1]]]); // [B, 1, S]
  for (const fill of [0, 1e4, -1e4, Infinity, -Infinity]) {
    const logits = tf.tensor3d([[[fill, fill, fill]], [[1, 2, 3]]]);
    const weights = valuesOf(maskedSoftmax(logits, mask));
    assertEquals(weights.slice(0, 3), [0, 0, 0]);
    const [gradient] = tapeGradient((x: Tensor) => maskedSoftmax(x, mask).mul([1, 2, 5]).sum() as Scalar, [logits]);
    assertEquals(gradient.slice(0, 3).map(Math.abs), [0, 0, 0]);
    assertEquals(gradient[4] === 0, true);
    const a = 1 / (1 + Math.exp(2));
    assertClose(weights.slice(3), [a, 0, 1 - a], tolerances.forward);
    assertClose(gradient.slice(3), [-4 * a * (1 - a), 0, 4 * a * (1 - a)], tolerances.gradientAgainstFloat64);
  }
});

tensorTest("maskedSoftmax() of a single key is 1, and a row of very low logits is still a distribution", () => {
  assertEquals(valuesOf(maskedSoftmax(tf.tensor2d([[-123]]), tf.tensor2d([[1]]))), [1]);
  assertClose(
    valuesOf(maskedSoftmax(tf.tensor1d([-1e9, -1e9, 0]), tf.tensor1d([1, 1, 0]))),
    [0.5, 0.5, 0],
    tolerances.forward,
  );
});

tensorTest("maskedSoftmax() doesn't change when 1e4 is added to a row", () => {
  // Multiples of 1/8 stay exact beside 1e4 in float32, so the weights must be the same bits.
  const logits = randomTensor([3, 5], 2).mul(8).round().div(8);
  const mask = lengthMask(tf.tensor1d([1, 3, 5], "int32"), 5);
  assertEquals(valuesOf(maskedSoftmax(logits.add(1e4), mask)), valuesOf(maskedSoftmax(logits, mask)));
  assertEquals(valuesOf(maskedSoftmax(logits.sub(1e4), mask)), valuesOf(maskedSoftmax(logits, mask)));
});

tensorTest("maskedSoftmax() broadcasts its mask over queries", () => {
  const logits = randomTensor([2, 3, 5], 3);
  const mask = lengthMask(tf.tensor1d([2, 5], "int32"), 5);
  const broadcast = maskedSoftmax(logits, mask.expandDims(1));
  const spelt = maskedSoftmax(logits, mask.expandDims(1).tile([1, 3, 1]));
  assertEquals(valuesOf(broadcast), valuesOf(spelt));
});

tensorTest("the Jacobian of softmax is diag(a) - a a^T, and its spectral norm is at most 1/2", () => {
  for (const [seed, deviation] of [[1, 0.1], [2, 1], [3, 5]]) {
    const logits = randomTensor([7], seed, deviation);
    const weights = valuesOf(maskedSoftmax(logits, tf.ones([7])));
    const jacobian = weights.map((_, row) =>
      tapeGradient((x: Tensor) => maskedSoftmax(x, tf.ones([7])).gather(row) as Scalar, [logits])[0]
    );
    jacobian.forEach((row, i) =>
      assertClose(row, weights.map((w, j) => (i === j ? w : 0) - weights[i] * w), tolerances.forward)
    );
    let vector = jacobian.map((_, i) => i + 1);
    let norm = 0;
    for (let pass = 0; pass < 200; pass++) {
      const image = jacobian.map((row) => row.reduce((sum, value, j) => sum + value * vector[j], 0));
      norm = Math.hypot(...image) / Math.hypot(...vector);
      vector = image.map((value) => value / Math.hypot(...image));
    }
    assertEquals(norm <= 0.5 + tolerances.forward && norm > 0, true, `norm ${norm}`);
  }
  // Two equal logits reach the bound.
  const two = tf.tensor1d([1, 1]);
  const [row] = tapeGradient((x: Tensor) => maskedSoftmax(x, tf.ones([2])).gather(0) as Scalar, [two]);
  assertClose([Math.hypot(...row) * Math.SQRT2], [0.5], tolerances.forward);
});

tensorTest("maskedSoftmax()'s gradient agrees with difference quotients of itself", () => {
  const logits = randomTensor([2, 5], 4);
  const upstream = randomTensor([2, 5], 5);
  const mask = lengthMask(tf.tensor1d([3, 5], "int32"), 5);
  const loss = (x: Tensor) => maskedSoftmax(x, mask).mul(upstream).sum() as Scalar;
  assertClose(
    tapeGradient(loss, [logits])[0],
    tensorDifferenceGradient(loss, [logits])[0],
    tolerances.differenceQuotient,
  );
});
