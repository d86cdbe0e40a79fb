/**
 * The gradient of attention.ts by recomputation: nothing of size queries x keys is stored (Dao et al. 2022, Algorithm 4).
 * With P = exp(S - m) / l, from the m and l that the forward pass kept, and S computed again by the same arithmetic:
 *
 *     dV = P^T dO     dP = dO V^T     dS = P (dP - rowsum(O dO))     dQ = scale dS K     dK = scale dS^T Q
 *
 * A block of queries meets tiles of keys. S^T, dP^T and dQ^T take panels of eight queries, as forwards; for dV and dK,
 * which sum over queries, P and dS are turned in registers into panels of four keys. Every sum runs in a fixed order.
 *
 * dP - D, with D = rowsum(O dO), is where digits are lost. A query that looks at one key has O near V_j, so that two sums
 * over the width, each rounded on its own (by e, about 4e-7 at 64 columns of numbers around 1), nearly cancel, and the
 * slope is P e where it should be near 0; dK adds that up over queries. D = sum P dP would have the errors of dP in it,
 * which then cancel, too (what the stock softmax does), but needs dP of every key first: two products of five once more.
 * Only pairs with much weight matter, and at most 8 keys of a query have more than an eighth: for these the slope is
 * P sum dO (V_j - O), whose error shrinks with the difference. What is left is that of O, one rounding a column, and an
 * eighth of e or less from all others. (4,000 draws: 2.9e-5 at worst became 8.4e-6.)
 */
import { anyVisible, FAR, hide, KEYS, packColumns, packKeys, packQueries, power4, unpack, up4 } from "./attention";
import { micro4x8 } from "./micro";
import { packAlong } from "./panels";
import { loadPart, storePart } from "./parts";
import { madd } from "./simd";

/** Queries in a block; poly2_gradient.ts lays its panels out by the same number. */
export const ROWS = 128;
/** A weight from which on a pair's dP - D is summed as one difference. */
const MUCH: f32 = 0.125;

/** Bytes of scratch that {@link attentionGradient} needs for depth D and width M. */
export function attentionGradientScratch(depth: i32, width: i32): i32 {
  const rows = ROWS * (2 * depth + 2 * width + up4(depth) + 14 + 2 * KEYS);
  return (rows + KEYS * (depth + up4(depth) + width + 16) + 3 * ROWS + 32) << 2;
}

/** Packs `count` rows of `width` as panels of eight columns, row by row, multiplied by `scale`. */
export function packRows(from: usize, count: i32, width: i32, scale: f32, to: usize): void {
  const factor = f32x4.splat(scale);
  for (let column = 0; column < width; column += 8) {
    packAlong(from + (<usize>column << 2), <usize>width << 2, min(8, width - column), 8, count, to);
    for (let end = to + (<usize>count << 5); to < end; to += 16) v128.store(to, f32x4.mul(v128.load(to), factor));
  }
}

/**
 * @param q, k, v, mask, out, maxima, totals  as {@link attention} took and gave them
 * @param dOut       float32 [batches heads, queries, width]
 * @param dQ, dK, dV shaped as q, k and v, written
 */
