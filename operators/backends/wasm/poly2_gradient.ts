/**
 * The gradient of poly2.ts. With g = dO / total and h = -rowsum(O dO) / total of each query (a total below `eps` counts as
 * the constant `eps`, and h is 0 there), weights P = (1 + S)^2 and S = Q K^T:
 *
 *     dV = P^T g     dP = g V^T + h     dS = 2 (1 + S) dP     dQ = dS K     dK = dS^T Q
 *
 * Quadratic: blocks of queries meet tiles of keys, as in attention_gradient.ts. Linear (THEORY.md 6.6): with the state S
 * of the keys that a query sees, d phi(q) = S [g, h]; with the state R = sum of phi(q) [g, h]^T of the queries that see a
 * key, d phi(k) = R [v, 1] and dV = phi(k)^T R. Causal, S runs forwards over chunks and R backwards, one of each, made
 * again from nothing; a chunk's own pairs go by the quadratic route.
 */
import { addTiles, inner, packRows, ROWS, turn } from "./attention_gradient";
import { anyVisible, packColumns, packKeys, unpack, up4 } from "./attention";
import { micro4x8 } from "./micro";
import { packAcross } from "./panels";
import { foldBytes, foldState, turnedBytes, turnState } from "./poly2_fold";
import { extendedBytes, packExtended } from "./poly2_features";
import { addToState, askState, featureBlockBytes, packValues, stateBytes, up8 } from "./poly2_state";

/** Keys in a tile, keys and queries in a chunk. */
const BLOCK = ROWS;

/** Bytes of scratch that {@link poly2Gradient} needs for depth D and width M. */
export function poly2GradientScratch(depth: i32, width: i32, linear: i32): f64 {
  const rows = 2 * (depth + 1) + 1 + up4(depth) + width + 1 + width + up8(depth) + up8(width) + 2 * BLOCK + 2;
  const keys = depth + up4(depth) + width + 16;
  let bytes = (<usize>((rows + keys) * BLOCK) << 2) + 128;
  if (linear) {
    bytes += 2 * extendedBytes(depth, BLOCK) + (<usize>(2 * up8(width) * BLOCK) << 2) + featureBlockBytes(BLOCK, BLOCK);
    bytes += turnedBytes(depth, width) + foldBytes();
    return <f64>bytes + <f64>stateBytes(depth, width);
  }
  return <f64>bytes;
}

/**
 * @param q, k, v, mask, out, totals, causal, linear, eps  as {@link poly2Attention} took and gave them
 * @param dOut       float32 [batches heads, queries, width]
 * @param dQ, dK, dV shaped as q, k and v, written
 */
