import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { useEngine } from "../../../operators/backends/engine.ts";
import { gruStep } from "../../../operators/numerics/recurrence.ts";
import { type Tensor2D, tf } from "../../../operators/numerics/tf.ts";
import { BUILDS } from "../../helpers/builds.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { lengthsOf, NAMES, run, shapes, type Sizes, values, weights } from "../../helpers/gru_cases.ts";
import { gruReference, rows } from "../../reference/gru.ts";

const anySizes = fc.record({
  batch: fc.integer({ min: 1, max: 41 }),
  steps: fc.integer({ min: 1, max: 7 }),
  inputs: fc.integer({ min: 1, max: 5 }),
  units: fc.integer({ min: 1, max: 70 }),
  seed: fc.nat(1000),
  reverse: fc.boolean(),
});

for (const build of BUILDS) {
  Deno.test(`${build}: a fused layer gives the composed layer's values and gradients`, async () => {
    await fc.assert(
      fc.asyncProperty(anySizes, async (sizes) => {
        await useEngine({ pack: false });
        const composed = run(sizes);
        await useEngine({ pack: build });
        assert(tf.getKernel("HeedGru", "wasm"));
        const fused = run(sizes);
        assertClose(fused.outputs, composed.outputs, 2 * tolerances.forward, "outputs");
        assertClose(fused.final, composed.final, 2 * tolerances.forward, "final");
        // Two float32 routes, each off by rounding of sums over all rows and steps.
        fused.gradients.forEach((gradient, i) =>
          assertClose(gradient, composed.gradients[i], 2 * tolerances.gradientAgainstFloat64, NAMES[i])
        );
      }),
      { numRuns: 40 },
    );
  });

  Deno.test(`${build}: a fused layer agrees with float64 and its difference quotients`, async () => {
    await useEngine({ pack: build });
    for (const reverse of [false, true]) {
      const sizes: Sizes = { batch: 5, steps: 4, inputs: 3, units: 11, seed: 17, reverse };
      const { batch, steps, inputs, units } = sizes;
      const at = values(sizes).map((values) => Array.from(values));
      const lengths = lengthsOf(sizes);
      const reference = (at: number[][]) => {
        const [kernel, recurrent, bias, recurrentBias, x, initial] = at;
        const params = { kernel: rows(kernel, 3 * units), recurrent: rows(recurrent, 3 * units), bias, recurrentBias };
        const outputs: number[] = [], final: number[] = [];
        for (let row = 0; row < batch; row++) {
          const sequence = rows(x.slice(row * steps * inputs, (row + 1) * steps * inputs), inputs);
          const states = gruReference(
            params,
            sequence,
            lengths[row],
            initial.slice(row * units, (row + 1) * units),
            reverse,
          );
          outputs.push(...states.outputs.flat());
          final.push(...states.final);
        }
        return { outputs, final };
      };
      const loss = (at: number[][]) => {
        const { outputs, final } = reference(at);
        const left = weights(outputs.length, 11), right = weights(final.length, 13);
        return outputs.reduce((sum, value, i) => sum + value * left[i], 0) +
          final.reduce((sum, value, i) => sum + value * right[i], 0);
      };
      const fused = run(sizes), expected = reference(at);
      assertClose(fused.outputs, expected.outputs, tolerances.forward);
      assertClose(fused.final, expected.final, tolerances.forward);
      const step = 1e-5;
      at.forEach((values, input) => {
        for (let index = 0; index < values.length; index += 3) {
          const moved = (by: number) =>
            at.map((other, i) => i === input ? other.with(index, other[index] + by) : other);
          const quotient = (loss(moved(step)) - loss(moved(-step))) / (2 * step);
          assertClose(
            [fused.gradients[input][index]],
            [quotient],
            tolerances.gradientAgainstFloat64,
            `${NAMES[input]} ${index}`,
          );
        }
      });
    }
  });

  Deno.test(`${build}: what padding holds reaches neither values nor gradients`, async () => {
    await useEngine({ pack: build });
    const sizes: Sizes = { batch: 37, steps: 5, inputs: 3, units: 13, seed: 5, reverse: false };
    const clean = run(sizes);
    const lengths = lengthsOf(sizes);
    lengths.forEach((length, row) => {
      for (let t = 0; t < sizes.steps; t++) {
        for (let unit = 0; unit < sizes.units; unit++) {
          if (t >= length) assertEquals(clean.outputs[(row * sizes.steps + t) * sizes.units + unit], 0);
        }
        for (let i = 0; i < sizes.inputs; i++) {
          const gradient = clean.gradients[4][(row * sizes.steps + t) * sizes.inputs + i];
          assertEquals(gradient === 0, t >= length, `row ${row}, position ${t}`);
        }
      }
    });
  });

  Deno.test(`${build}: one step through the kernel is the composed step, and nothing is left behind`, async () => {
    const step = () =>
      tf.tidy(() => {
        const sizes: Sizes = { batch: 3, steps: 1, inputs: 5, units: 8, seed: 3, reverse: false };
        const [kernel, recurrent, bias, recurrentBias, x, initial] = values(sizes)
          .map((values, index) => tf.tensor(values, shapes(sizes)[index]));
        const params = { kernel, recurrent, bias, recurrentBias };
        return gruStep(params, x.reshape([3, 5]) as Tensor2D, initial as Tensor2D).dataSync();
      });
    await useEngine({ pack: false });
    const composed = step();
    await useEngine({ pack: build });
    const before = tf.memory();
    assertClose(step(), composed, tolerances.forward);
    run({ batch: 7, steps: 3, inputs: 2, units: 9, seed: 1, reverse: true });
    assertEquals(tf.memory().numTensors, before.numTensors);
    assertEquals(tf.memory().numBytes, before.numBytes);
  });
}