export function attentionGradient(
  q: usize, k: usize, v: usize, mask: usize, out: usize, maxima: usize, totals: usize, dOut: usize,
  dQ: usize, dK: usize, dV: usize,
  batches: i32, heads: i32, queries: i32, keys: i32, depth: i32, width: i32, causal: i32, scale: f32, scratch: usize,
): void {
  const depth4 = <usize>depth << 2, width4 = <usize>width << 2;
  const deep = up4(depth), depth8 = (depth + 7) & ~7, width8 = (width + 7) & ~7;
  const panelQ = <usize>depth << 5, panelO = <usize>width << 5, panelDQ = <usize>deep << 5;
  // Across: eight queries side by side. Along: eight columns side by side.
  const acrossQ = scratch, alongQ = acrossQ + <usize>(ROWS * depth) * 4;
  const acrossO = alongQ + <usize>(ROWS * depth8) * 4, alongO = acrossO + <usize>(ROWS * width) * 4;
  const gradientQ = alongO + <usize>(ROWS * width8) * 4;
  const powers = gradientQ + <usize>(ROWS * deep) * 4, slopes = powers + <usize>(ROWS * KEYS) * 4;
  const packedK = slopes + <usize>(ROWS * KEYS) * 4, columnsK = packedK + <usize>(KEYS * depth) * 4;
  const packedV = columnsK + <usize>(KEYS * deep) * 4;
  const scores = packedV + <usize>(KEYS * width) * 4, gradients = scores + KEYS * 32;
  const state = gradients + KEYS * 32, corner = state + 3 * ROWS * 4;
  memory.fill(dK, 0, <usize>(batches * heads * keys) * depth4);
  memory.fill(dV, 0, <usize>(batches * heads * keys) * width4);
  for (let head = 0; head < batches * heads; head++) {
    const seen = mask ? mask + <usize>(head / heads * keys) * 4 : 0;
    for (let top = 0; top < queries; top += ROWS) {
      const rows = min(ROWS, queries - top), place = <usize>(head * queries + top);
      packQueries(q + <usize>top * depth4, depth4, rows, depth, scale, acrossQ);
      packRows(q + <usize>top * depth4, rows, depth, scale, alongQ);
      packQueries(dOut + place * width4, width4, rows, width, 1, acrossO);
      packRows(dOut + place * width4, rows, width, 1, alongO);
      memory.fill(gradientQ, 0, <usize>(ROWS * deep) * 4);
      // Of each panel: m, 1 / l and rowsum(O dO) of eight queries. Lanes past the last query hold 0.
      memory.fill(state, 0, 3 * ROWS * 4);
      for (let row = 0; row < rows; row++) {
        const at = state + <usize>(row >> 3) * 96 + (<usize>(row & 7) << 2), index = (place + <usize>row) << 2;
        store<f32>(at, load<f32>(maxima + index));
        store<f32>(at, 1 / load<f32>(totals + index), 32);
        store<f32>(at, inner(out + (place + <usize>row) * width4, dOut + (place + <usize>row) * width4, width), 64);
      }
      const last = causal ? min(keys, top + rows) : keys;
      for (let first = 0; first < last; first += KEYS) {
        const tile = min(KEYS, last - first);
        const tileMask = seen ? seen + (<usize>first << 2) : 0;
        if (!anyVisible(tileMask, tile)) continue;
        packKeys(k + <usize>first * depth4, depth4, tile, depth, packedK);
        packColumns(k + <usize>first * depth4, depth4, tile, depth, columnsK);
        packKeys(v + <usize>first * width4, width4, tile, width, packedV);
        for (let row = 0; row < rows; row += 8) {
          const panel = <usize>(row >> 3);
          for (let key = 0; key < tile; key += 4) {
            const to = <usize>key << 5;
            micro4x8(packedK + <usize>key * depth4, acrossQ + panel * panelQ, 32, scores + to, 32, depth, 0);
            micro4x8(packedV + <usize>key * width4, acrossO + panel * panelO, 32, gradients + to, 32, width, 0);
          }
          const ahead = causal ? top + row + 1 - first : KEYS;
          if (tileMask || ahead < tile) hide(scores, tile, tileMask, ahead);
          const at = (place + <usize>row) * width4;
          slope(scores, gradients, tile, state + panel * 96, v + <usize>first * width4, out + at, dOut + at, width);
          turn(scores, tile, powers + (<usize>row << 4), <usize>ROWS << 4);
          turn(gradients, tile, slopes + (<usize>row << 4), <usize>ROWS << 4);
          for (let column = 0, from = columnsK; column < depth; column += 4, from += <usize>tile << 4) {
            micro4x8(from, gradients, 32, gradientQ + panel * panelDQ + (<usize>column << 5), 32, tile, 1);
          }
        }
        addTiles(powers, alongO, rows, tile, width, dV + <usize>first * width4, width4, corner);
        addTiles(slopes, alongQ, rows, tile, depth, dK + <usize>first * depth4, depth4, corner);
      }
      const factor = f32x4.splat(scale);
      for (let row = 0; row < rows; row += 8) {
        const from = gradientQ + <usize>(row >> 3) * panelDQ;
        unpack(from, depth, dQ + (place + <usize>row) * depth4, depth4, rows - row, factor, factor);
      }
    }
    q += <usize>queries * depth4, k += <usize>keys * depth4, v += <usize>keys * width4;
    dK += <usize>keys * depth4, dV += <usize>keys * width4;
  }
}

