/**
 * The additive score of all pairs and its gradient in float64, one scalar at a time, fast enough for sides up to 70
 * (./scores.ts multiplies by W_q and W_k anew for each pair).
 *
 * @module
 */
import type { ReferenceDims } from "./scores.ts";

type Values = ArrayLike<number>;

/** Rows `[R, I]` times a matrix `[I, C]`. */
function times(rows: Values, matrix: Values, width: number, columns: number): Float64Array {
  const out = new Float64Array(rows.length / width * columns);
  for (let at = 0; at < rows.length; at++) {
    const row = Math.floor(at / width), i = at % width;
    for (let c = 0; c < columns; c++) out[row * columns + c] += rows[at] * matrix[i * columns + c];
  }
  return out;
}

/** Gradients at rows `[R, I]` and at the matrix `[I, C]` from those at their product `[R, C]`. */
function backOf(rows: Values, matrix: Values, width: number, columns: number, above: Values): Float64Array[] {
  const dRows = new Float64Array(rows.length), dMatrix = new Float64Array(matrix.length);
  for (let at = 0; at < rows.length; at++) {
    const row = Math.floor(at / width), i = at % width;
    for (let c = 0; c < columns; c++) {
      dRows[at] += above[row * columns + c] * matrix[i * columns + c];
      dMatrix[i * columns + c] += rows[at] * above[row * columns + c];
    }
  }
  return [dRows, dMatrix];
}

/**
 * Logits `[B, T, S]`, and the gradients at query `[B, T, Q]`, keys `[B, S, K]`, W_q `[Q, H]`, W_k `[K, H]` and v `[H]`, in
 * this order, from those at the logits.
 */
export function additiveScoreReference(
  { batch, queries, keys: count, query: queryWidth, key: keyWidth, hidden }: Omit<ReferenceDims, "positions">,
  [query, keys, W_q, W_k, v]: readonly Values[],
  above: Values,
): { logits: Float64Array; gradients: Float64Array[] } {
  const q = times(query, W_q, queryWidth, hidden), k = times(keys, W_k, keyWidth, hidden);
  const dq = new Float64Array(q.length), dk = new Float64Array(k.length), dv = new Float64Array(hidden);
  const logits = new Float64Array(batch * queries * count);
  for (let b = 0, pair = 0; b < batch; b++) {
    for (let t = 0; t < queries; t++) {
      for (let s = 0; s < count; s++, pair++) {
        for (let a = 0, i = (b * queries + t) * hidden, j = (b * count + s) * hidden; a < hidden; a++, i++, j++) {
          const h = Math.tanh(q[i] + k[j]), slope = above[pair] * v[a] * (1 - h * h);
          logits[pair] += v[a] * h;
          dv[a] += above[pair] * h;
          dq[i] += slope;
          dk[j] += slope;
        }
      }
    }
  }
  const [dQuery, dW_q] = backOf(query, W_q, queryWidth, hidden, dq);
  const [dKeys, dW_k] = backOf(keys, W_k, keyWidth, hidden, dk);
  return { logits, gradients: [dQuery, dKeys, dW_q, dW_k, dv] };
}
