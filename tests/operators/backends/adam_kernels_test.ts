import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { useEngine } from "../../../operators/backends/engine.ts";
import { adam, clipByGlobalNorm, clipFactor, globalNorm } from "../../../operators/numerics/adam.ts";
import { composed } from "../../../operators/numerics/device_kernels.ts";
import { type Scalar, type Tensor, tf } from "../../../operators/numerics/tf.ts";
import { growMemory, normals, packTest } from "../../helpers/builds.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { adamReference } from "../../reference/adam.ts";

/** One step from plain values to plain values: value, m, v. */
function step(values: Float32Array[], scale: number | undefined, at = 3): Float32Array[] {
  return tf.tidy(() => {
    const [value, gradient, m, v] = values.map((data) => tf.tensor1d(data));
    const factor = scale === undefined ? undefined : tf.scalar(scale) as Scalar;
    const next = adam().update(value, gradient, [m, v], { step: at, learningRate: 0.01, scale: factor });
    return [next.value, ...next.slots].map((tensor) => tensor.dataSync() as Float32Array);
  });
}

const inputs = (size: number, seed: number) => [
  normals([size], seed),
  normals([size], seed + 1),
  normals([size], seed + 2),
  normals([size], seed + 3).map(Math.abs),
];

packTest("a step of Adam is the composed step, scaled or not, for any size", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }),
      fc.nat(1000),
      fc.constantFrom(undefined, 1, 0.25, 1e-3),
      (size, seed, scale) => {
        const values = inputs(size, seed);
        const fused = step(values, scale);
        const expected = composed(() => step(values, scale));
        fused.forEach((found, index) => assertClose(found, expected[index], tolerances.forward, `output ${index}`));
      },
    ),
    { numRuns: 60 },
  );
});

packTest("23 steps of Adam follow Algorithm 1 in float64, and a scale of 1 changes no bit", () => {
  const size = 11;
  const start = normals([size], 3);
  const gradients = Array.from({ length: 23 }, (_, t) => Array.from(normals([size], t, 10 ** (t % 5 - 2))));
  const expected = adamReference(Array.from(start), gradients, { alpha: 0.01 });
  let state = [start, new Float32Array(size), new Float32Array(size)];
  gradients.forEach((gradient, t) => {
    const [value, m, v] = state;
    const values = [value, Float32Array.from(gradient), m, v];
    state = step(values, undefined, t + 1);
    assertEquals(step(values, 1, t + 1), state);
    assertClose(state[0], expected[t], 5e-6, `step ${t + 1}`);
  });
});

packTest("Adam on NaN, infinity and denormals gives what the composed step gives", () => {
  const edges = [NaN, Infinity, -Infinity, 0, -0, 1e-40, 1e-20, 3e38, 1];
  for (let shift = 0; shift < edges.length; shift++) {
    const turned = (by: number) => Float32Array.from(edges, (_, i) => edges[(i + by * shift) % edges.length]);
    const values = [turned(0), turned(1), turned(2), turned(3).map(Math.abs)];
    for (const scale of [undefined, 0.5, 0, NaN]) {
      const fused = step(values, scale), expected = composed(() => step(values, scale));
      fused.forEach((found, output) =>
        found.forEach((value, i) => {
          const wanted = expected[output][i];
          if (Number.isFinite(wanted)) assertClose([value], [wanted], tolerances.forward);
          else assertEquals(value, wanted);
        })
      );
    }
  }
});

packTest("Adam's arguments stay as they are, and growing memory does not matter", () => {
  const values = inputs(37, 5);
  const expected = step(values, 0.5);
  tf.tidy(() => {
    const tensors = values.map((data) => tf.tensor1d(data)) as Tensor[];
    const [value, gradient, m, v] = tensors;
    growMemory();
    const scale = tf.scalar(0.5) as Scalar;
    const next = adam().update(value, gradient, [m, v], { step: 3, learningRate: 0.01, scale });
    assertEquals(next.value.dataSync(), expected[0]);
    tensors.forEach((tensor, index) => assertEquals(tensor.dataSync(), values[index]));
  });
});

packTest("the global norm is float64's, of any number of tensors, and large ones don't overflow", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 7 }),
      fc.nat(1000),
      (sizes, seed) => {
        const values = sizes.map((size, index) => normals([size], seed + index, 10 ** (index - 3)));
        const exact = Math.sqrt(values.flatMap((data) => [...data]).reduce((sum, value) => sum + value * value, 0));
        tf.tidy(() => {
          const tensors = values.map((data) => tf.tensor1d(data));
          assertEquals(globalNorm(tensors).dataSync()[0], Math.fround(exact));
          assertClose(composed(() => globalNorm(tensors)).dataSync(), [exact], tolerances.forward);
        });
      },
    ),
    { numRuns: 40 },
  );
  tf.tidy(() => {
    const norm = (...values: number[]) => globalNorm([tf.tensor1d(values), tf.scalar(0)]).dataSync()[0];
    assertClose([norm(3e30, 4e30) / 5e30], [1], tolerances.forward);
    assertClose([norm(3e-30, 4e-30) / 5e-30], [1], tolerances.forward);
    assertEquals([norm(1, NaN), norm(1, -Infinity), norm(0, 0)], [NaN, Infinity, 0]);
  });
});

packTest("a scaled step is the step of clipped gradients", () => {
  tf.tidy(() => {
    const [value, gradient, m, v] = inputs(53, 7).map((data) => tf.tensor1d(data));
    const norm = globalNorm([gradient]);
    const limit = norm.dataSync()[0] / 3;
    const scale = clipFactor(norm, limit);
    assertClose(scale.dataSync(), [1 / 3], tolerances.forward);
    const at = { step: 2, learningRate: 0.1 };
    const scaled = adam().update(value, gradient, [m, v], { ...at, scale });
    const [clipped] = clipByGlobalNorm([gradient], limit).gradients;
    assertClose(
      scaled.value.dataSync(),
      adam().update(value, clipped, [m, v], at).value.dataSync(),
      tolerances.forward,
    );
    assertEquals(clipFactor(norm, 2 * norm.dataSync()[0]).dataSync()[0], 1);
  });
});

Deno.test("the composed step takes a scale where there is no kernel", async () => {
  await useEngine({ backend: "cpu" });
  const values = inputs(7, 1);
  const halved = values.with(1, values[1].map((g) => g / 2));
  assertEquals(step(values, 0.5), step(halved, undefined));
  assert(adam().update.takesScale);
});
