import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { useEngine } from "../../../operators/backends/engine.ts";
import { maskedCrossEntropy } from "../../../operators/numerics/loss.ts";
import { normal } from "../../../operators/numerics/random.ts";
import { type Scalar, type Tensor2D, type Tensor3D, tf } from "../../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { tapeGradient, tensorDifferenceGradient } from "../../helpers/gradient.ts";
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