export function poly2Gradient(
  q: usize, k: usize, v: usize, mask: usize, out: usize, totals: usize, dOut: usize, dQ: usize, dK: usize, dV: usize,
  batches: i32, heads: i32, queries: i32, keys: i32, depth: i32, width: i32, causal: i32, linear: i32, eps: f32,
  scratch: usize,
): void {
  const depth4 = <usize>depth << 2, width4 = <usize>width << 2, deep = up4(depth), padded = <usize>up8(width) << 2;
  const panelX = <usize>(depth + 1) << 6, panelD = <usize>(1 + deep) << 5, panelY = <usize>(width + 1) << 5;
  const x = scratch, dX = x + (<usize>(2 * (depth + 1)) * BLOCK << 2), y = dX + (<usize>(1 + deep) * BLOCK << 2);
  const g = y + (<usize>(width + 1) * BLOCK << 2), alongQ = g + width4 * BLOCK;
  const alongG = alongQ + (<usize>up8(depth) * BLOCK << 2), powers = alongG + padded * BLOCK;
  const slopes = powers + (BLOCK * BLOCK << 2), h = slopes + (BLOCK * BLOCK << 2), ones = h + (BLOCK << 2);
  const packedK = ones + (BLOCK << 2), columnsK = packedK + depth4 * BLOCK;
  const packedV = columnsK + (<usize>deep * BLOCK << 2);
  const scores = packedV + width4 * BLOCK, gradients = scores + (BLOCK << 5), corner = gradients + (BLOCK << 5);
  const extended = corner + 128, fours = extended + extendedBytes(depth, BLOCK);
  const values = fours + extendedBytes(depth, BLOCK), answers = values + padded * BLOCK;
  const features = answers + padded * BLOCK, turned = features + featureBlockBytes(BLOCK, BLOCK);
  const folded = turned + turnedBytes(depth, width), state = folded + foldBytes();
  const one = f32x4.splat(1);
  for (let key = 0; key < BLOCK; key++) store<f32>(ones + (<usize>key << 2), 1);
  memory.fill(dK, 0, <usize>(batches * heads * keys) * depth4);
  memory.fill(dV, 0, <usize>(batches * heads * keys) * width4);
  for (let head = 0; head < batches * heads; head++) {
    const seen = mask ? mask + (<usize>(head / heads * keys) << 2) : 0;
    if (linear) {
      memory.fill(state, 0, stateBytes(depth, width));
      if (!causal) {
        for (let first = 0; first < keys; first += BLOCK) {
          addKeys(k, v, seen, first, min(BLOCK, keys - first), depth, width, extended, values, ones, state, features, corner);
        }
        turnState(state, depth, width, turned);
      }
    }
    // Forwards over queries: dQ, and what pairs give to dK and dV.
    for (let top = 0; top < queries; top += BLOCK) {
      const rows = min(BLOCK, queries - top);
      weighRows(out, totals, dOut, top, rows, width, eps, g, h);
      for (let row = 0; row < rows; row += 8) {
        const count = min(8, rows - row), panel = <usize>(row >> 3), to = y + panel * panelY;
        packExtended(q + <usize>(top + row) * depth4, depth4, count, 8, depth, 0, x + panel * panelX);
        packAcross(g + <usize>row * width4, width4, count, 8, width, to);
        v128.store(to + (<usize>width << 5), v128.load(h + (<usize>row << 2)));
        v128.store(to + (<usize>width << 5), v128.load(h + (<usize>row << 2), 16), 16);
      }
      memory.fill(dX, 0, <usize>(1 + deep) * BLOCK << 2);
      if (linear && (!causal || top > 0)) {
        if (causal) turnState(state, depth, width, turned);
        foldState(x, y, rows, depth, width, turned, dX, panelD, folded);
      }
      const last = causal ? min(keys, top + rows) : linear ? 0 : keys, begin = linear ? top : 0;
      if (last > begin) {
        packRows(q + <usize>top * depth4, rows, depth, 1, alongQ);
        packRows(g, rows, width, 1, alongG);
      }
      for (let first = begin; first < last; first += BLOCK) {
        const tile = min(BLOCK, last - first), tileMask = seen ? seen + (<usize>first << 2) : 0;
        if (!anyVisible(tileMask, tile)) continue;
        packKeys(k + <usize>first * depth4, depth4, tile, depth, packedK);
        packColumns(k + <usize>first * depth4, depth4, tile, depth, columnsK);
        packKeys(v + <usize>first * width4, width4, tile, width, packedV);
        if (tileMask) clearRows(columnsK, tile, depth, tileMask);
        for (let row = 0; row < rows; row += 8) {
          const panel = <usize>(row >> 3);
          for (let key = 0; key < tile; key += 4) {
            const to = <usize>key << 5;
            micro4x8(packedK + <usize>key * depth4, x + panel * panelX + 32, 32, scores + to, 32, depth, 0);
            micro4x8(packedV + <usize>key * width4, y + panel * panelY, 32, gradients + to, 32, width, 0);
          }
          slope(scores, gradients, tile, tileMask, causal ? top + row + 1 - first : BLOCK, h + (<usize>row << 2));
          turn(scores, tile, powers + (<usize>row << 4), <usize>BLOCK << 4);
          turn(gradients, tile, slopes + (<usize>row << 4), <usize>BLOCK << 4);
          for (let column = 0, from = columnsK; column < depth; column += 4, from += <usize>tile << 4) {
            micro4x8(from, gradients, 32, dX + panel * panelD + 32 + (<usize>column << 5), 32, tile, 1);
          }
        }
        addTiles(powers, alongG, rows, tile, width, dV + <usize>first * width4, width4, corner);
        addTiles(slopes, alongQ, rows, tile, depth, dK + <usize>first * depth4, depth4, corner);
        if (linear && top + rows < queries) {
          addKeys(k, v, seen, first, tile, depth, width, extended, values, ones, state, features, corner);
        }
      }
      for (let row = 0; row < rows; row += 8) {
        const from = dX + <usize>(row >> 3) * panelD + 32;
        unpack(from, depth, dQ + <usize>(top + row) * depth4, depth4, rows - row, one, one);
      }
    }
    // Backwards over queries: what the state of those that see a key gives to it.
    if (linear) {
      memory.fill(state, 0, stateBytes(depth, width));
      const span = max(queries, keys), final = (span - 1) / BLOCK * BLOCK;
      if (!causal) {
        for (let top = 0; top < queries; top += BLOCK) {
          addQueries(q, out, totals, dOut, top, min(BLOCK, queries - top), depth, width, eps, g, h, extended, values, state, features, corner);
        }
        turnState(state, depth, width, turned);
      }
      for (let first = final; first >= 0; first -= BLOCK) {
        const tile = min(BLOCK, keys - first), tileMask = seen ? seen + (<usize>first << 2) : 0;
        if (tile > 0 && (!causal || first + BLOCK < queries) && anyVisible(tileMask, tile)) {
          if (causal) turnState(state, depth, width, turned);
          memory.fill(dX, 0, <usize>(1 + deep) * BLOCK << 2);
          memory.fill(answers, 0, padded * BLOCK);
          for (let row = 0; row < tile; row += 8) {
            const count = min(8, tile - row), at = <usize>(first + row), panel = <usize>(row >> 3);
            const rowMask = tileMask ? tileMask + (<usize>row << 2) : 0;
            packExtended(k + at * depth4, depth4, count, 8, depth, rowMask, x + panel * panelX);
            across(v + at * width4, count, width, x + panel * panelX, y + panel * panelY);
          }
          for (let row = 0; row < tile; row += 4) {
            const rowMask = tileMask ? tileMask + (<usize>row << 2) : 0;
            packExtended(k + <usize>(first + row) * depth4, depth4, min(4, tile - row), 4, depth, rowMask, fours + extendedBytes(depth, row));
          }
          foldState(x, y, tile, depth, width, turned, dX, panelD, folded);
          for (let row = 0; row < tile; row += 8) {
            unpack(dX + <usize>(row >> 3) * panelD + 32, depth, packedK + <usize>row * depth4, depth4, tile - row, one, one);
          }
          askState(fours, up4(tile), depth, width, state, answers, scores, features);
          addRows(packedK, depth, dK + <usize>first * depth4, depth, tile);
          addRows(answers, up8(width), dV + <usize>first * width4, width, tile);
        }
        if (causal && first < queries && first > 0) {
          addQueries(q, out, totals, dOut, first, min(BLOCK, queries - first), depth, width, eps, g, h, extended, values, state, features, corner);
        }
      }
    }
    q += <usize>queries * depth4, k += <usize>keys * depth4, v += <usize>keys * width4;
    dQ += <usize>queries * depth4, dK += <usize>keys * depth4, dV += <usize>keys * width4;
    out += <usize>queries * width4, dOut += <usize>queries * width4, totals += <usize>queries << 2;
  }
}

