/** FAVOR+ against its theory: unbiased, Lemma 2's mean squared errors, and what orthogonality does (THEORY.md, section 7). */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import { favor, type FavorKind, favorProjections } from "../../../operators/numerics/favor_map.ts";
import { normal } from "../../../operators/numerics/random.ts";
import { type Tensor4D, tf } from "../../../operators/numerics/tf.ts";
import { assertClose } from "../../helpers/close.ts";

const WIDTH = 4;
const KINDS: readonly FavorKind[] = ["positive", "hyperbolic", "trigonometric"];
/** Pairs with small and large |x + y| and |x - y|, of x / D^(1/4). */
const PAIRS = [1, 2, 3].map((seed) => {
  const values = normal([2 * WIDTH], 0.45, seed).values;
  return { x: values.subarray(0, WIDTH), y: values.subarray(WIDTH) };
});
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (value, i) => value * b[i]).reduce((s, v) => s + v);
const square = (x: Float32Array, y: Float32Array, sign: number) =>
  x.reduce((sum, value, i) => sum + (value + sign * y[i]) ** 2, 0);

/** Estimates of exp(x·y) by maps of `count` seeds, from the features as attention gets them. */
function estimates(kind: FavorKind, features: number, orthogonal: boolean, count: number): number[][] {
  const factor = WIDTH ** 0.25; // undoes the map's own scale
  const stack = (side: "x" | "y") =>
    tf.tensor4d(PAIRS.flatMap((pair) => Array.from(pair[side], (value) => value * factor)), [
      1,
      1,
      PAIRS.length,
      WIDTH,
    ]);
  return Array.from({ length: count }, (_, seed) =>
    tf.tidy(() => {
      const map = favor({ kind, features, orthogonal, seed });
      const [x, y] = [map.apply(stack("x"), { side: "query" }), map.apply(stack("y"), { side: "key" })];
      return Array.from(tf.sum(tf.mul(x, y), 3).dataSync());
    }));
}

/** Mean and its standard error. */
function meanOf(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}

/** Lemma 2 of Choromanski et al. 2021, for m projections. */
function lemma(kind: FavorKind, x: Float32Array, y: Float32Array, m: number): number {
  const kernel = Math.exp(dot(x, y)), plus = square(x, y, 1), minus = square(x, y, -1);
  if (kind === "trigonometric") return Math.exp(plus) * kernel ** -2 * (1 - Math.exp(-minus)) ** 2 / (2 * m);
  const positive = Math.exp(plus) * kernel ** 2 * (1 - Math.exp(-plus)) / m;
  return kind === "positive" ? positive : (1 - Math.exp(-plus)) / 2 * positive;
}

await useEngine({ backend: "cpu" });
const SEEDS = 4000;
const M = 4;
const drawn = new Map(KINDS.flatMap((kind) =>
  [false, true].map((orthogonal) => {
    const found = estimates(kind, kind === "positive" ? M : 2 * M, orthogonal, SEEDS);
    return [`${kind} ${orthogonal}`, PAIRS.map((_, pair) => found.map((row) => row[pair]))] as const;
  })
));

for (const kind of KINDS) {
  for (const orthogonal of [false, true]) {
    Deno.test(`favor ${kind}, orthogonal ${orthogonal}: unbiased within the Monte-Carlo error`, () => {
      PAIRS.forEach(({ x, y }, pair) => {
        const { mean, error } = meanOf(drawn.get(`${kind} ${orthogonal}`)![pair]);
        const exact = Math.exp(dot(x, y));
        assert(Math.abs(mean - exact) < 4 * error, `pair ${pair}: ${mean} ± ${error}, exact ${exact}`);
        assert(error < 0.05 * exact, "the test can tell");
      });
    });
  }

  Deno.test(`favor ${kind}: the mean squared error is Lemma 2's within the Monte-Carlo error`, () => {
    PAIRS.forEach(({ x, y }, pair) => {
      const exact = Math.exp(dot(x, y));
      const { mean, error } = meanOf(drawn.get(`${kind} false`)![pair].map((value) => (value - exact) ** 2));
      const wanted = lemma(kind, x, y, M);
      assert(Math.abs(mean - wanted) < 4 * error, `pair ${pair}: ${mean} ± ${error}, closed form ${wanted}`);
      assert(error < 0.2 * wanted, "the test can tell");
    });
  });

  Deno.test(`favor ${kind}: orthogonal projections are not worse`, () => {
    PAIRS.forEach(({ x, y }, pair) => {
      const exact = Math.exp(dot(x, y));
      const [iid, orthogonal] = [false, true].map((which) =>
        meanOf(drawn.get(`${kind} ${which}`)![pair].map((value) => (value - exact) ** 2))
      );
      assert(
        orthogonal.mean < iid.mean + 3 * Math.hypot(iid.error, orthogonal.error),
        `${orthogonal.mean} ${iid.mean}`,
      );
    });
  });
}

Deno.test("orthogonal: the mean squared error is seen to be smaller, over all pairs and kinds", () => {
  let [sum, variance] = [0, 0];
  for (const kind of KINDS) {
    PAIRS.forEach(({ x, y }, pair) => {
      const exact = Math.exp(dot(x, y)), scale = lemma(kind, x, y, M);
      const [iid, orthogonal] = [false, true].map((which) =>
        meanOf(drawn.get(`${kind} ${which}`)![pair].map((value) => (value - exact) ** 2 / scale))
      );
      sum += iid.mean - orthogonal.mean;
      variance += iid.error ** 2 + orthogonal.error ** 2;
    });
  }
  assert(sum > 3 * Math.sqrt(variance), `${sum} ± ${Math.sqrt(variance)}`);
});

Deno.test("projections: rows of one block are orthogonal, their lengths are those of normal vectors", () => {
  const width = 7, blocks = 300, values = favorProjections(width * blocks, width, true, 5);
  const row = (index: number) => values.subarray(index * width, (index + 1) * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) assertClose([dot(row(i), row(j))], [0], 1e-5);
  }
  const lengths = Array.from({ length: width * blocks }, (_, index) => dot(row(index), row(index)));
  const { mean, error } = meanOf(lengths);
  assert(Math.abs(mean - width) < 4 * error, `${mean} ± ${error}`);
  // χ²_D has variance 2D: not all of length sqrt(D).
  const spread = meanOf(lengths.map((value) => (value - width) ** 2));
  assert(Math.abs(spread.mean - 2 * width) < 4 * spread.error, `${spread.mean} ± ${spread.error}`);
});

Deno.test("favor: a seed decides the features, and a redraw gives others, the same each time", () => {
  tf.tidy(() => {
    const x = tf.tensor4d(normal([5], 1, 1).values, [1, 1, 1, 5]) as Tensor4D;
    const of = (map: ReturnType<typeof favor>) => Array.from(map.apply(x, { side: "key" }).dataSync());
    const map = favor({ features: 6, seed: 3 });
    assertEquals(of(map), of(favor({ features: 6, seed: 3 })));
    assertNotEquals(of(map), of(favor({ features: 6, seed: 4 })));
    assertNotEquals(of(map), of(map.redraw()));
    assertEquals(of(map.redraw()), of(map.redraw()));
    assertEquals(of(map.redraw(4)), of(favor({ features: 6, seed: 4 })));
    assertNotEquals(of(map.redraw().redraw()), of(map.redraw()));
  });
});
