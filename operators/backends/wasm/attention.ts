/**
 * Softmax attention without its score matrix, forwards (the gradient is in attention_gradient.ts):
 *
 *     O = softmax(scale Q K^T + mask) V
 *
 * Keys come in tiles, and each query carries the greatest score so far m, the sum of powers l and the unscaled output o
 * (Milakov and Gimelshein 2018, "Online normalizer calculation for softmax"; Dao et al. 2022, "FlashAttention",
 * Algorithm 1):
 *
 *     m' = max(m, max s)     l' = e^(m-m') l + sum e^(s-m')     o' = e^(m-m') o + sum e^(s-m') v     O = o / l
 *
 * Everything is held transposed, eight queries side by side: S^T = K Q^T and O^T = V^T P^T are both products whose second
 * operand is a panel of eight queries, so that what the first micro-kernel writes is what the second reads, and m, l and
 * the exponential run lane by lane, with no sum across a vector.
 *
 * m and l are kept apart: m + log l would lose the digits of l when scores are large. A query that sees no key has m at its
 * floor and l = 0, and gives zeros. Scores are cut at +FAR, as operators/numerics/softmax.ts does: an infinite score takes
 * all weight. The exponential is math.ts's, at most 2 ulp; powers that are NEGLIGIBLE (softmax.ts) are 0, or sharp
 * queries would multiply denormal numbers.
 */
import { exp4 } from "./math";
import { micro4x8 } from "./micro";
import { packAcross, packAlong } from "./panels";
import { storePart } from "./parts";
import { NEGLIGIBLE } from "./softmax";

/** Queries in a block: packing a tile of keys costs a few hundredths of the block's arithmetic. */
const ROWS = 256;
/** Keys in a tile: with 64 columns, K and V of a tile (16 KiB each) and a panel's S and O share the first-level cache. */
export const KEYS = 64;
/** Half of float32's greatest value: finite, and so are the differences of two such. */
export const FAR: f32 = 1.7e38;

/** e^x, and 0 where a sum that holds e^0 can't tell it from 0. */
// @ts-ignore: decorator
@inline
export function power4(x: v128): v128 {
  const exact = exp4(x);
  return v128.andnot(exact, f32x4.lt(exact, f32x4.splat(NEGLIGIBLE))); // a NaN stays
}

// @ts-ignore: decorator
@inline
export function up4(count: i32): i32 {
  return (count + 3) & ~3;
}

// @ts-ignore: decorator
@inline
function up8(count: i32): i32 {
  return (count + 7) & ~7;
}

/** Bytes of scratch that {@link attention} needs for queries, depth D and width M. */
export function attentionScratch(queries: i32, depth: i32, width: i32): i32 {
  const rows = min(ROWS, up8(queries));
  return (rows * (depth + up4(width) + 2) + KEYS * (depth + up4(width) + 8)) << 2;
}

/** Packs `count` rows that lie `stride` bytes apart as panels of eight, k by k, multiplied by `scale`. */
export function packQueries(from: usize, stride: usize, count: i32, depth: i32, scale: f32, to: usize): void {
  const panel = <usize>depth << 5, factor = f32x4.splat(scale);
  for (let row = 0; row < count; row += 8, to += panel) {
    packAcross(from + <usize>row * stride, stride, min(8, count - row), 8, depth, to);
    if (scale != 1) {
      for (let at = to, end = to + panel; at < end; at += 16) v128.store(at, f32x4.mul(v128.load(at), factor));
    }
  }
}

/** Packs `count` rows that lie `stride` bytes apart as panels of four. */
export function packKeys(from: usize, stride: usize, count: i32, depth: i32, to: usize): void {
  for (let row = 0; row < count; row += 4, to += <usize>depth << 4) {
    packAcross(from + <usize>row * stride, stride, min(4, count - row), 4, depth, to);
  }
}

/** Packs the columns of `count` rows as panels of four columns, row by row. */
export function packColumns(from: usize, stride: usize, count: i32, width: i32, to: usize): void {
  for (let column = 0; column < width; column += 4, to += <usize>count << 4) {
    packAlong(from + (<usize>column << 2), stride, min(4, width - column), 4, count, to);
  }
}

/** Whether any of `count` keys is visible; `mask` is 0 where there is none. */
export function anyVisible(mask: usize, count: i32): bool {
  if (!mask) return true;
  for (let key = 0; key < count; key++) if (load<f32>(mask + (<usize>key << 2)) > 0.5) return true;
  return false;
}