/** A tile of keys and values added to the state. */
function addKeys(
  k: usize, v: usize, mask: usize, first: i32, tile: i32, depth: i32, width: i32,
  extended: usize, values: usize, ones: usize, state: usize, features: usize, corner: usize,
): void {
  const tileMask = mask ? mask + (<usize>first << 2) : 0;
  if (!anyVisible(tileMask, tile)) return;
  packExtended(k + <usize>(first * depth) * 4, <usize>depth << 2, tile, up4(tile), depth, tileMask, extended);
  packValues(v + <usize>(first * width) * 4, <usize>width << 2, tile, up4(tile), width, tileMask, values);
  addToState(extended, values, ones, up4(tile), depth, width, state, features, corner);
}

/** A block of queries and their g and h added to the state that runs backwards. */
function addQueries(
  q: usize, out: usize, totals: usize, dOut: usize, top: i32, rows: i32, depth: i32, width: i32, eps: f32, g: usize, h: usize,
  extended: usize, values: usize, state: usize, features: usize, corner: usize,
): void {
  weighRows(out, totals, dOut, top, rows, width, eps, g, h);
  packExtended(q + <usize>(top * depth) * 4, <usize>depth << 2, rows, up4(rows), depth, 0, extended);
  packValues(g, <usize>width << 2, rows, up4(rows), width, 0, values);
  addToState(extended, values, h, up4(rows), depth, width, state, features, corner);
}

