/**
 * The state of degree-2 kernel attention, S = sum of phi(k) v^T [C, M] and z = sum of phi(k) [C] (THEORY.md 6.2), and the
 * two products with it: adding a tile of keys, and asking with a tile of queries. phi is made in blocks that fit the
 * caches, contracted by the micro-kernel and forgotten.
 *
 * S lies in panels of eight columns, [M/8, C, 8], the order in which the micro-kernel reads its second operand and writes
 * its result. Beside each sum lies what rounding took from it (Kahan 1965): sums over a million keys stay as near as
 * those over one tile.
 */
import { featureColumns, featureCount, featureRows } from "./poly2_features";
import { micro4x8 } from "./micro";
import { packAlong } from "./panels";

/** Features of keys in a block, in panels of four: 96 KiB with 256 keys. */
const QUADS = 24;
/** Features of queries in a block: a panel of S (8 KiB) and one of four queries (4 KiB) share the first-level cache. */
const FEATURES = 256;

// @ts-ignore: decorator
@inline
export function up8(count: i32): i32 {
  return (count + 7) & ~7;
}

/** Bytes of S and z, with what rounding took from them. */
export function stateBytes(depth: i32, width: i32): usize {
  return <usize>((featureCount(depth) + 3) & ~3) * <usize>(up8(width) + 1) << 3;
}

/** Bytes for a block of features of `keys` keys or `queries` queries (multiples of 4). */
export function featureBlockBytes(keys: i32, queries: i32): usize {
  return <usize>max(QUADS * keys, FEATURES * (queries >> 2)) << 4;
}

/** Columns of `count` rows as panels of eight, `rows` long; hidden rows and those past `count` are zeros. */
export function packValues(from: usize, stride: usize, count: i32, rows: i32, width: i32, mask: usize, to: usize): void {
  const zero = f32x4.splat(0);
  for (let column = 0; column < width; column += 8, to += <usize>rows << 5) {
    packAlong(from + (<usize>column << 2), stride, min(8, width - column), 8, count, to);
    if (mask) {
      for (let row = 0; row < count; row++) {
        if (load<f32>(mask + (<usize>row << 2)) > 0.5) continue;
        const at = to + (<usize>row << 5);
        v128.store(at, zero), v128.store(at, zero, 16);
      }
    }
    for (let row = count; row < rows; row++) {
      const at = to + (<usize>row << 5);
      v128.store(at, zero), v128.store(at, zero, 16);
    }
  }
}

/** sum += value, with what rounding took from the sum in `rest`; an infinite sum takes nothing. */
// @ts-ignore: decorator
@inline
function addTo(sum: usize, rest: usize, value: v128): void {
  const before = v128.load(sum), y = f32x4.sub(value, v128.load(rest)), after = f32x4.add(before, y);
  const lost = f32x4.sub(f32x4.sub(after, before), y);
  v128.store(sum, after);
  v128.store(rest, v128.and(lost, f32x4.eq(lost, lost)));
}

/**
 * S += phi(X)^T Y and z += phi(X)^T weights.
 *
 * @param x       packExtended's result of `rows` vectors
 * @param y       packValues' result of as many
 * @param weights [rows]
 * @param state   {@link stateBytes}
 * @param block   {@link featureBlockBytes}
 * @param tile    128 bytes
 */
export function addToState(
  x: usize, y: usize, weights: usize, rows: i32, depth: i32, width: i32, state: usize, block: usize, tile: usize,
): void {
  const features = featureCount(depth), quads = (features + 3) >> 2;
  const half = stateBytes(depth, width) >> 1, column = <usize>quads << 7, panel = <usize>rows << 4;
  const z = state + <usize>(up8(width) >> 3) * column;
  let i = 0, j = 0;
  for (let first = 0; first < quads; first += QUADS) {
    const count = min(QUADS, quads - first);
    for (let quad = 0; quad < count; quad++) {
      const sums = featureColumns(x, rows, depth, i, j, block + <usize>quad * panel, weights);
      const at = z + (<usize>(first + quad) << 4);
      addTo(at, at + half, sums);
      j += 4;
      while (j > depth && i <= depth) j += ++i - depth - 1;
    }
    for (let left = 0, to = state + (<usize>first << 7), from = y; left < width; left += 8, to += column, from += panel << 1) {
      for (let quad = 0, a = block, at = to; quad < count; quad++, a += panel, at += 128) {
        micro4x8(a, from, 32, tile, 32, rows, 0);
        for (let line: usize = 0; line < 128; line += 16) addTo(at + line, at + half + line, v128.load(tile + line));
      }
    }
  }
}