/**
 * Puts -Infinity where a panel of scores [count, 8] must not look.
 *
 * @param mask   of the panel's keys, or 0
 * @param ahead  how many keys the first query may see at most (key `ahead + lane` is the first that lane may not)
 */
export function hide(scores: usize, count: i32, mask: usize, ahead: i32): void {
  const none = f32x4.splat(-Infinity);
  if (mask) {
    for (let key = 0, at = scores; key < count; key++, at += 32) {
      if (load<f32>(mask + (<usize>key << 2)) > 0.5) continue;
      v128.store(at, none), v128.store(at, none, 16);
    }
  }
  for (let key = max(0, ahead); key < count; key++) {
    const at = scores + (<usize>key << 5), last = i32x4.splat(key - ahead);
    v128.store(at, v128.bitselect(none, v128.load(at), i32x4.le_s(i32x4(0, 1, 2, 3), last)));
    v128.store(at, v128.bitselect(none, v128.load(at, 16), i32x4.le_s(i32x4(4, 5, 6, 7), last)), 16);
  }
}

/**
 * @param q      float32 [batches heads, queries, depth]
 * @param k      float32 [batches heads, keys, depth]
 * @param v      float32 [batches heads, keys, width]
 * @param mask   float32 [batches, keys]: above 1/2 where a key is visible; or 0 for none
 * @param out    float32 [batches heads, queries, width], written
 * @param maxima, totals float32 [batches heads, queries], written: m and max(1, l)
 * @param causal 1: query i sees keys 0 to i
 */
export function attention(
  q: usize, k: usize, v: usize, mask: usize, out: usize, maxima: usize, totals: usize,
  batches: i32, heads: i32, queries: i32, keys: i32, depth: i32, width: i32, causal: i32, scale: f32, scratch: usize,
): void {
  const depth4 = <usize>depth << 2, width4 = <usize>width << 2, padded = up4(width);
  const block = min(ROWS, up8(queries));
  const panelQ = <usize>depth << 5, panelO = <usize>padded << 5;
  const packedQ = scratch, packedO = packedQ + <usize>(block * depth) * 4;
  const state = packedO + <usize>(block * padded) * 4;
  const packedK = state + <usize>block * 8, packedV = packedK + <usize>(KEYS * depth) * 4;
  const scores = packedV + <usize>(KEYS * padded) * 4;
  const floor = f32x4.splat(-FAR / 2);
  for (let head = 0; head < batches * heads; head++) {
    const seen = mask ? mask + <usize>(head / heads * keys) * 4 : 0;
    for (let top = 0; top < queries; top += block) {
      const rows = min(block, queries - top);
      packQueries(q + <usize>top * depth4, depth4, rows, depth, scale, packedQ);
      memory.fill(packedO, 0, <usize>(block * padded) * 4);
      // Of each panel: m of eight queries, then l.
      for (let at = state, end = state + <usize>block * 8; at < end; at += 64) {
        v128.store(at, floor), v128.store(at, floor, 16);
        v128.store(at, f32x4.splat(0), 32), v128.store(at, f32x4.splat(0), 48);
      }
      const last = causal ? min(keys, top + rows) : keys;
      for (let first = 0; first < last; first += KEYS) {
        const tile = min(KEYS, last - first);
        const tileMask = seen ? seen + (<usize>first << 2) : 0;
        if (!anyVisible(tileMask, tile)) continue;
        packKeys(k + <usize>first * depth4, depth4, tile, depth, packedK);
        packColumns(v + <usize>first * width4, width4, tile, width, packedV);
        for (let row = 0; row < rows; row += 8) {
          // How many of the tile's keys the panel's last query sees.
          const ahead = causal ? top + row + 1 - first : KEYS;
          const count = min(tile, ahead + 7);
          if (count <= 0) continue;
          const panel = <usize>(row >> 3);
          const queryPanel = packedQ + panel * panelQ, outputPanel = packedO + panel * panelO;
          for (let key = 0; key < count; key += 4) {
            micro4x8(packedK + <usize>(key * depth) * 4, queryPanel, 32, scores + (<usize>key << 5), 32, depth, 0);
          }
          if (tileMask || ahead < count) hide(scores, count, tileMask, ahead);
          normalise(scores, count, state + (panel << 6), outputPanel, padded);
          for (let column = 0, from = packedV; column < width; column += 4, from += <usize>tile << 4) {
            micro4x8(from, scores, 32, outputPanel + (<usize>column << 5), 32, count, 1);
          }
        }
      }
      for (let row = 0; row < rows; row += 8) {
        const panel = <usize>(row >> 3), at = state + (panel << 6);
        const left = rows - row, place = <usize>(head * queries + top + row);
        const low = f32x4.pmax(v128.load(at, 32), f32x4.splat(1)), high = f32x4.pmax(v128.load(at, 48), f32x4.splat(1));
        storePart(maxima + place * 4, v128.load(at), left);
        storePart(totals + place * 4, low, left);
        if (left > 4) {
          storePart(maxima + place * 4 + 16, v128.load(at, 16), left - 4);
          storePart(totals + place * 4 + 16, high, left - 4);
        }
        unpack(packedO + panel * panelO, width, out + place * width4, width4, left, f32x4.div(f32x4.splat(1), low), f32x4.div(f32x4.splat(1), high));
      }
    }
    q += <usize>queries * depth4, k += <usize>keys * depth4, v += <usize>keys * width4;
  }
}

