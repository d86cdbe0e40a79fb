/**
 * Kernel attention with the similarity (1 + q k)^2, forwards (the gradient is in poly2_gradient.ts):
 *
 *     o_i = sum_j (1 + q_i k_j)^2 v_j / sum_j (1 + q_i k_j)^2
 *
 * by either of two routes that give the same values (THEORY.md 6.2 to 6.6). Quadratic: blocks of queries meet tiles of
 * keys, as in attention.ts, with a square in place of the exponential, so that there is no maximum to carry. Linear: keys
 * are added to a state (poly2_state.ts), queries ask it; where a query may see the past alone, chunk after chunk asks the
 * state of the chunks before, meets its own keys by the quadratic route, and is added. No prefix but the newest is held.
 *
 * A denominator below `eps` counts as `eps`: a query that sees no key, or only keys with q k = -1, gives zeros.
 */
import { anyVisible, packKeys, packQueries } from "./attention";
import { micro4x8 } from "./micro";
import { storePart } from "./parts";
import { extendedBytes, packExtended } from "./poly2_features";
import { addToState, askState, featureBlockBytes, outerBytes, packValues, readState, stateBytes, up8, writeState } from "./poly2_state";

/** Queries in a block, keys in a tile of the quadratic route, and both in a chunk. */
const BLOCK = 128;
/** Keys that are added to the state at once where all queries see all. */
const KEYS = 256;

// @ts-ignore: decorator
@inline
function up4(count: i32): i32 {
  return (count + 3) & ~3;
}

/** Bytes of scratch that {@link poly2Attention} needs. */
export function poly2Scratch(queries: i32, keys: i32, depth: i32, width: i32, linear: i32, causal: i32): f64 {
  const rows = min(BLOCK, up8(queries)), tile = min(linear && !causal ? KEYS : BLOCK, up4(keys));
  let bytes = <usize>(rows * (up8(width) + 1 + depth) + tile * (up8(width) + depth + 17)) << 2;
  if (linear) {
    bytes += extendedBytes(depth, rows) + extendedBytes(depth, tile) + featureBlockBytes(tile, rows);
    return <f64>bytes + <f64>stateBytes(depth, width) + 128;
  }
  return <f64>bytes;
}

/**
 * @param q      float32 [batches heads, queries, depth]
 * @param k      float32 [batches heads, keys, depth]
 * @param v      float32 [batches heads, keys, width]
 * @param mask   float32 [batches, keys]: above 1/2 where a key is visible; or 0 for none
 * @param before float32 [batches heads, C, width + 1]: the state that the sequence goes on from; or 0 for none
 * @param lost   1: what rounding took from the state comes and goes behind it, [batches heads, 2, C, width + 1]
 * @param out    float32 [batches heads, queries, width], written
 * @param totals float32 [batches heads, queries], written: denominators
 * @param after  shaped as `before`, written: the state behind the last key; or 0
 * @param causal 1: query i sees keys 0 to i
 * @param linear 1: through the state
 */
export function poly2Attention(
  q: usize, k: usize, v: usize, mask: usize, before: usize, out: usize, totals: usize, after: usize,
  batches: i32, heads: i32, queries: i32, keys: i32, depth: i32, width: i32, causal: i32, linear: i32, eps: f32,
  lost: i32, scratch: usize,
): void {
  const depth4 = <usize>depth << 2, width4 = <usize>width << 2, padded = <usize>up8(width) << 2;
  const block = min(BLOCK, up8(queries)), most = min(linear && !causal ? KEYS : BLOCK, up4(keys));
  const rowsO = scratch, sums = rowsO + <usize>block * padded, packedQ = sums + (<usize>block << 2);
  const packedK = packedQ + <usize>block * depth4, packedV = packedK + <usize>most * depth4;
  const ones = packedV + <usize>most * padded, scores = ones + (<usize>most << 2), powers = scores + (<usize>most << 5);
  const extendedQ = powers + (<usize>most << 5), extendedK = extendedQ + extendedBytes(depth, block);
  const features = extendedK + extendedBytes(depth, most), corner = features + featureBlockBytes(most, block);
  const state = corner + 128;
  const stateSize = outerBytes(depth, width) << lost;
  for (let key = 0; key < most; key++) store<f32>(ones + (<usize>key << 2), 1);
  for (let head = 0; head < batches * heads; head++) {
    const seen = mask ? mask + (<usize>(head / heads * keys) << 2) : 0;
    if (linear) {
      if (before) readState(before, depth, width, lost, state), before += stateSize;
      else memory.fill(state, 0, stateBytes(depth, width));
      if (!causal) {
        for (let first = 0; first < keys; first += KEYS) {
          const tile = min(KEYS, keys - first), tileMask = seen ? seen + (<usize>first << 2) : 0;
          if (!anyVisible(tileMask, tile)) continue;
          packExtended(k + <usize>first * depth4, depth4, tile, up4(tile), depth, tileMask, extendedK);
          packValues(v + <usize>first * width4, width4, tile, up4(tile), width, tileMask, packedV);
          addToState(extendedK, packedV, ones, up4(tile), depth, width, state, features, corner);
        }
      }
    }
    for (let top = 0; top < queries; top += block) {
      const rows = min(block, queries - top);
      memory.fill(rowsO, 0, <usize>block * padded + (<usize>block << 2));
      if (linear && (!causal || top > 0 || before)) {
        for (let row = 0; row < rows; row += 4) {
          const to = extendedQ + extendedBytes(depth, row);
          packExtended(q + <usize>(top + row) * depth4, depth4, min(4, rows - row), 4, depth, 0, to);
        }
        askState(extendedQ, up4(rows), depth, width, state, rowsO, sums, features);
      }
      // The keys that this block meets one by one: all, those so far, or those of its own chunk.
      const last = causal ? min(keys, top + rows) : linear ? 0 : keys;
      if (last > (linear ? top : 0)) packQueries(q + <usize>top * depth4, depth4, rows, depth, 1, packedQ);
      for (let first = linear ? top : 0; first < last; first += BLOCK) {
        const tile = min(BLOCK, last - first), tileMask = seen ? seen + (<usize>first << 2) : 0;
        if (!anyVisible(tileMask, tile)) continue;
        packKeys(k + <usize>first * depth4, depth4, tile, depth, packedK);
        packValues(v + <usize>first * width4, width4, tile, up4(tile), width, tileMask, packedV);
        meet(packedQ, packedK, packedV, tileMask, rows, tile, depth, width, causal ? top + 1 - first : BLOCK, rowsO, sums, scores, powers);
        if (linear && (after || top + rows < queries)) {
          packExtended(k + <usize>first * depth4, depth4, tile, up4(tile), depth, tileMask, extendedK);
          addToState(extendedK, packedV, ones, up4(tile), depth, width, state, features, corner);
        }
      }
      finish(rowsO, sums, rows, width, eps, out, totals);
      out += <usize>rows * width4, totals += <usize>rows << 2;
    }
    if (after) writeState(state, depth, width, lost, after), after += stateSize;
    q += <usize>queries * depth4, k += <usize>keys * depth4, v += <usize>keys * width4;
  }
}

