import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { useEngine } from "../../../operators/backends/engine.ts";
import type { FeatureMap } from "../../../operators/numerics/feature_map.ts";
import { featureMaps } from "../../../operators/numerics/feature_maps.ts";
import {
  kernelAttention,
  type KernelAttentionOptions,
  kernelDenominators,
} from "../../../operators/numerics/kernel_attention.ts";
import { type Tensor2D, type Tensor4D, tf } from "../../../operators/numerics/tf.ts";
import { InputError } from "../../../operators/records.ts";
import { attentionTensors, drawAttention, type DrawnAttention, runAttention } from "../../helpers/attention_cases.ts";
import { assertClose } from "../../helpers/close.ts";
import { differenceGradient } from "../../helpers/gradient.ts";
import { tensorTest } from "../../helpers/tensors.ts";
import { type Kernel, kernelAttentionReference, kernels } from "../../reference/kernel_attention.ts";

/** A map as a user would write it: x² beside 1. */
const own: FeatureMap = {
  name: "squares",
  citation: "nobody",
  positive: true,
  dimension: (width) => width + 1,
  apply: (x) => tf.concat([tf.square(x), tf.onesLike(x.slice([0, 0, 0, 0], [-1, -1, -1, 1]))], 3),
};
const ownKernel: Kernel = (q, k) => q.reduce((sum, value, d) => sum + value ** 2 * k[d] ** 2, 1);

const favor = (kind: "positive" | "hyperbolic" | "trigonometric", orthogonal: boolean): [FeatureMap, Kernel] => [
  featureMaps.favor({ kind, orthogonal, features: 34, seed: 5 }),
  kernels.favor(kind, kind === "positive" ? 34 : 17, orthogonal, 5),
];
const maps: [FeatureMap, Kernel][] = [
  [featureMaps.poly2(), kernels.poly2],
  [featureMaps.poly2Notes(), kernels.poly2Notes],
  [featureMaps.elu(), kernels.elu],
  [featureMaps.relu(), kernels.relu],
  favor("positive", true),
  favor("hyperbolic", false),
  favor("trigonometric", true),
  [featureMaps.taylor(), kernels.taylor],
  [featureMaps.taylor({ deduplicated: true }), kernels.taylor],
  [featureMaps.cosine({ positions: 97 }), kernels.cosine(97)],
  [own, ownKernel],
];

function attend(drawn: DrawnAttention, options: Omit<KernelAttentionOptions, "causal" | "mask">): Float32Array[] {
  const { causal } = drawn.at;
  return runAttention(drawn, (q, k, v, mask) => kernelAttention(q, k, v, { ...options, causal, mask }));
}

/**
 * How much of the products a denominator keeps: rows whose denominator is a small remainder of large terms (poly-2 near
 * q·k = -1, trigonometric features) lose as many digits as they cancel, by any route through features.
 */
function conditions(drawn: DrawnAttention, kernel: Kernel): number {
  const { at, q, k, v } = drawn;
  const { denominators } = kernelAttentionReference(at, q, k, v, kernel);
  const kept = denominators.filter((value) => value !== 0).map((value) => 1 / Math.abs(value));
  return Math.max(1, ...kept);
}

const side = fc.integer({ min: 1, max: 23 });
const cases = fc.tuple(
  fc.tuple(
    fc.integer({ min: 1, max: 2 }),
    fc.integer({ min: 1, max: 2 }),
    side,
    side,
    fc.integer({ min: 1, max: 7 }),
    side,
  ),
  fc.boolean(),
  fc.integer({ min: 0, max: 2 }),
  fc.nat(1000),
  fc.integer({ min: 1, max: 29 }),
);

