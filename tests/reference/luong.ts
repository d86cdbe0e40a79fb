/**
 * Luong's decoder path with the dot score, in float64, one scalar at a time: what operators/numerics/luong.ts is held
 * against.
 *
 * @module
 */
import { type GruReference, gruStepReference } from "./gru.ts";

/** Parameters as nested arrays. */
export interface LuongReference {
  readonly table: number[][];
  readonly gru: GruReference;
  /** W_c, `[M + U][U]`, the context's rows first. */
  readonly combine: number[][];
  /** W_s, `[U][V]` */
  readonly output: number[][];
}

/** Dot attention of one query over the first `length` rows of a memory as wide as the query. */
export function dotAttentionReference(
  query: number[],
  memory: number[][],
  length: number,
): { context: number[]; weights: number[] } {
  const scores = memory.slice(0, length).map((row) => row.reduce((sum, value, i) => sum + value * query[i], 0));
  const highest = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - highest));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  const weights = memory.map((_, s) => s < length ? exponentials[s] / total : 0);
  const context = query.map((_, i) => weights.reduce((sum, weight, s) => sum + weight * memory[s][i], 0));
  return { context, weights };
}

/** One example: logits `[T][V]` and weights `[T][S]` for given previous tokens. */
export function luongReference(
  p: LuongReference,
  memory: number[][],
  sourceLength: number,
  initial: number[],
  tokens: number[],
): { logits: number[][]; weights: number[][] } {
  let h = initial;
  const logits: number[][] = [];
  const weights: number[][] = [];
  for (const token of tokens) {
    h = gruStepReference(p.gru, p.table[token], h);
    const attended = dotAttentionReference(h, memory, sourceLength);
    const joined = [...attended.context, ...h];
    const attentional = h.map((_, u) => Math.tanh(joined.reduce((sum, value, i) => sum + value * p.combine[i][u], 0)));
    logits.push(p.output[0].map((_, v) => attentional.reduce((sum, value, u) => sum + value * p.output[u][v], 0)));
    weights.push(attended.weights);
  }
  return { logits, weights };
}
