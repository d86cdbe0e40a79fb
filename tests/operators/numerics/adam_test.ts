import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { useEngine } from "../../../operators/backends/engine.ts";
import { adam, clipByGlobalNorm, globalNorm } from "../../../operators/numerics/adam.ts";
import { normal } from "../../../operators/numerics/random.ts";
import { type Tensor, tf } from "../../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { adamReference } from "../../reference/adam.ts";

const SIZE = 13;

/** Runs steps `from` to `to` (counted from 1) from plain values to plain values. */
function run(start: { value: Float32Array; slots: Float32Array[] }, gradients: number[][], from: number, to: number) {
  const optimiser = adam();
  return tf.tidy(() => {
    let value: Tensor = tf.tensor1d(start.value);
    let slots: readonly Tensor[] = start.slots.map((slot) => tf.tensor1d(slot));
    const path: number[][] = [];
    for (let step = from; step <= to; step++) {
      const gradient = tf.tensor1d(gradients[step - 1]);
      ({ value, slots } = optimiser.update(value, gradient, slots, { step, learningRate: 0.05 }));
      path.push(Array.from(value.dataSync()));
    }
    return {
      path,
      value: value.dataSync() as Float32Array,
      slots: slots.map((slot) => slot.dataSync() as Float32Array),
    };
  });
}

const START = { value: normal([SIZE], 1, 3).values, slots: [new Float32Array(SIZE), new Float32Array(SIZE)] };
const GRADIENTS = Array.from(
  { length: 23 },
  (_, step) => Array.from(normal([SIZE], 10 ** (step % 5 - 2), step).values),
);

for (const backend of ["cpu", "wasm"] as const) {
  Deno.test(`adam() follows Algorithm 1 in float64 on ${backend}`, async () => {
    await useEngine({ backend });
    const { path } = run(START, GRADIENTS, 1, 23);
    const expected = adamReference(Array.from(START.value), GRADIENTS, { alpha: 0.05 });
    path.forEach((values, step) => assertClose(values, expected[step], 5e-6, `step ${step + 1}`));
  });

  Deno.test(`adam() goes on from copied state as if it had never stopped, bit for bit, on ${backend}`, async () => {
    await useEngine({ backend });
    const whole = run(START, GRADIENTS, 1, 23);
    const half = run(START, GRADIENTS, 1, 11);
    const rest = run({ value: half.value.slice(), slots: half.slots.map((slot) => slot.slice()) }, GRADIENTS, 12, 23);
    assertEquals(rest.value, whole.value);
    assertEquals(rest.slots, whole.slots);
  });

  Deno.test(`clipByGlobalNorm() limits the norm of all gradients together on ${backend}`, async () => {
    await useEngine({ backend });
    tf.tidy(() => {
      // By hand: |(3, 4, 12)| = 13.
      const gradients = [tf.tensor1d([3, 4]), tf.tensor2d([[12]])];
      assertClose(globalNorm(gradients).dataSync(), [13], tolerances.forward);
      const clipped = clipByGlobalNorm(gradients, 6.5);
      assertClose(clipped.norm.dataSync(), [13], tolerances.forward);
      assertClose(clipped.gradients[0].dataSync(), [1.5, 2], tolerances.forward);
      assertClose(clipped.gradients[1].dataSync(), [6], tolerances.forward);
      assertEquals(clipByGlobalNorm(gradients, 14).gradients[0].dataSync(), gradients[0].dataSync());
      assertThrows(() => clipByGlobalNorm(gradients, 0), RangeError, "over 0: current value is 0");
    });
  });
}

Deno.test("adam()'s first step is the learning rate against the gradient's sign, whatever its size", async () => {
  await useEngine({ backend: "cpu" });
  fc.assert(fc.property(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), fc.boolean(), (size, negative) => {
    const gradient = negative ? -size : size;
    const [moved] = tf.tidy(() => {
      const zero = tf.tensor1d([0]);
      const step = { step: 1, learningRate: 0.25 };
      return adam().update(zero, tf.tensor1d([gradient]), [zero, zero], step).value.dataSync();
    });
    assertClose([moved], [-0.25 * Math.sign(gradient)], 1e-5);
  }));
});

Deno.test("clipByGlobalNorm() never turns a gradient, and ends at or under the limit", async () => {
  await useEngine({ backend: "cpu" });
  fc.assert(fc.property(fc.integer(), fc.double({ min: 0.01, max: 100, noNaN: true }), (seed, limit) => {
    tf.tidy(() => {
      const values = normal([5], 10, seed).values;
      const { gradients, norm } = clipByGlobalNorm([tf.tensor1d(values)], limit);
      const after = gradients[0].dataSync();
      const length = Math.hypot(...after);
      assert(length <= limit * (1 + 1e-6));
      const factor = Math.min(1, limit / norm.dataSync()[0]);
      assertClose(after, values.map((value) => value * factor), 1e-5);
    });
  }));
});

Deno.test("adam() refuses constants out of range", () => {
  assertThrows(() => adam({ beta1: 1 }), RangeError, "beta1 must be in [0, 1): current value is 1");
  assertThrows(() => adam({ beta2: NaN }), RangeError, "beta2");
  assertThrows(() => adam({ epsilon: 0 }), RangeError, "epsilon must be over 0");
});
