import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { useEngine } from "../../../operators/backends/engine.ts";
import { smoothedSequenceLoss } from "../../../operators/losses.ts";
import { maskedCrossEntropy } from "../../../operators/numerics/loss.ts";
import { normal } from "../../../operators/numerics/random.ts";
import { type Scalar, type Tensor, type Tensor2D, type Tensor3D, tf } from "../../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { differenceGradient, tapeGradient, tensorDifferenceGradient } from "../../helpers/gradient.ts";
import { rows } from "../../reference/gru.ts";
import { maskedCrossEntropyReference } from "../../reference/loss.ts";

const B = 3, T = 5, V = 7;
const TARGETS = Array.from({ length: B * T }, (_, i) => (i * 5 + 3) % V);
const MASK = [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0];

for (const backend of ["cpu", "wasm"] as const) {
  Deno.test(`maskedCrossEntropy() equals float64 in value and gradient on ${backend}`, async () => {
    await useEngine({ backend });
    const values = normal([B, T, V], 2, 7).values;
    const expected = maskedCrossEntropyReference(rows(values, V), TARGETS, MASK);
    const logits = tf.tensor3d(values, [B, T, V]);
    const loss = (x: Tensor3D) =>
      maskedCrossEntropy(x, tf.tensor2d(TARGETS, [B, T], "int32"), tf.tensor2d(MASK, [B, T]));
    tf.tidy(() => {
      assertClose(loss(logits).sum.dataSync(), [expected.sum], tolerances.forward);
      assertEquals(loss(logits).tokens.dataSync()[0], expected.tokens);
    });
    // Times 3: a gradient that forgets the one from above would pass with 1.
    const [gradient] = tapeGradient((x) => tf.mul(loss(x as Tensor3D).sum, 3), [logits]);
    assertClose(gradient, expected.gradient.flat().map((value) => 3 * value), tolerances.forward * 3);
    const [quotients] = tensorDifferenceGradient((x) => loss(x as Tensor3D).sum, [logits]);
    assertClose(gradient.map((value) => value / 3), quotients, tolerances.differenceQuotient * 5);
    logits.dispose();
  });

  Deno.test(`maskedCrossEntropy() is exactly zero at masked rows, whatever they hold, on ${backend}`, async () => {
    await useEngine({ backend });
    const values = normal([B, T, V], 2, 7).values;
    MASK.forEach((keep, row) => {
      if (keep === 0) values.fill([Infinity, -Infinity, NaN][row % 3], row * V, (row + 1) * V);
    });
    const logits = tf.tensor3d(values, [B, T, V]);
    const f = (x: Tensor3D) =>
      maskedCrossEntropy(x, tf.tensor2d(TARGETS, [B, T], "int32"), tf.tensor2d(MASK, [B, T])).sum;
    const [gradient] = tapeGradient((x) => f(x as Tensor3D), [logits]);
    const value = tf.tidy(() => f(logits).dataSync()[0]);
    logits.dispose();
    const expected = maskedCrossEntropyReference(rows(values, V), TARGETS, MASK);
    assertClose([value], [expected.sum], tolerances.forward);
    assertClose(gradient, expected.gradient.flat(), tolerances.forward);
    MASK.forEach((keep, row) => {
      if (keep === 0) assert(gradient.slice(row * V, (row + 1) * V).every((g) => g === 0));
    });
  });
}

Deno.test("maskedCrossEntropy() by hand, at large logits, and with nothing to learn", async () => {
  await useEngine({ backend: "cpu" });
  tf.tidy(() => {
    const one = (logits: number[], mask: number) =>
      maskedCrossEntropy(tf.tensor3d([[logits]]), tf.tensor2d([[0]], [1, 1], "int32"), tf.tensor2d([[mask]]));
    assertClose(one([0, 0], 1).sum.dataSync(), [Math.LN2], tolerances.forward);
    assertClose(one([0, Math.log(3)], 1).sum.dataSync(), [Math.log(4)], tolerances.forward);
    assertClose(one([1e4, 1e4], 1).sum.dataSync(), [Math.LN2], tolerances.forward);
    assertClose(one([-1e4, 1e4], 1).sum.dataSync(), [2e4], tolerances.forward);
    assertEquals(one([3, 5], 0).sum.dataSync()[0], 0);
    assertEquals(one([3, 5], 0).tokens.dataSync()[0], 0);
    assertThrows(
      () =>
        maskedCrossEntropy(
          tf.zeros([1, 2, 3]) as Tensor3D,
          tf.zeros([1, 3], "int32") as Tensor2D,
          tf.ones([1, 2]) as Tensor2D,
        ),
      RangeError,
      "targets of shape [1, 3]",
    );
  });
});

Deno.test("maskedCrossEntropy() doesn't feel a shift of all logits, and its gradient sums to zero", async () => {
  await useEngine({ backend: "cpu" });
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: -1000, max: 1000 }), (seed, shift) => {
      const logits = tf.tensor3d(normal([1, 2, V], 1, seed).values, [1, 2, V]);
      const f = (x: Tensor3D) =>
        maskedCrossEntropy(x, tf.tensor2d([[1, 4]], [1, 2], "int32"), tf.ones([1, 2]) as Tensor2D).sum as Scalar;
      const [here, there] = tf.tidy(() => [f(logits).dataSync()[0], f(tf.add(logits, shift)).dataSync()[0]]);
      assertClose([there], [here], 1e-3); // a float32 near 1000 holds 6e-5
      const [gradient] = tapeGradient((x) => f(x as Tensor3D), [logits]);
      assertClose([gradient.reduce((sum, g) => sum + g, 0)], [0], tolerances.forward);
      logits.dispose();
    }),
    { numRuns: 23 },
  );
});

Deno.test("smoothedSequenceLoss() is the cross-entropy against smoothed targets, its gradient too", async () => {
  await useEngine({ backend: "wasm" });
  const [B, T, V, epsilon] = [2, 3, 5, 0.1];
  const values = normal([B, T, V], 2, 3).values;
  const targets = [1, 4, 0, 2, 2, 3];
  const lengths = [3, 1];
  const reference = (x: ArrayLike<number>) => {
    let sum = 0;
    for (let b = 0; b < B; b++) {
      for (let t = 0; t < lengths[b]; t++) {
        const row = Array.from({ length: V }, (_, v) => x[(b * T + t) * V + v]);
        const total = Math.log(row.reduce((all, logit) => all + Math.exp(logit), 0));
        row.forEach((logit, v) => {
          const wanted = epsilon / V + (v === targets[b * T + t] ? 1 - epsilon : 0);
          sum -= wanted * (logit - total);
        });
      }
    }
    return sum;
  };
  const loss = (logits: Tensor) =>
    smoothedSequenceLoss(epsilon)({
      logits: logits as Tensor3D,
      targets: tf.tensor2d(targets, [B, T], "int32"),
      targetLengths: tf.tensor1d(lengths, "int32"),
    }).sum;
  const logits = tf.tensor3d(values, [B, T, V]);
  const [gradient] = tapeGradient(loss, [logits]);
  assertClose(tf.tidy(() => loss(logits).dataSync()), [reference(values)], 1e-6);
  assertClose(gradient, differenceGradient(reference, values), tolerances.gradientAgainstFloat64);
  logits.dispose();
  assertThrows(() => smoothedSequenceLoss(1), RangeError, "current value is 1");
});
