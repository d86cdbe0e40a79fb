import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { cost, totalOf } from "../../../operators/numerics/attention_costs.ts";
import { checkAttentionDims } from "../../../operators/numerics/attention_dims.ts";
import { checkAttention } from "../../../operators/numerics/attention_mechanism.ts";
import { attentionMechanisms } from "../../../operators/numerics/attention_mechanisms.ts";
import {
  countedMaps,
  countKernel,
  countQuadratic,
  countSoftmax,
} from "../../../operators/numerics/counted_attention.ts";
import { featureCost } from "../../../operators/numerics/feature_costs.ts";
import { normal } from "../../../operators/numerics/random.ts";
import { InputError } from "../../../operators/records.ts";

/** THEORY.md 6.4: D = M, features, crossovers non-causal and causal (all operations, then products), decode, cache. */
const TABLE: readonly (readonly number[])[] = [
  [8, 45, 47.07, 45, 93.38, 89, 47.3, 405, 25.3],
  [16, 153, 157.07, 153, 313.38, 305, 157.3, 2601, 81.3],
  [32, 561, 569.06, 561, 1137.38, 1121, 569.3, 18513, 289.3],
  [64, 2145, 2161.06, 2145, 4321.38, 4289, 2161.3, 139425, 1089.3],
  [128, 8385, 8417.06, 8385, 16833.38, 16769, 8417.3, 1081665, 4225.3],
];

Deno.test("cost.crossover() gives the crossovers of THEORY.md 6.4", () => {
  for (const [d, features, all, products, causalAll, causalProducts, decode, state, cache] of TABLE) {
    const full = cost.crossover({ d, m: d }), causal = cost.crossover({ d, m: d, causal: true });
    assertEquals(featureCost.poly2(d).features, features);
    assertEquals(Number(full.operations.toFixed(2)), all);
    assertEquals(full.products, products);
    assertEquals(Number(causal.operations.toFixed(2)), causalAll);
    assertEquals(causal.products, causalProducts);
    assertEquals(Number(full.decode.toFixed(1)), decode);
    assertEquals(cost.kernel({ n: 1, d, m: d }).decode.state(1), state);
    assertEquals(Number(full.memory.cache.toFixed(1)), cache);
  }
  const { memory } = cost.crossover({ d: 64, m: 64 });
  assertEquals([memory.materialised, memory.features].map((each) => Number(each.toFixed(1))), [373.4, 4322.3]);
  assertEquals(memory.streaming, 139425);
});

Deno.test("cost.crossover() is where the two counts meet, for every width and map", () => {
  const width = fc.integer({ min: 1, max: 80 });
  fc.assert(
    fc.property(width, width, fc.boolean(), fc.constantFrom("poly2", "elu", "favor", "taylor"), (d, m, causal, map) => {
      const features = map === "favor" ? featureCost.favor(d, 3 * m) : featureCost[map as "elu"](d);
      const { operations: n } = cost.crossover({ d, m, causal, features });
      if (n === 0) return;
      const softmax = between((n) => cost.softmax({ n, d, m, causal }).operations, n);
      const kernel = between((n) => cost.kernel({ n, d, m, causal, features }).operations, n);
      assertAlmostEquals(softmax / kernel, 1, 1e-9);
    }),
  );
});

Deno.test("cost.crossover() of training is where forward and backward pass together meet", () => {
  const width = fc.integer({ min: 1, max: 80 });
  fc.assert(
    fc.property(width, width, fc.boolean(), fc.constantFrom("poly2", "elu", "taylor"), (d, m, causal, map) => {
      const features = featureCost[map as "elu"](d);
      const { training: n } = cost.crossover({ d, m, causal, features });
      if (n === 0) return;
      const both = ({ operations, backward }: { operations: number; backward: number }) => operations + backward;
      const softmax = between((n) => both(cost.softmax({ n, d, m, causal })), n);
      const kernel = between((n) => both(cost.kernel({ n, d, m, causal, features })), n);
      assertAlmostEquals(softmax / kernel, 1, 1e-9);
    }),
  );
  assertEquals(Math.round(cost.crossover({ d: 64, m: 64 }).training), 1849);
});

Deno.test("cost.crossover() is 0 when the kernel costs less at every length", () => {
  const features = { features: 1, operations: 1 };
  assertEquals(cost.crossover({ d: 64, m: 64, features }).operations, 0);
  assertEquals(
    cost.kernel({ n: 1, d: 64, m: 64, features }).operations < cost.softmax({ n: 1, d: 64, m: 64 }).operations,
    true,
  );
});

Deno.test("the ratio of operations at D = M = 64 is THEORY.md's", () => {
  for (const [n, full, causal] of [[1024, 0.474, 0.237], [4096, 1.895, 0.948], [65536, 30.3, 15.2]]) {
    for (const [isCausal, expected] of [[false, full], [true, causal]] as const) {
      const sizes = { n, d: 64, m: 64, causal: isCausal };
      const ratio = cost.softmax(sizes).operations / cost.kernel(sizes).operations;
      assertAlmostEquals(ratio, expected, expected > 1 ? 0.05 : 5e-4);
    }
  }
});