/** g [rows, M] and h [rows, then zeros up to a panel's end] of a block of queries. */
function weighRows(
  out: usize, totals: usize, dOut: usize, top: i32, rows: i32, width: i32, eps: f32, g: usize, h: usize,
): void {
  const width4 = <usize>width << 2;
  out += <usize>top * width4, dOut += <usize>top * width4, totals += <usize>top << 2;
  for (let row = 0; row < rows; row++, out += width4, dOut += width4, totals += 4, h += 4) {
    const total = load<f32>(totals), guarded = total < eps;
    // Nothing seen, nothing passed back: weights of sum 0 are all 0.
    const factor: f32 = total == 0 ? 0 : 1 / (guarded ? eps : total);
    for (let end = dOut + width4, from = dOut; from < end; from += 4, g += 4) store<f32>(g, load<f32>(from) * factor);
    store<f32>(h, guarded ? 0 : -inner(out, dOut, width) * factor);
  }
  for (let row = rows; row < up8(rows); row++, h += 4) store<f32>(h, 0);
}

/** Scores [count, 8] become P and gradients at P, h to be added, become dS; both 0 where a query doesn't look. */
function slope(scores: usize, gradients: usize, count: i32, mask: usize, ahead: i32, h: usize): void {
  const one = f32x4.splat(1), h0 = v128.load(h), h1 = v128.load(h, 16);
  for (let key = 0; key < count; key++, scores += 32, gradients += 32) {
    const s0 = f32x4.add(one, v128.load(scores)), s1 = f32x4.add(one, v128.load(scores, 16));
    let p0 = f32x4.mul(s0, s0), p1 = f32x4.mul(s1, s1);
    let d0 = f32x4.mul(f32x4.add(s0, s0), f32x4.add(v128.load(gradients), h0));
    let d1 = f32x4.mul(f32x4.add(s1, s1), f32x4.add(v128.load(gradients, 16), h1));
    if (mask && !(load<f32>(mask + (<usize>key << 2)) > 0.5)) {
      p0 = f32x4.splat(0), p1 = p0, d0 = p0, d1 = p0;
    } else if (key >= ahead) {
      const last = i32x4.splat(key - ahead);
      const seen0 = i32x4.gt_s(i32x4(0, 1, 2, 3), last), seen1 = i32x4.gt_s(i32x4(4, 5, 6, 7), last);
      p0 = v128.and(p0, seen0), p1 = v128.and(p1, seen1), d0 = v128.and(d0, seen0), d1 = v128.and(d1, seen1);
    }
    v128.store(scores, p0), v128.store(scores, p1, 16), v128.store(gradients, d0), v128.store(gradients, d1, 16);
  }
}

/** Hidden rows of packColumns' result become zeros: 0 times what they hold may be NaN. */
function clearRows(panels: usize, count: i32, width: i32, mask: usize): void {
  for (let key = 0; key < count; key++) {
    if (load<f32>(mask + (<usize>key << 2)) > 0.5) continue;
    for (let column = 0, at = panels + (<usize>key << 4); column < width; column += 4, at += <usize>count << 4) {
      v128.store(at, f32x4.splat(0));
    }
  }
}

/** [v, 1] of up to eight keys side by side, [M + 1, 8], zeros where packExtended's first line, `seen`, is 0. */
function across(v: usize, count: i32, width: i32, seen: usize, to: usize): void {
  packAcross(v, <usize>width << 2, count, 8, width, to);
  const one0 = v128.load(seen), one1 = v128.load(seen, 16), zero = f32x4.splat(0);
  const seen0 = f32x4.ne(one0, zero), seen1 = f32x4.ne(one1, zero), end = to + (<usize>width << 5);
  for (; to < end; to += 32) {
    v128.store(to, v128.and(v128.load(to), seen0)), v128.store(to, v128.and(v128.load(to, 16), seen1), 16);
  }
  v128.store(to, one0), v128.store(to, one1, 16);
}

/** to[rows, width] += the first columns of from[rows, stride]. */
function addRows(from: usize, stride: i32, to: usize, width: i32, rows: i32): void {
  for (let row = 0; row < rows; row++, from += <usize>stride << 2) {
    for (let column = 0, at = from; column < width; column++, at += 4, to += 4) store<f32>(to, load<f32>(to) + load<f32>(at));
  }
}
