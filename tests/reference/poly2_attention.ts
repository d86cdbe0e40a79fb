/**
 * Kernel attention with the similarity (1 + q k)^2 and its gradient in float64, one scalar at a time, from the formula
 * over pairs; and the same by features, as a recurrence that holds one state (THEORY.md 6.2 and 6.6).
 *
 * @module
 */
import type { AttentionSizes } from "./softmax_attention.ts";

/** Sizes and the least denominator. */
export interface Poly2Case extends AttentionSizes {
  readonly eps: number;
}

type Values = ArrayLike<number>;

/** 1 + q_i k_j of one head for each key, and NaN where query i doesn't look. */
function basesOf(at: Poly2Case, q: Values, k: Values, head: number, i: number): number[] {
  const { heads, queries, keys, depth } = at;
  return Array.from({ length: keys }, (_, j) => {
    if ((at.causal && j > i) || (at.mask && at.mask[Math.floor(head / heads) * keys + j] === 0)) return NaN;
    let sum = 1;
    for (let d = 0; d < depth; d++) sum += q[(head * queries + i) * depth + d] * k[(head * keys + j) * depth + d];
    return sum;
  });
}

/** Output `[B, H, N, M]`. */
export function poly2Reference(at: Poly2Case, q: Values, k: Values, v: Values): number[] {
  const { batch, heads, queries, keys, width } = at;
  const out: number[] = [];
  for (let head = 0; head < batch * heads; head++) {
    for (let i = 0; i < queries; i++) {
      const bases = basesOf(at, q, k, head, i);
      let total = 0;
      for (const base of bases) if (!Number.isNaN(base)) total += base * base;
      for (let m = 0; m < width; m++) {
        let sum = 0;
        bases.forEach((base, j) => {
          if (!Number.isNaN(base)) sum += base * base * v[(head * keys + j) * width + m];
        });
        out.push(sum / Math.max(total, at.eps));
      }
    }
  }
  return out;
}

/** Gradients at q, k and v from the gradient at the output: with r = o - v, d o / d s_j = -2 (1 + s_j) r_j / total. */
export function poly2GradientReference(at: Poly2Case, q: Values, k: Values, v: Values, dOut: Values): number[][] {
  const { batch, heads, queries, keys, depth, width } = at;
  const zeros = (rows: number, columns: number) => new Array<number>(batch * heads * rows * columns).fill(0);
  const dQ = zeros(queries, depth), dK = zeros(keys, depth), dV = zeros(keys, width);
  const out = poly2Reference(at, q, k, v);
  for (let head = 0; head < batch * heads; head++) {
    for (let i = 0; i < queries; i++) {
      const row = head * queries + i;
      const bases = basesOf(at, q, k, head, i);
      const total = bases.reduce((sum, base) => Number.isNaN(base) ? sum : sum + base * base, 0);
      const guarded = total < at.eps, denominator = guarded ? at.eps : total;
      bases.forEach((base, j) => {
        if (Number.isNaN(base)) return;
        let slope = 0;
        for (let m = 0; m < width; m++) {
          const above = dOut[row * width + m], value = v[(head * keys + j) * width + m];
          dV[(head * keys + j) * width + m] += above * base * base / denominator;
          slope += above * (guarded ? value : value - out[row * width + m]);
        }
        slope *= 2 * base / denominator;
        for (let d = 0; d < depth; d++) {
          dQ[row * depth + d] += slope * k[(head * keys + j) * depth + d];
          dK[(head * keys + j) * depth + d] += slope * q[row * depth + d];
        }
      });
    }
  }
  return [dQ, dK, dV];
}

/** The features of one vector, in the order of the state. */
export function poly2FeaturesReference(x: Values): number[] {
  const extended = [1, ...Array.from(x)];
  return extended.flatMap((left, i) =>
    extended.slice(i).map((right, j) => j === 0 ? left * right : Math.SQRT2 * left * right)
  );
}

/** The causal output of one head `[N, M]` as the recurrence over features, and the state behind the last key `[C, M + 1]`. */
export function poly2Recurrence(q: number[][], k: number[][], v: number[][]): { out: number[][]; state: number[][] } {
  const state = poly2FeaturesReference(q[0]).map(() => [...v[0].map(() => 0), 0]);
  const out = q.map((query, i) => {
    poly2FeaturesReference(k[i]).forEach((feature, c) => {
      [...v[i], 1].forEach((value, m) => state[c][m] += feature * value);
    });
    const sums = [...v[i].map(() => 0), 0];
    poly2FeaturesReference(query).forEach((feature, c) => {
      sums.forEach((_, m) => sums[m] += feature * state[c][m]);
    });
    return sums.slice(0, -1).map((sum) => sum / sums.at(-1)!);
  });
  return { out, state };
}