/**
 * out += phi(X) S and totals += phi(X) z.
 *
 * @param x      [rows/4] packExtended's results of four vectors each
 * @param rows   a multiple of 4
 * @param out    [rows, up8(M)]
 * @param totals [rows]
 */
export function askState(
  x: usize, rows: i32, depth: i32, width: i32, state: usize, out: usize, totals: usize, block: usize,
): void {
  const features = featureCount(depth), column = <usize>((features + 3) & ~3) << 5;
  const z = state + <usize>(up8(width) >> 3) * column, vectors = extended4(depth), line = <usize>up8(width) << 2;
  let i = 0, j = 0;
  for (let first = 0; first < features; first += FEATURES) {
    const count = min(FEATURES, features - first), panel = <usize>count << 4;
    for (let row = 0, from = x, to = block, total = totals; row < rows; row += 4, from += vectors, to += panel, total += 16) {
      const sums = featureRows(from, 16, depth, i, j, count, to, z + (<usize>first << 2));
      v128.store(total, f32x4.add(v128.load(total), sums));
    }
    for (let left = 0, from = state + (<usize>first << 5), to = out; left < width; left += 8, from += column, to += 32) {
      for (let row = 0, a = block, at = to; row < rows; row += 4, a += panel, at += line << 2) {
        micro4x8(a, from, 32, at, line, count, 1);
      }
    }
    j += count;
    while (j > depth && i <= depth) j += ++i - depth - 1;
  }
}

// @ts-ignore: decorator
@inline
function extended4(depth: i32): usize {
  return <usize>(depth + 1) << 5;
}

/**
 * A state [C, M + 1], z its last column, from outside.
 *
 * @param lost 1: what rounding took from each sum comes behind it, in the same shape; 0: nothing was lost in it yet
 */
export function readState(from: usize, depth: i32, width: i32, lost: i32, state: usize): void {
  const bytes = stateBytes(depth, width);
  memory.fill(state, 0, bytes);
  readHalf(from, depth, width, state);
  if (lost) readHalf(from + outerBytes(depth, width), depth, width, state + (bytes >> 1));
}

/** The state as {@link readState} takes it. */
export function writeState(state: usize, depth: i32, width: i32, lost: i32, to: usize): void {
  writeHalf(state, depth, width, to);
  if (lost) writeHalf(state + (stateBytes(depth, width) >> 1), depth, width, to + outerBytes(depth, width));
}

/** Bytes of [C, M + 1]. */
// @ts-ignore: decorator
@inline
export function outerBytes(depth: i32, width: i32): usize {
  return <usize>(featureCount(depth) * (width + 1)) << 2;
}

function readHalf(from: usize, depth: i32, width: i32, state: usize): void {
  const features = featureCount(depth), column = <usize>((features + 3) & ~3) << 5;
  const z = state + <usize>(up8(width) >> 3) * column;
  for (let feature: usize = 0; feature < <usize>features; feature++) {
    let left = width;
    for (let at = state + (feature << 5); left > 0; left -= 8, at += column) {
      if (left >= 8) v128.store(at, v128.load(from)), v128.store(at, v128.load(from, 16), 16), from += 32;
      else for (let place: usize = 0; place < <usize>left; place++, from += 4) store<f32>(at + (place << 2), load<f32>(from));
    }
    store<f32>(z + (feature << 2), load<f32>(from)), from += 4;
  }
}

function writeHalf(state: usize, depth: i32, width: i32, to: usize): void {
  const features = featureCount(depth), column = <usize>((features + 3) & ~3) << 5;
  const z = state + <usize>(up8(width) >> 3) * column;
  for (let feature: usize = 0; feature < <usize>features; feature++) {
    let left = width;
    for (let at = state + (feature << 5); left > 0; left -= 8, at += column) {
      if (left >= 8) v128.store(to, v128.load(at)), v128.store(to, v128.load(at, 16), 16), to += 32;
      else for (let place: usize = 0; place < <usize>left; place++, to += 4) store<f32>(to, load<f32>(at + (place << 2)));
    }
    store<f32>(to, load<f32>(z + (feature << 2))), to += 4;
  }
}
