import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { composed } from "../../../operators/numerics/device_kernels.ts";
import { maskedSoftmax } from "../../../operators/numerics/softmax.ts";
import { type Scalar, type Tensor, tf } from "../../../operators/numerics/tf.ts";
import { growMemory, normals, packTest } from "../../helpers/builds.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { differenceGradient } from "../../helpers/gradient.ts";
import { referenceSoftmax } from "../../reference/softmax.ts";

/** Weights, and the gradient of their sum weighted by `upstream`. */
function run(logits: ArrayLike<number>, shape: number[], mask: number[], maskShape: number[], upstream: Float32Array) {
  return tf.tidy(() => {
    const f = (x: Tensor) => maskedSoftmax(x, tf.tensor(mask, maskShape));
    const x = tf.tensor(Float32Array.from(logits), shape);
    const gradient = tf.grad((x) => f(x).mul(tf.tensor(upstream, shape)).sum() as Scalar)(x);
    return { weights: f(x).dataSync() as Float32Array, gradient: gradient.dataSync() as Float32Array };
  });
}

const sizeOf = (shape: number[]) => shape.reduce((product, side) => product * side, 1);
/** Zeros and ones, whole rows of zeros among them. */
const maskOf = (shape: number[], seed: number) => {
  const width = shape.at(-1)!;
  return Array.from(normals(shape, seed), (value, i) => Math.floor(i / width) % 4 === seed % 4 || value < -0.3 ? 0 : 1);
};

packTest("masked softmax agrees with float64 and its difference quotients, whole rows hidden", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 1, max: 70 }),
      fc.nat(1000),
      fc.constantFrom(0.1, 3, 1e4),
      (count, width, seed, deviation) => {
        const shape = [count, width], logits = normals(shape, seed, deviation), mask = maskOf(shape, seed);
        const upstream = normals(shape, seed + 1);
        const found = run(logits, shape, mask, shape, upstream);
        for (let row = 0; row < count; row++) {
          const part = <T extends number[] | Float32Array>(x: T) => Array.from(x.slice(row * width, (row + 1) * width));
          const weights = referenceSoftmax(part(logits), part(mask));
          assertClose(part(found.weights), weights, tolerances.forward);
          // Difference quotients where the step isn't lost beside the logits, the closed form for all.
          const above = part(upstream);
          const mean = weights.reduce((sum, weight, s) => sum + weight * above[s], 0);
          const exact = weights.map((weight, s) => weight * (above[s] - mean));
          assertClose(part(found.gradient), exact, tolerances.forward * 2);
          if (row > 0 || deviation > 10) continue;
          const loss = (x: number[]) =>
            referenceSoftmax(x, part(mask)).reduce((sum, weight, s) => sum + weight * above[s], 0);
          const quotients = differenceGradient(loss, part(logits));
          assertClose(part(found.gradient), quotients, tolerances.gradientAgainstFloat64);
        }
      },
    ),
    { numRuns: 50 },
  );
});

packTest("every mask that broadcasts is read as the composed form reads it", () => {
  const shape = [2, 3, 5, 7];
  const layouts = [
    ...[[7], [1], [5, 7], [1, 7], [5, 1], [2, 3, 5, 7], [2, 1, 1, 7], [2, 3, 1, 7]],
    ...[[1, 3, 1, 7], [1, 3, 5, 7], [2, 1, 5, 7], [2, 3, 5, 1], [1, 1, 1, 1], [3, 1, 7]],
  ];
  const logits = normals(shape, 3), upstream = normals(shape, 4);
  for (const layout of layouts) {
    const mask = Array.from(normals(layout, sizeOf(layout)), (value) => value < -0.2 ? 0 : 1);
    const found = run(logits, shape, mask, layout, upstream);
    const expected = composed(() => run(logits, shape, mask, layout, upstream));
    assertClose(found.weights, expected.weights, tolerances.forward, `${layout}`);
    assertClose(found.gradient, expected.gradient, tolerances.gradientAcrossBackends, `${layout}`);
  }
});

packTest("masks of other types, of more axes, and no positions at all are left to the composed form", () => {
  tf.tidy(() => {
    const logits = tf.tensor2d([[1, 2], [3, 5]]);
    const expected = maskedSoftmax(logits, tf.tensor2d([[1, 0], [0, 1]])).dataSync();
    for (const type of ["bool", "int32"] as const) {
      assertEquals(maskedSoftmax(logits, tf.tensor2d([[1, 0], [0, 1]], [2, 2], type)).dataSync(), expected);
    }
    assertEquals(maskedSoftmax(logits, tf.tensor3d([[[1, 0], [0, 1]]])).dataSync(), expected);
    assertEquals(maskedSoftmax(tf.zeros([3, 0]), tf.zeros([3, 0])).shape, [3, 0]);
  });
});

packTest("softmax of NaN, infinity and denormals is what the composed form gives", () => {
  const odd = [NaN, Infinity, -Infinity, 1e-40, 1e4, -1e4, 8e37, -8e37];
  for (const first of odd) {
    for (const second of odd) {
      for (const mask of [[1, 1, 1, 1, 1], [1, 0, 1, 0, 1], [0, 0, 0, 0, 0]]) {
        const logits = [first, mask[1] || !Number.isNaN(second) ? second : 0, 0.5, -1, 2];
        if (!mask[0] && Number.isNaN(first)) logits[0] = 1; // NaN at a masked position isn't allowed
        const upstream = normals([5], 3);
        const found = run(logits, [5], mask, [5], upstream);
        const expected = composed(() => run(logits, [5], mask, [5], upstream));
        for (const key of ["weights", "gradient"] as const) {
          found[key].forEach((value, index) => {
            const wanted = expected[key][index];
            if (Number.isFinite(wanted)) assertClose([value], [wanted], tolerances.forward, `${logits} ${mask}`);
            else assertEquals(value, wanted, `${logits} ${mask}`);
          });
        }
      }
    }
  }
});

packTest("masked weights are exactly 0, a hidden row is zeros, and growing memory does not matter", () => {
  const shape = [3, 5], mask = [1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
  const logits = [3, Infinity, 1, 3e38, 2, Infinity, -Infinity, 1, 3e38, -3e38, 1e9, -1e4, 7, 0, 1];
  const before = run(logits, shape, mask, shape, normals(shape, 1));
  before.weights.forEach((weight, index) => assertEquals(weight === 0, mask[index] === 0));
  assertEquals(before.weights[11], 1);
  assertEquals([...before.gradient.slice(5, 10)].map(Math.abs), [0, 0, 0, 0, 0]);
  growMemory();
  assertEquals(run(logits, shape, mask, shape, normals(shape, 1)), before);
});

packTest("sharp rows have no denormal weights, nor gradients: what float32 can't tell from 0 is 0", () => {
  const width = 67;
  const logits = Float32Array.from({ length: width }, (_, s) => -2 * s); // weights from 1 down to e^-132
  const upstream = normals([width], 5, 1e-6);
  const { weights, gradient } = run(logits, [1, width], new Array(width).fill(1), [width], upstream);
  const exact = referenceSoftmax([...logits], new Array(width).fill(1));
  weights.forEach((weight, s) => {
    if (exact[s] < 2 ** -65) assertEquals(weight, 0, `position ${s}`);
    if (exact[s] > 2 ** -63) assertEquals(Math.abs(weight / exact[s] - 1) < 1e-5, true, `position ${s}`);
  });
  for (const value of [...weights, ...gradient]) {
    assertEquals(value !== 0 && Math.abs(value) < 2 ** -126, false, `denormal ${value}`);
  }
});