/** Scores [count, 8] become powers; m and l move on, and the output so far [padded, 8] with them. */
function normalise(scores: usize, count: i32, state: usize, output: usize, padded: i32): void {
  const far = f32x4.splat(FAR), end = scores + (<usize>count << 5);
  const before0 = v128.load(state), before1 = v128.load(state, 16);
  let most0 = before0, most1 = before1;
  // pmax with the maximum first: NaN is passed over here, and reaches l below.
  for (let at = scores; at < end; at += 32) {
    most0 = f32x4.pmax(most0, v128.load(at)), most1 = f32x4.pmax(most1, v128.load(at, 16));
  }
  most0 = f32x4.pmin(most0, far), most1 = f32x4.pmin(most1, far);
  let total0 = v128.load(state, 32), total1 = v128.load(state, 48);
  if (v128.any_true(v128.or(f32x4.ne(most0, before0), f32x4.ne(most1, before1)))) {
    const factor0 = power4(f32x4.sub(before0, most0)), factor1 = power4(f32x4.sub(before1, most1));
    total0 = f32x4.mul(total0, factor0), total1 = f32x4.mul(total1, factor1);
    for (let at = output, last = output + (<usize>padded << 5); at < last; at += 32) {
      v128.store(at, f32x4.mul(v128.load(at), factor0)), v128.store(at, f32x4.mul(v128.load(at, 16), factor1), 16);
    }
    v128.store(state, most0), v128.store(state, most1, 16);
  }
  let sum0 = f32x4.splat(0), sum1 = sum0;
  for (let at = scores; at < end; at += 32) {
    const power0 = power4(f32x4.sub(f32x4.min(v128.load(at), far), most0));
    const power1 = power4(f32x4.sub(f32x4.min(v128.load(at, 16), far), most1));
    sum0 = f32x4.add(sum0, power0), sum1 = f32x4.add(sum1, power1);
    v128.store(at, power0), v128.store(at, power1, 16);
  }
  v128.store(state, f32x4.add(total0, sum0), 32), v128.store(state, f32x4.add(total1, sum1), 48);
}

/** A panel [width, 8] times a factor a lane, to at most eight rows of [width]. */
export function unpack(panel: usize, width: i32, to: usize, stride: usize, rows: i32, factor0: v128, factor1: v128): void {
  for (let column = 0; column < width; column += 4, panel += 128, to += 16) {
    transpose(panel, to, stride, rows, width - column, factor0);
    if (rows > 4) transpose(panel + 16, to + (stride << 2), stride, rows - 4, width - column, factor1);
  }
}

// @ts-ignore: decorator
@inline
function transpose(from: usize, to: usize, stride: usize, rows: i32, count: i32, factor: v128): void {
  const r0 = f32x4.mul(v128.load(from), factor), r1 = f32x4.mul(v128.load(from, 32), factor);
  const r2 = f32x4.mul(v128.load(from, 64), factor), r3 = f32x4.mul(v128.load(from, 96), factor);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  storePart(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5), count);
  if (rows > 1) storePart(to + stride, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), count);
  if (rows > 2) storePart(to + (stride << 1), v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), count);
  if (rows > 3) storePart(to + stride * 3, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), count);
}
