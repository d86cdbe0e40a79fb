/**
 * The additive score of every query with every key, v^T tanh(q_t + k_s), and its gradient, without the [B, T, S, D] of the
 * sums that it is made of (Luong et al. 2015, equation 8; Bahdanau et al. 2015, A.1.2). With h = tanh(q_t + k_s),
 * computed again on the way back:
 *
 *     dv = sum over t, s of dy_ts h      dq_t = v sum over s of dy_ts (1 - h^2)      dk_s = v sum over t of dy_ts (1 - h^2)
 */
import { sumOf } from "./lanes";
import { tanh4 } from "./math";
import { loadPart, storePart } from "./parts";
import { madd } from "./simd";

/**
 * @param query  q, float32 [batch, queries, width]
 * @param keys   k, float32 [batch, keys, width]
 * @param v      float32 [width]
 * @param logits float32 [batch, queries, keys], written
 */
export function concatScore(
  query: usize, keys: usize, v: usize, logits: usize, batch: i32, queries: i32, keyCount: i32, width: i32,
): void {
  const bytes = <usize>width << 2, vectors = bytes & ~15, rest = width & 3;
  for (let b = 0; b < batch; b++, keys += <usize>keyCount * bytes) {
    for (let t = 0; t < queries; t++, query += bytes) {
      for (let s = 0, key = keys; s < keyCount; s++, key += bytes, logits += 4) {
        let sum = f32x4.splat(0);
        for (let at: usize = 0; at < vectors; at += 16) {
          sum = madd(v128.load(v + at), tanh4(f32x4.add(v128.load(query + at), v128.load(key + at))), sum);
        }
        if (rest) {
          const pair = f32x4.add(loadPart(query + vectors, rest), loadPart(key + vectors, rest));
          sum = madd(loadPart(v + vectors, rest), tanh4(pair), sum);
        }
        store<f32>(logits, sumOf(sum));
      }
    }
  }
}

/**
 * @param dy     float32 [batch, queries, keys]
 * @param dQuery float32 [batch, queries, width], written
 * @param dKeys  float32 [batch, keys, width], written
 * @param dV     float32 [width], written
 */
export function concatScoreGradient(
  query: usize, keys: usize, v: usize, dy: usize, dQuery: usize, dKeys: usize, dV: usize,
  batch: i32, queries: i32, keyCount: i32, width: i32,
): void {
  const bytes = <usize>width << 2;
  const queryBytes = <usize>queries * bytes, keyBytes = <usize>keyCount * bytes, dyBytes = <usize>(queries * keyCount) << 2;
  const one = f32x4.splat(1);
  memory.fill(dV, 0, bytes);
  memory.fill(dKeys, 0, <usize>batch * keyBytes);
  for (let b = 0; b < batch; b++) {
    // Four columns at a time: their sums over s and over all pairs stay in registers.
    for (let column = 0, at: usize = 0; column < width; column += 4, at += 16) {
      const count = width - column;
      const scale = loadPart(v + at, count);
      let all = loadPart(dV + at, count);
      let pair = dy;
      for (let t = 0; t < queries; t++) {
        const q = loadPart(query + <usize>t * bytes + at, count);
        // Of one query: dv, a sum over all pairs in float32, would lose digits if it were carried on pair by pair.
        let sum = f32x4.splat(0), own = sum;
        for (let s = 0, to = at; s < keyCount; s++, to += bytes, pair += 4) {
          const h = tanh4(f32x4.add(q, loadPart(keys + to, count)));
          const d = v128.load32_splat(pair);
          own = madd(d, h, own);
          const slope = f32x4.mul(d, f32x4.sub(one, f32x4.mul(h, h)));
          sum = f32x4.add(sum, slope);
          storePart(dKeys + to, madd(slope, scale, loadPart(dKeys + to, count)), count);
        }
        all = f32x4.add(all, own);
        storePart(dQuery + <usize>t * bytes + at, f32x4.mul(sum, scale), count);
      }
      storePart(dV + at, all, count);
    }
    query += queryBytes, dQuery += queryBytes, keys += keyBytes, dKeys += keyBytes, dy += dyBytes;
  }
}