/** Adds what a tile of keys gives to a block of queries; query `row` sees the tile's keys before `ahead + row`. */
function meet(
  q: usize, k: usize, v: usize, mask: usize, rows: i32, tile: i32, depth: i32, width: i32, ahead: i32,
  out: usize, totals: usize, scores: usize, powers: usize,
): void {
  const line = <usize>up8(width) << 2, panelV = <usize>up4(tile) << 5;
  for (let row = 0; row < rows; row += 8, q += <usize>depth << 5, totals += 32) {
    const count = min(tile, ahead + row + 7);
    if (count <= 0) continue;
    const second = powers + (<usize>count << 4);
    for (let key = 0; key < count; key += 4) {
      micro4x8(k + <usize>(key * depth) * 4, q, 32, scores + (<usize>key << 5), 32, depth, 0);
    }
    weigh(scores, count, mask, ahead + row, powers, second, totals);
    for (let left = 0, from = v, to = out + <usize>row * line; left < width; left += 8, from += panelV, to += 32) {
      micro4x8(powers, from, 32, to, line, count, 1);
      if (row + 4 < rows) micro4x8(second, from, 32, to + (line << 2), line, count, 1);
    }
  }
}

/** Scores [count, 8] become similarities in two panels [count, 4]: 0 where a query doesn't look. Totals [8] move on. */
function weigh(scores: usize, count: i32, mask: usize, ahead: i32, to0: usize, to1: usize, totals: usize): void {
  const one = f32x4.splat(1);
  let total0 = f32x4.splat(0), total1 = total0;
  for (let key = 0; key < count; key++, scores += 32, to0 += 16, to1 += 16) {
    const s0 = f32x4.add(one, v128.load(scores)), s1 = f32x4.add(one, v128.load(scores, 16));
    let p0 = f32x4.mul(s0, s0), p1 = f32x4.mul(s1, s1);
    if (key >= ahead) {
      const last = i32x4.splat(key - ahead);
      p0 = v128.and(p0, i32x4.gt_s(i32x4(0, 1, 2, 3), last)), p1 = v128.and(p1, i32x4.gt_s(i32x4(4, 5, 6, 7), last));
    }
    if (mask && !(load<f32>(mask + (<usize>key << 2)) > 0.5)) p0 = f32x4.splat(0), p1 = p0;
    total0 = f32x4.add(total0, p0), total1 = f32x4.add(total1, p1);
    v128.store(to0, p0), v128.store(to1, p1);
  }
  v128.store(totals, f32x4.add(v128.load(totals), total0));
  v128.store(totals, f32x4.add(v128.load(totals, 16), total1), 16);
}

/** Numerators [rows, up8(M)] over denominators, to the output's rows [M]. */
function finish(from: usize, sums: usize, rows: i32, width: i32, eps: f32, out: usize, totals: usize): void {
  for (let row = 0; row < rows; row++, sums += 4, totals += 4, from += <usize>up8(width) << 2) {
    const total = load<f32>(sums);
    store<f32>(totals, total);
    // A comparison with NaN is false, and NaN stays.
    const factor = f32x4.splat(1 / (total < eps ? eps : total));
    for (let left = 0, at = from; left < width; left += 4, at += 16) {
      storePart(out + (<usize>left << 2), f32x4.mul(v128.load(at), factor), width - left);
    }
    out += <usize>width << 2;
  }
}