for (const [map, kernel] of maps) {
  tensorTest(`${map.name}: every route equals the float64 kernel`, () => {
    fc.assert(
      fc.property(cases, ([sizes, causal, masking, seed, chunk]) => {
        const drawn = drawAttention(sizes, causal, masking, seed, 0.7);
        const { at, q, k, v } = drawn;
        const wanted = kernelAttentionReference(at, q, k, v, kernel, map.eps).out;
        const tolerance = 1e-5 * conditions(drawn, kernel);
        for (const route of ["linear", "quadratic", ...(causal ? ["recurrent"] as const : [])] as const) {
          for (const size of map.fused ? [chunk, undefined] : [chunk]) { // without a size, the device's kernel
            const found = tf.tidy(() => {
              const { q, k, v, mask } = attentionTensors(drawn);
              return kernelAttention(q, k, v, { map, causal, mask, route, chunk: size }).dataSync();
            });
            assertClose(found, wanted, tolerance, `${route}, chunk ${size}`);
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  tensorTest(`${map.name}: gradients are those of the float64 kernel, by every route`, () => {
    for (const [causal, masking] of [[false, 0], [true, 0], [true, 2], [false, 2]] as const) {
      const drawn = drawAttention([2, 1, 5, 5, 3, 2], causal, masking, 11, 0.6);
      const { at, q, k, v, dOut } = drawn;
      const inputs = [q, k, v].map((values) => Array.from(values));
      const wanted = inputs.map((values, which) =>
        differenceGradient(
          (x) => {
            const [q, k, v] = inputs.with(which, x);
            return kernelAttentionReference(at, q, k, v, kernel, map.eps).out.reduce(
              (sum, value, i) => sum + value * dOut[i],
              0,
            );
          },
          values,
          1e-6,
        )
      );
      const condition = conditions(drawn, kernel) ** 2;
      for (const route of ["linear", "quadratic", ...(causal ? ["recurrent"] as const : [])] as const) {
        const [, ...found] = attend(drawn, { map, route, chunk: map.fused && masking ? undefined : 2 });
        found.forEach((values, i) =>
          assertClose(values, wanted[i], 3e-5 * condition, `${route} ${causal} ${masking} ${"qkv"[i]}`)
        );
      }
    }
  });

  tensorTest(`${map.name}: rows that see nothing are zeros, forwards and backwards`, () => {
    for (const causal of [false, true]) {
      for (const route of ["linear", "quadratic"] as const) {
        const found = attend(drawAttention([2, 2, 7, 7, 3, 5], causal, 2, 3), { map, route, chunk: 3 });
        for (const values of found) {
          const first = values.subarray(0, values.length / 2);
          assert(first.every((value) => value === 0), `${route} ${causal}: ${first}`);
          assert(values.every(Number.isFinite), `${route} ${causal}`);
        }
      }
    }
  });

  tensorTest(`${map.name}: what hidden keys hold changes nothing`, () => {
    for (const causal of [false, true]) {
      const clean = drawAttention([2, 1, 9, 9, 3, 2], causal, 1, 6);
      const k = clean.k.slice(), v = clean.v.slice();
      for (let j = 0; j < 18; j++) {
        if (clean.at.mask![j]) continue;
        k.fill(j % 2 ? NaN : 1e30, 3 * j, 3 * j + 3);
        v.fill(j % 2 ? Infinity : -1e30, 2 * j, 2 * j + 2);
      }
      for (const route of ["linear", "quadratic"] as const) {
        const before = attend(clean, { map, route, chunk: 4 }),
          after = attend({ ...clean, k, v }, { map, route, chunk: 4 });
        assertEquals(after, before);
      }
    }
  });

  tensorTest(`${map.name}: a causal row has the same bits whatever comes later`, () => {
    const clean = drawAttention([1, 2, 19, 19, 3, 2], true, 0, 7);
    const late = (values: Float32Array, width: number, from: number, by: number) =>
      values.map((value, i) => Math.floor(i / width) % 19 >= from ? by : value);
    for (const route of ["linear", "quadratic", "recurrent"] as const) {
      const out = (drawn: DrawnAttention) =>
        tf.tidy(() => {
          const { q, k, v } = attentionTensors(drawn);
          return kernelAttention(q, k, v, { map, causal: true, route, chunk: 5 }).dataSync();
        });
      const before = out(clean);
      for (const t of [1, 4, 5, 12]) {
        const after = out({ ...clean, k: late(clean.k, 3, t, 4), v: late(clean.v, 2, t, -2) });
        before.forEach((value, i) => {
          if (Math.floor(i / 2) % 19 < t) {
            assertEquals(after[i], value, `${route}: row ${Math.floor(i / 2) % 19}, t ${t}`);
          }
        });
      }
    }
  });
}

tensorTest("the last causal row is the last row, and the order of keys doesn't matter", () => {
  const drawn = drawAttention([1, 2, 11, 11, 3, 5], false, 0, 4);
  const { q, k, v } = attentionTensors(drawn);
  for (const [map] of maps) {
    const open = kernelAttention(q, k, v, { map });
    const causal = kernelAttention(q, k, v, { map, causal: true, chunk: 4 });
    const last = (x: Tensor4D) => x.slice([0, 0, 10, 0], [1, 2, 1, 5]).dataSync();
    assertClose(last(causal), last(open), 1e-4, map.name);
    if (map.name === "cosformer") continue;
    const reversed = kernelAttention(q, tf.reverse(k, 2), tf.reverse(v, 2), { map });
    assertClose(reversed.dataSync(), open.dataSync(), 1e-4, map.name);
  }
});

tensorTest("the notes' map misses (1 + s)² by exactly s", () => {
  const [x, y] = [drawAttention([1, 1, 13, 13, 5, 1], false, 0, 1)].map(attentionTensors).flatMap(({ q, k }) => [q, k]);
  const kernel = (map: FeatureMap) =>
    tf.matMul(map.apply(x, { side: "query" }), map.apply(y, { side: "key" }), false, true);
  const products = tf.matMul(x, y, false, true).div(Math.sqrt(5));
  const difference = kernel(featureMaps.poly2Notes()).sub(kernel(featureMaps.poly2()));
  assertClose(difference.dataSync(), products.neg().dataSync(), 1e-5);
});

tensorTest("elu + 1 far below zero is exp(x), and learns", () => {
  const x = tf.tensor4d([-30, -60, 0, 2], [1, 1, 1, 4]);
  const map = featureMaps.elu();
  const apply = (x: Tensor4D) => map.apply(x, { side: "key" });
  const found = apply(x).dataSync();
  [Math.exp(-30), Math.exp(-60), 1, 3].forEach((value, i) => assert(Math.abs(found[i] / value - 1) < 1e-5, `${found}`));
  const slopes = tf.grad((x) => apply(x as Tensor4D))(x).dataSync();
  assert(slopes[0] > 0 && Math.abs(slopes[0] / Math.exp(-30) - 1) < 1e-5);
});

tensorTest("a denominator that vanishes counts as eps, and one that changes its sign keeps it", () => {
  // (1 + s)² at s = -1: numerator and denominator are 0.
  const q = tf.tensor4d([1], [1, 1, 1, 1]), k = tf.tensor4d([-1], [1, 1, 1, 1]), v = tf.tensor4d([3], [1, 1, 1, 1]);
  for (const route of ["linear", "quadratic"] as const) {
    const [found] = kernelAttention(q, k, v, { map: featureMaps.poly2(), route }).dataSync();
    // Features give 1 - 2 + 1 up to rounding: what is left must stay within the values.
    if (route === "quadratic") assertEquals(found, 0);
    assert(Math.abs(found) <= 3, `${found}`);
  }
  const identity: FeatureMap = { name: "x", citation: "none", dimension: (width) => width, apply: (x) => x };
  const at = (key: number, eps: number) => {
    const keys = tf.tensor4d([key], [1, 1, 1, 1]);
    return kernelAttention(q, keys, v, { map: identity, eps }).dataSync()[0];
  };
  assertClose([at(-2, 0.5), at(-0.25, 0.5), at(0.25, 0.5), at(0, 0.5)], [3, 1.5, 1.5, 0], 1e-6);
  assert(Number.isNaN(at(0, 0)));
  assertClose(kernelDenominators(q, k, { map: identity }).dataSync(), [-1], 1e-6);
});

tensorTest("FAVOR+ rows of any size: the factor that is kept apart cancels, eps scaled with it", () => {
  const big = drawAttention([1, 1, 7, 7, 4, 3], true, 0, 9, 6); // |y|² around 70: e^±70 as they stand
  const { at, q, k, v } = big;
  for (const kind of ["positive", "hyperbolic", "trigonometric"] as const) {
    const map = featureMaps.favor({ kind, features: 16, seed: 3 });
    const kernel = kernels.favor(kind, kind === "positive" ? 16 : 8, true, 3);
    for (const eps of [1e-12, 1e-3]) {
      for (const route of ["linear", "quadratic", "recurrent"] as const) {
        const found = tf.tidy(() => {
          const tensors = attentionTensors(big);
          return kernelAttention(tensors.q, tensors.k, tensors.v, { map, causal: true, eps, route, chunk: 3 })
            .dataSync();
        });
        const { out, denominators } = kernelAttentionReference(at, q, k, v, kernel, eps);
        // Trigonometric denominators cancel by as many digits as the estimate is bad: there, only that all is finite.
        assert(found.every(Number.isFinite), `${kind} ${route}`);
        if (kind !== "trigonometric") assertClose(found, out, 2e-4, `${kind} ${eps} ${route} ${denominators}`);
      }
    }
  }
});

Deno.test("memory: causal kernel attention at 16,384 positions holds chunks and states, not all features", async () => {
  const engine = await useEngine();
  const [length, depth] = [16_384, 16];
  const make = (seed: number) =>
    tf.tensor4d(drawAttention([1, 1, length, 1, depth, 1], true, 0, seed).q, [1, 1, length, depth]);
  const [q, k, v] = [make(1), make(2), make(3)];
  for (const [causal, bound] of [[true, 6], [false, 9]] as const) {
    engine.resetPeak();
    const before = engine.peakBytes();
    const out = kernelAttention(q, k, v, { map: featureMaps.taylor(), causal });
    const beyond = (engine.peakBytes() - before - 4 * out.size) / 2 ** 20;
    out.dispose();
    // All features would be 2 x 16,384 x 273 numbers: 34 MiB; the output itself is 1 MiB.
    assert(beyond < bound, `${beyond} MiB, causal ${causal}`);
  }
  tf.dispose([q, k, v]);
});

Deno.test("what can't be computed is refused in one line", async () => {
  await useEngine({ pack: false });
  const map = featureMaps.poly2();
  tf.tidy(() => {
    const x = (...shape: number[]) => tf.zeros(shape as [number, number, number, number]) as Tensor4D;
    const q = x(1, 2, 3, 4), v = x(1, 2, 3, 5);
    const refuses = (message: string, f: () => unknown, kind: typeof InputError | typeof RangeError = InputError) =>
      assertThrows(f, kind, message);
    refuses(
      "Cannot use k of shape [1, 2, 3, 5]: expected [1, 2, any, 4]",
      () => kernelAttention(q, x(1, 2, 3, 5), v, { map }),
      RangeError,
    );
    refuses("Cannot use v of shape [1, 2, 4, 5]", () => kernelAttention(q, q, x(1, 2, 4, 5), { map }), RangeError);
    refuses(
      "Cannot use mask of shape [1, 4]: expected [1, 3]",
      () => kernelAttention(q, q, v, { map, mask: tf.zeros([1, 4]) as Tensor2D }),
      RangeError,
    );
    const words = tf.tensor2d(["a", "b", "c"], [1, 3], "string") as Tensor2D;
    refuses(
      "Cannot use a mask as it must hold numbers or booleans: current value is string",
      () => kernelAttention(q, q, v, { map, mask: words }),
    );
    refuses("eps must be a number from 0: current value is -1", () => kernelAttention(q, q, v, { map, eps: -1 }));
    refuses(
      "chunk must be a positive integer: current value is 0.5",
      () => kernelAttention(q, q, v, { map, chunk: 0.5 }),
    );
    refuses("only causal attention is recurrent", () => kernelAttention(q, q, v, { map, route: "recurrent" }));
    refuses("features must be even", () => featureMaps.favor({ kind: "trigonometric", features: 7 }));
    refuses("features must be a positive integer: current value is 0", () => featureMaps.favor({ features: 0 }));
    const wrong: FeatureMap = { ...own, name: "wrong", dimension: (width) => width };
    refuses(
      'Cannot use the features of "wrong" of shape [1, 2, 3, 5]: expected [1, 2, 3, 4]',
      () => kernelAttention(q, q, v, { map: wrong }),
      RangeError,
    );
    refuses(
      "a sequence may have at most 2 positions: current value is 3",
      () => kernelAttention(q, q, v, { map: featureMaps.cosine({ positions: 2 }) }),
    );
    assertEquals(kernelAttention(x(1, 2, 0, 4), q, v, { map }).shape, [1, 2, 0, 5]);
  });
});