/** Sum over `count` products, in float64: it is subtracted from numbers that it may nearly equal. */
export function inner(a: usize, b: usize, count: i32): f32 {
  let sum: f64 = 0;
  for (let i = 0; i < count; i++, a += 4, b += 4) sum += <f64>load<f32>(a) * <f64>load<f32>(b);
  return <f32>sum;
}

/**
 * Scores [count, 8] become P, and gradients at P become gradients at the scores.
 *
 * @param v          the first key's row; rows of [width]
 * @param out, dOut  rows of [width] of the panel's first query
 */
function slope(
  scores: usize, gradients: usize, count: i32, state: usize, v: usize, out: usize, dOut: usize, width: i32,
): void {
  const far = f32x4.splat(FAR), much = f32x4.splat(MUCH);
  const most0 = v128.load(state), most1 = v128.load(state, 16);
  const share0 = v128.load(state, 32), share1 = v128.load(state, 48);
  const mean0 = v128.load(state, 64), mean1 = v128.load(state, 80);
  for (let end = scores + (<usize>count << 5); scores < end; scores += 32, gradients += 32, v += <usize>width << 2) {
    const power0 = f32x4.mul(power4(f32x4.sub(f32x4.min(v128.load(scores), far), most0)), share0);
    const power1 = f32x4.mul(power4(f32x4.sub(f32x4.min(v128.load(scores, 16), far), most1)), share1);
    v128.store(scores, power0), v128.store(scores, power1, 16);
    v128.store(gradients, f32x4.mul(power0, f32x4.sub(v128.load(gradients), mean0)));
    v128.store(gradients, f32x4.mul(power1, f32x4.sub(v128.load(gradients, 16), mean1)), 16);
    if (v128.any_true(v128.or(f32x4.gt(power0, much), f32x4.gt(power1, much)))) {
      for (let lane: usize = 0; lane < 32; lane += 4) {
        const power = load<f32>(scores + lane), row = <usize>width * lane;
        if (power > MUCH) store<f32>(gradients + lane, power * apart(v, out + row, dOut + row, width));
      }
    }
  }
}

/** Sum of dOut (v - out) over `width` columns. */
function apart(v: usize, out: usize, dOut: usize, width: i32): f32 {
  let sums = f32x4.splat(0);
  for (let left = width; left > 0; left -= 4, v += 16, out += 16, dOut += 16) {
    sums = madd(loadPart(dOut, left), f32x4.sub(loadPart(v, left), loadPart(out, left)), sums);
  }
  return (f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1)) +
    (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
}

/** A panel [count, 8] as 8 lines of panels of four keys, which are `stride` bytes apart. */
export function turn(from: usize, count: i32, to: usize, stride: usize): void {
  for (let key = 0; key < count; key += 4, from += 128, to += stride) {
    for (let half: usize = 0; half < 2; half++) {
      const at = from + (half << 4), out = to + (half << 6);
      const r0 = v128.load(at), r1 = v128.load(at, 32), r2 = v128.load(at, 64), r3 = v128.load(at, 96);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(out, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
      v128.store(out, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 16);
      v128.store(out, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 32);
      v128.store(out, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 48);
    }
  }
}

/** out[tile, width] += A^T B for A in panels of four keys (ROWS long) and B in panels of eight columns (`rows` long). */
export function addTiles(a: usize, b: usize, rows: i32, tile: i32, width: i32, out: usize, stride: usize, corner: usize): void {
  for (let column = 0; column < width; column += 8, b += <usize>rows << 5) {
    const columns = min(8, width - column);
    for (let key = 0; key < tile; key += 4) {
      const panel = a + <usize>(key >> 2) * (<usize>ROWS << 4);
      const to = out + <usize>key * stride + (<usize>column << 2);
      if (columns == 8 && key + 4 <= tile) {
        micro4x8(panel, b, 32, to, stride, rows, 1);
        continue;
      }
      micro4x8(panel, b, 32, corner, 32, rows, 0);
      for (let line = 0, from = corner, at = to; line < min(4, tile - key); line++, from += 32, at += stride) {
        storePart(at, f32x4.add(v128.load(from), loadPart(at, columns)), columns);
        if (columns > 4) storePart(at + 16, f32x4.add(v128.load(from, 16), loadPart(at + 16, columns - 4)), columns - 4);
      }
    }
  }
}
