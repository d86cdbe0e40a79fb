/**
 * Attentions in float64, one query at a time in plain loops, written from THEORY.md 4.3 and 5 and from the papers' own
 * formulas: what operators/numerics/{attention,local,monotonic,multi_head}.ts are held against.
 *
 * @module
 */
import { pairScores, type ReferenceDims, type ReferenceParams } from "./scores.ts";

/** What a reference is asked with. */
export interface Asked {
  readonly params: ReferenceParams;
  readonly query: number[];
  /** `[S][M]`, padding included. */
  readonly memory: number[][];
  /** True positions. */
  readonly length: number;
  /** Step, from 0. */
  readonly step: number;
  /** Weights at the step before; none at the first step. */
  readonly previous?: number[];
  readonly dims: ReferenceDims;
}

/** Weights and context of one query. */
export type AttentionReference = (asked: Asked) => { weights: number[]; context: number[] };

function softmaxOver(logits: readonly number[], seen: (s: number) => boolean): number[] {
  let highest = -Infinity;
  logits.forEach((logit, s) => {
    if (seen(s) && logit > highest) highest = logit;
  });
  const powers = logits.map((logit, s) => seen(s) ? Math.exp(logit - highest) : 0);
  const total = powers.reduce((sum, power) => sum + power, 0);
  return total === 0 ? powers : powers.map((power) => power / total);
}

function contextOf(weights: readonly number[], memory: readonly number[][]): number[] {
  return memory[0].map((_, m) => weights.reduce((sum, weight, s) => sum + weight * memory[s][m], 0));
}

function logitsOf(score: string, { params, query, memory, dims }: Asked): number[] {
  return memory.map((row, s) => pairScores[score](params, query, row, s, dims));
}

/** Global attention with a score. */
export function globalReference(score: string): AttentionReference {
  return (asked) => {
    const weights = softmaxOver(logitsOf(score, asked), (s) => s < asked.length);
    return { weights, context: contextOf(weights, asked.memory) };
  };
}

/** local-m and local-p; positions from 1. */
export function localReference(scope: "monotone" | "predictive", window: number, score: string): AttentionReference {
  return (asked) => {
    const { params, query, length, dims, step } = asked;
    let centre = Math.min(step + 1, length);
    if (scope === "predictive") {
      let v = 0;
      for (let a = 0; a < dims.hidden; a++) {
        let x = 0;
        for (let i = 0; i < query.length; i++) x += query[i] * params.W_p[i * dims.hidden + a];
        v += params.v_p[a] * Math.tanh(x);
      }
      centre = length / (1 + Math.exp(-v));
    }
    const inside = softmaxOver(
      logitsOf(score, asked),
      (s) => s < length && Math.abs(s + 1 - centre) <= window,
    );
    const sigma = window / 2;
    const weights = scope === "monotone"
      ? inside
      : inside.map((weight, s) => weight * Math.exp(-((s + 1 - centre) ** 2) / (2 * sigma * sigma)));
    return { weights, context: contextOf(weights, asked.memory) };
  };
}

/** Monotonic attention in expectation, as the double sum of its definition. */
export function monotonicReference(score: string): AttentionReference {
  return (asked) => {
    const { params, memory, length } = asked;
    const raised = logitsOf(score, asked).map((logit) => logit + params.r[0]);
    const p = raised.map((x, s) => s < length ? 1 / (1 + Math.exp(-x)) : 0);
    const before = asked.previous ?? memory.map((_, s) => s === 0 ? 1 : 0);
    const weights = p.map((chance, s) => {
      let sum = 0;
      for (let k = 0; k <= s; k++) {
        let passed = before[k];
        for (let j = k; j < s; j++) passed *= 1 - p[j];
        sum += passed;
      }
      return chance * sum;
    });
    return { weights, context: contextOf(weights, memory) };
  };
}

/** Query-key-value attention with heads. */
export function multiHeadReference(heads: number): AttentionReference {
  return ({ params, query, memory, length }) => {
    const times = (vector: number[], matrix: ArrayLike<number>) => {
      const columns = matrix.length / vector.length;
      return Array.from(
        { length: columns },
        (_, c) => vector.reduce((sum, value, i) => sum + value * matrix[i * columns + c], 0),
      );
    };
    const q = times(query, params.W_q);
    const keys = memory.map((row) => times(row, params.W_k));
    const values = memory.map((row) => times(row, params.W_v));
    const width = q.length / heads;
    const joined: number[] = [];
    const mean = memory.map(() => 0);
    for (let head = 0; head < heads; head++) {
      const logits = keys.map((key) => {
        let sum = 0;
        for (let i = head * width; i < (head + 1) * width; i++) sum += q[i] * key[i];
        return sum / Math.sqrt(width);
      });
      const weights = softmaxOver(logits, (s) => s < length);
      weights.forEach((weight, s) => mean[s] += weight / heads);
      for (let i = head * width; i < (head + 1) * width; i++) {
        joined.push(weights.reduce((sum, weight, s) => sum + weight * values[s][i], 0));
      }
    }
    return { weights: mean, context: times(joined, params.W_o) };
  };
}

/** No attention. */
export const noneReference: AttentionReference = ({ memory }) => ({
  weights: memory.map(() => 0),
  context: memory[0].map(() => 0),
});
