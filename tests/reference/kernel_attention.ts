/**
 * Kernel attention in float64, one scalar at a time, from the kernel itself: no features, no sums, no chunks.
 *
 * @module
 */
import { favorProjections } from "../../operators/numerics/favor_map.ts";
import type { AttentionCase } from "./softmax_attention.ts";

type Values = ArrayLike<number>;

/** k(q, k) of a query and a key, and where they stand. */
export type Kernel = (q: number[], k: number[], i: number, j: number) => number;

const dot = (a: Values, b: Values) => {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d] * b[d];
  return sum;
};
const relu = (x: number[]) => x.map((value) => Math.max(value, 0));
const polynomial = (of: (s: number) => number): Kernel => (q, k) => of(dot(q, k) / Math.sqrt(q.length));

/** FAVOR+ by its definition: exponents as they stand, in float64. */
function favor(kind: string, count: number, orthogonal: boolean, seed: number): Kernel {
  return (q, k) => {
    const width = q.length;
    const w = favorProjections(count, width, orthogonal, seed);
    const features = (x: number[]) => {
      const y = x.map((value) => value / width ** 0.25);
      const half = dot(y, y) / 2;
      const products = Array.from({ length: count }, (_, r) => dot(w.subarray(r * width, (r + 1) * width), y));
      if (kind === "trigonometric") {
        const factor = Math.exp(half) / Math.sqrt(count);
        return [...products.map(Math.sin), ...products.map(Math.cos)].map((value) => factor * value);
      }
      const all = kind === "positive" ? products : [...products, ...products.map((value) => -value)];
      return all.map((value) => Math.exp(value - half) / Math.sqrt(all.length));
    };
    return dot(features(q), features(k));
  };
}

/** The kernels, by their formulas. */
export const kernels = {
  poly2: polynomial((s) => (1 + s) ** 2),
  poly2Notes: polynomial((s) => 1 + s + s * s),
  taylor: polynomial((s) => 1 + s + s * s / 2),
  elu: ((q, k) => {
    const phi = (x: number[]) => x.map((value) => value > 0 ? value + 1 : Math.exp(value));
    return dot(phi(q), phi(k));
  }) as Kernel,
  relu: ((q, k) => dot(relu(q), relu(k))) as Kernel,
  cosine: (positions: number): Kernel => (q, k, i, j) =>
    dot(relu(q), relu(k)) * Math.cos(Math.PI * (i - j) / (2 * positions)),
  favor,
};

/** Output `[B, H, N, M]`; a row without a visible key, or whose denominator is below `eps`, is divided by `eps`. */
export function kernelAttentionReference(
  at: AttentionCase,
  q: Values,
  k: Values,
  v: Values,
  kernel: Kernel,
  eps = 1e-12,
): { out: number[]; denominators: number[] } {
  const { batch, heads, queries, keys, depth, width } = at;
  const row = (x: Values, index: number) => Array.from({ length: depth }, (_, d) => x[index * depth + d]);
  const out: number[] = [], denominators: number[] = [];
  for (let head = 0; head < batch * heads; head++) {
    for (let i = 0; i < queries; i++) {
      const sums = new Array<number>(width).fill(0);
      let denominator = 0;
      for (let j = 0; j < keys; j++) {
        if ((at.causal && j > i) || (at.mask && at.mask[Math.floor(head / heads) * keys + j] === 0)) continue;
        const weight = kernel(row(q, head * queries + i), row(k, head * keys + j), i, j);
        denominator += weight;
        for (let m = 0; m < width; m++) sums[m] += weight * v[(head * keys + j) * width + m];
      }
      denominators.push(denominator);
      const sign = denominator < 0 ? -1 : 1;
      out.push(...sums.map((sum) => sum / (sign * Math.max(Math.abs(denominator), eps))));
    }
  }
  return { out, denominators };
}