Deno.test("operations equal those that an instrumented execution counts, exactly", () => {
  const size = fc.integer({ min: 1, max: 13 });
  fc.assert(
    fc.property(size, size, size, fc.boolean(), (n, d, m, causal) => {
      const inputs = { n, d, m, causal, q: draw(n * d, 1), k: draw(n * d, 2), v: draw(n * m, 3) };
      const sizes = { n, d, m, causal };
      assertEquals(countSoftmax(inputs).operations, cost.softmax(sizes).operations);
      assertEquals(countQuadratic(inputs).operations, cost.kernel({ ...sizes, route: "quadratic" }).operations);
      const scaled = { ...sizes, features: { ...featureCost.poly2(d), query: d } }, half = { ...inputs, scale: 0.5 };
      assertEquals(countQuadratic(half).operations, cost.kernel({ ...scaled, route: "quadratic" }).operations);
      assertEquals(countKernel(half, countedMaps.poly2).operations, cost.kernel(scaled).operations);
      for (const map of ["poly2", "elu", "relu"] as const) {
        const features = featureCost[map](d);
        assertEquals(countKernel(inputs, countedMaps[map]).operations, cost.kernel({ ...sizes, features }).operations);
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("the executions that are counted compute what they say", () => {
  for (const causal of [false, true]) {
    const [n, d, m] = [7, 3, 5];
    const inputs = { n, d, m, causal, q: draw(n * d, 1), k: draw(n * d, 2), v: draw(n * m, 3) };
    const kernel = countKernel(inputs, countedMaps.poly2).output, pairs = countQuadratic(inputs).output;
    kernel.forEach((value, i) => assertAlmostEquals(value, pairs[i], 1e-9));
    const ones = { ...inputs, v: new Float32Array(n * m).fill(1) };
    countSoftmax(ones).output.forEach((value) => assertAlmostEquals(value, 1, 1e-12));
  }
});

Deno.test("decoding token by token adds up to the causal pass", () => {
  const sizes = { n: 29, d: 7, m: 11, heads: 2, batch: 3, causal: true };
  const softmax = cost.softmax(sizes), kernel = cost.kernel(sizes);
  const positions = Array.from({ length: sizes.n }, (_, i) => i + 1);
  const all = (each: (position: number) => number) => positions.reduce((sum, position) => sum + each(position), 0);
  assertEquals(all(softmax.decode.operations), softmax.operations);
  // The first token of a sequence finds no state to add to.
  assertEquals(all(kernel.decode.operations) - 6 * 36 * 12, kernel.operations);
  assertEquals(softmax.decode.state(29), 6 * 29 * 18);
  // Rows' factors: nor one to bring to another.
  const favor = cost.kernel({ ...sizes, features: featureCost.favor(7, 10) });
  assertEquals(all(favor.decode.operations) - 6 * (10 * 12 + 1 + 2 + 10 * 12), favor.operations);
});

Deno.test("the price of rows' factors is the same in one chunk as in all pairs, and the crossover still where counts meet", () => {
  const features = featureCost.favor(6, 14, "hyperbolic");
  const sizes = { n: 31, d: 6, m: 5, causal: true, features };
  assertEquals(
    cost.kernel({ ...sizes, route: "chunked", chunk: 31 }).operations,
    cost.kernel({ ...sizes, route: "quadratic" }).operations,
  );
  for (const causal of [false, true]) {
    const dims = { d: 64, m: 64, causal, features: featureCost.favor(64, 128) };
    const { operations: n, decode } = cost.crossover(dims);
    const [softmax, kernel] = [cost.softmax, cost.kernel].map((form) =>
      between((n) => form({ ...dims, n }).operations, n)
    );
    assertAlmostEquals(softmax / kernel, 1, 1e-9);
    const [one, other] = [cost.softmax({ ...dims, n: 1 }), cost.kernel({ ...dims, n: 1 })];
    assertAlmostEquals(one.decode.operations(decode) / other.decode.operations(decode), 1, 1e-9);
  }
});

Deno.test("memory is THEORY.md 6.5's, by tensor", () => {
  const sizes = { n: 4096, d: 64, m: 64 };
  const softmax = cost.softmax({ ...sizes, route: "materialised" });
  assertEquals(4 * (softmax.inputs + softmax.output), 4194304);
  assertEquals(softmax.inference, { scores: 4096 ** 2, weights: 4096 ** 2 });
  assertEquals(softmax.training, { weights: 4096 ** 2, gradients: 4096 ** 2 });
  const streaming = cost.softmax({ ...sizes, blocks: [128, 64] });
  assertEquals(streaming.inference, { logSumExp: 4096, blocks: 128 * 128 + 64 * 128 + 128 * 64 });
  assertEquals(cost.kernel(sizes).inference, { state: 139425, features: 2 * 2145 });
  assertEquals(totalOf(cost.kernel({ ...sizes, route: "materialised" }).inference), 2 * 4096 * 2145 + 139425);
  const chunked = cost.kernel({ ...sizes, causal: true, route: "chunked", chunk: 128 });
  assertEquals(chunked.inference, { state: 139425, scores: 128 ** 2, features: 2 * 128 * 2145 });
});

Deno.test("backward passes cost what THEORY.md 6.3 says", () => {
  const [n, d, m] = [101, 13, 17], c = 105;
  const sizes = { n, d, m };
  assertEquals(cost.softmax({ ...sizes, route: "materialised" }).backward, 4 * n * n * (d + m));
  assertEquals(cost.softmax(sizes).backward, 4 * n * n * (d + m) + 2 * n * n * d);
  assertEquals(cost.softmax({ ...sizes, causal: true }).products, n * (n + 1) * (d + m));
  assertEquals(cost.kernel({ ...sizes, route: "materialised" }).backward, 8 * n * c * m);
  assertEquals(cost.kernel({ ...sizes, route: "materialised", causal: true }).backward, 10 * n * c * m);
  assertEquals(cost.kernel(sizes).products, 4 * n * c * m);
});

Deno.test("a chunk as long as the sequence costs what the quadratic route costs, causal", () => {
  const sizes = { n: 37, d: 5, m: 7, causal: true };
  const one = cost.kernel({ ...sizes, route: "chunked", chunk: 37 });
  assertEquals(one.operations, cost.kernel({ ...sizes, route: "quadratic" }).operations);
  const many = cost.kernel({ ...sizes, n: 370, route: "chunked", chunk: 37 });
  assertEquals(many.operations < cost.kernel({ ...sizes, n: 370, route: "quadratic" }).operations, true);
});

Deno.test("checkAttentionDims() refuses sizes that are no sizes, and says the bytes of huge ones", () => {
  for (const n of [0, -1, 1.5, NaN, Infinity, 2 ** 60]) {
    assertThrows(
      () => checkAttentionDims({ n, d: 1, m: 1 }),
      InputError,
      "Cannot attend as n must be a positive whole",
    );
  }
  assertThrows(() => checkAttentionDims({ n: 1, d: 1, m: 1, heads: 0 }), InputError, "heads must be");
  assertThrows(
    () => checkAttentionDims({ n: 1e9, d: 64, m: 64 }, "plan"),
    InputError,
    "Cannot plan as Q, K, V and the output must fit in 4 GiB: current value is 953.7 GiB (n 1000000000",
  );
  checkAttentionDims({ n: 65536, d: 64, m: 64, heads: 8 });
});

Deno.test("closed forms refuse sizes that are none, each in one line that names it", () => {
  const good = { n: 8, d: 4, m: 4, heads: 2, batch: 3 };
  for (const [name, value] of Object.entries({ n: 0, d: -1, m: 1.5, heads: NaN, batch: Infinity })) {
    const message =
      `Cannot tell what attention costs as ${name} must be a positive whole number: current value is ${value}`;
    const sizes = { ...good, [name]: value };
    assertEquals(assertThrows(() => cost.softmax(sizes), InputError).message, message);
    assertEquals(assertThrows(() => cost.kernel(sizes), InputError).message, message);
    if (name !== "d" && name !== "m") continue;
    assertEquals(assertThrows(() => cost.crossover(sizes), InputError).message, message);
  }
  assertThrows(() => cost.kernel({ ...good, route: "chunked", chunk: 0 }), InputError, "chunk must be");
  assertThrows(() => cost.softmax({ ...good, blocks: [256, 0.5] }), InputError, "the columns of a block must be");
  const features = { features: 0, operations: 0 };
  assertThrows(() => cost.kernel({ ...good, features }), InputError, "features must be");
  assertThrows(() => cost.crossover({ d: 4, m: 4, features }), InputError, "features must be");
});

Deno.test("checkAttention() refuses the bytes that a mechanism would hold, and lets through one that holds little", () => {
  const sizes = { n: 100_000, d: 16, m: 16, heads: 2, batch: 1 };
  const of = (name: string) => attentionMechanisms.find((each) => each.name === name)!;
  const error = assertThrows(() => checkAttention(of("softmax-materialised"), sizes), InputError);
  // Scores and weights of 2 x 10^10 pairs, four bytes each, are 149.01 GiB.
  assertEquals(
    error.message,
    'Cannot attend as the attention "softmax-materialised" must fit in 4 GiB: current value is 149.1 GiB ' +
      "(n 100000, d 16, m 16, heads 2, batch 1)",
  );
  for (const name of ["softmax", "poly2", "elu", "favor-positive"]) checkAttention(of(name), sizes);
  assertThrows(() => checkAttention(of("elu"), { ...sizes, d: 0 }), InputError, "d must be a positive whole number");
});

/** A quadratic of whole numbers, exact by its differences at 1, 2 and 3, at a length between two. */
function between(f: (n: number) => number, n: number): number {
  const [first, second, third] = [f(1), f(2), f(3)];
  const step = second - first, bend = third - 2 * second + first;
  return first + (n - 1) * step + (n - 1) * (n - 2) / 2 * bend;
}

function draw(count: number, seed: number): ArrayLike<number> {
  return normal([count], 1, seed).values;
}
