/**
 * The five scores and attention in float64, one scalar loop for each sum, written from THEORY.md 3.2 and from nothing
 * else: one query vector with one key vector at a time.
 */
import { referenceSoftmax } from "./softmax.ts";

/** Row-major matrices by name. */
export type ReferenceParams = Readonly<Record<string, ArrayLike<number>>>;

/** Sizes: B sequences, T queries of width `query`, S keys of width `key`. */
export interface ReferenceDims {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly query: number;
  readonly key: number;
  readonly hidden: number;
  readonly positions: number;
}

type PairScore = (params: ReferenceParams, h: number[], s: number[], position: number, dims: ReferenceDims) => number;

function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** v^T f(W_q h + W_k s): concat with any function in place of tanh. */
export function additive(f: (x: number) => number): PairScore {
  return ({ W_q, W_k, v_a }, h, s, _position, { hidden }) => {
    let sum = 0;
    for (let a = 0; a < hidden; a++) {
      let x = 0;
      for (let i = 0; i < h.length; i++) x += h[i] * W_q[i * hidden + a];
      for (let j = 0; j < s.length; j++) x += s[j] * W_k[j * hidden + a];
      sum += v_a[a] * f(x);
    }
    return sum;
  };
}

/** One score of one pair, by name. */
export const pairScores: Readonly<Record<string, PairScore>> = {
  dot: (_params, h, s) => inner(h, s),
  scaledDot: (_params, h, s) => inner(h, s) / Math.sqrt(s.length),
  general({ W_a }, h, s) {
    let sum = 0;
    for (let i = 0; i < h.length; i++) {
      for (let j = 0; j < s.length; j++) sum += h[i] * W_a[i * s.length + j] * s[j];
    }
    return sum;
  },
  concat: additive(Math.tanh),
  lowRank({ W_1, W_2 }, h, s, _position, { hidden }) {
    let sum = 0;
    for (let a = 0; a < hidden; a++) {
      let [q, k] = [0, 0];
      for (let i = 0; i < h.length; i++) q += h[i] * W_2[i * hidden + a];
      for (let j = 0; j < s.length; j++) k += s[j] * W_1[j * hidden + a];
      sum += q * k;
    }
    return sum;
  },
  cosine: ({ beta }, h, s) => beta[0] * inner(h, s) / Math.max(1e-6, Math.sqrt(inner(h, h) * inner(s, s))),
  location({ W_a }, h, _s, position, { positions }) {
    let sum = 0;
    for (let i = 0; i < h.length; i++) sum += h[i] * W_a[i * positions + position];
    return sum;
  },
};

/** Logits `[B, T, S]`, flat. */
export function referenceLogits(
  score: PairScore,
  params: ReferenceParams,
  query: ArrayLike<number>,
  keys: ArrayLike<number>,
  dims: ReferenceDims,
): number[] {
  const logits: number[] = [];
  const row = (values: ArrayLike<number>, index: number, width: number) =>
    Array.from({ length: width }, (_, i) => values[index * width + i]);
  for (let b = 0; b < dims.batch; b++) {
    for (let t = 0; t < dims.queries; t++) {
      for (let s = 0; s < dims.keys; s++) {
        const h = row(query, b * dims.queries + t, dims.query);
        logits.push(score(params, h, row(keys, b * dims.keys + s, dims.key), s, dims));
      }
    }
  }
  return logits;
}

/** Contexts `[B, T, E]` and weights `[B, T, S]`, flat, under a mask `[B, S]`. */
export function referenceAttention(
  score: PairScore,
  params: ReferenceParams,
  query: ArrayLike<number>,
  memory: ArrayLike<number>,
  mask: ArrayLike<number>,
  dims: ReferenceDims,
): { context: number[]; alignment: number[] } {
  const logits = referenceLogits(score, params, query, memory, dims);
  const context: number[] = [];
  const alignment: number[] = [];
  for (let b = 0; b < dims.batch; b++) {
    const visible = Array.from({ length: dims.keys }, (_, s) => mask[b * dims.keys + s]);
    for (let t = 0; t < dims.queries; t++) {
      const start = (b * dims.queries + t) * dims.keys;
      const weights = referenceSoftmax(logits.slice(start, start + dims.keys), visible);
      alignment.push(...weights);
      for (let e = 0; e < dims.key; e++) {
        let sum = 0;
        for (let s = 0; s < dims.keys; s++) sum += weights[s] * memory[(b * dims.keys + s) * dims.key + e];
        context.push(sum);
      }
    }
  }
  return { context, alignment };
}
