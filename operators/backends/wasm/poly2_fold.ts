/**
 * The way back through the features of the degree-2 kernel, again without storing them: for a vector x whose features'
 * gradient is S y, with y = [gradient at the numerators, at the denominator] (THEORY.md 6.6),
 *
 *     d phi = S y,     dx'_i = sum over j > i of w d phi_ij x'_j + sum over j < i of w d phi_ji x'_j + 2 d phi_ii x'_i
 *
 * Blocks of d phi [features, 8] are made by the micro-kernel, eight vectors side by side, and folded at once.
 */
import { featureCount } from "./poly2_features";
import { up8 } from "./poly2_state";
import { micro4x8 } from "./micro";
import { madd } from "./simd";

/** Features in a block: d phi of eight vectors is 8 KiB. */
const FEATURES = 256;

/** Bytes of {@link turnState}'s result. */
export function turnedBytes(depth: i32, width: i32): usize {
  return (<usize>((featureCount(depth) + 3) & ~3) * <usize>(width + 1) << 2) + 128;
}

/** Bytes that {@link foldState} needs for a block. */
export function foldBytes(): usize {
  return FEATURES << 5;
}

/** A state as panels of four features, [C/4, M + 1, 4]: the order in which the micro-kernel reads its first operand. */
export function turnState(state: usize, depth: i32, width: i32, to: usize): void {
  const quads = (featureCount(depth) + 3) >> 2, column = <usize>quads << 7;
  const z = state + <usize>(up8(width) >> 3) * column;
  for (let quad: usize = 0; quad < <usize>quads; quad++, to += <usize>(width + 1) << 4) {
    // The last panel's spare columns are written over by z and by the next four features.
    for (let left = 0, from = state + (quad << 7), at = to; left < width; left += 8, from += column, at += 128) {
      turn4(from, at), turn4(from + 16, at + 64);
    }
    v128.store(to + (<usize>width << 4), v128.load(z + (quad << 4)));
  }
}

// @ts-ignore: decorator
@inline
function turn4(from: usize, to: usize): void {
  const r0 = v128.load(from), r1 = v128.load(from, 32), r2 = v128.load(from, 64), r3 = v128.load(from, 96);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 16);
  v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 32);
  v128.store(to, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 48);
}

/**
 * dX' += the way back.
 *
 * @param x      [rows/8] packExtended's results of eight vectors each
 * @param y      [rows/8, M + 1, 8]
 * @param turned {@link turnState}'s result
 * @param dX     [rows/8] panels of [1 + D, 8], `panel` bytes apart
 * @param block  {@link foldBytes}
 */
export function foldState(
  x: usize, y: usize, rows: i32, depth: i32, width: i32, turned: usize, dX: usize, panel: usize, block: usize,
): void {
  const features = featureCount(depth), vectors = <usize>(depth + 1) << 6, quad = <usize>(width + 1) << 4;
  let i = 0, j = 0;
  for (let first = 0; first < features; first += FEATURES) {
    const count = min(FEATURES, features - first);
    for (let row = 0, from = x, above = y, to = dX; row < rows; row += 8, from += vectors, above += quad << 1, to += panel) {
      for (let feature = 0, a = turned, at = block; feature < count; feature += 4, a += quad, at += 128) {
        micro4x8(a, above, 32, at, 32, width + 1, 0);
      }
      fold(block, from, depth, i, j, count, to);
    }
    turned += quad * (FEATURES >> 2);
    j += count;
    while (j > depth && i <= depth) j += ++i - depth - 1;
  }
}

/** Folds `count` features' gradients [count, 8], the first being (i, j), into [1 + D, 8]. */
function fold(from: usize, x: usize, depth: i32, i: i32, j: i32, count: i32, to: usize): void {
  const scaled = <usize>(depth + 1) << 5;
  while (count > 0) {
    let left = min(count, depth + 1 - j), at = x + (<usize>j << 5), other = to + (<usize>j << 5);
    const own = x + (<usize>i << 5), out = to + (<usize>i << 5);
    const x0 = v128.load(own + scaled), x1 = v128.load(own + scaled, 16);
    let sum0 = f32x4.splat(0), sum1 = sum0;
    count -= left;
    if (i == j) {
      sum0 = f32x4.mul(v128.load(from), v128.load(own)), sum1 = f32x4.mul(v128.load(from, 16), v128.load(own, 16));
      sum0 = f32x4.add(sum0, sum0), sum1 = f32x4.add(sum1, sum1);
      from += 32, at += 32, other += 32, left--;
    }
    for (at += scaled; left > 0; left--, from += 32, at += 32, other += 32) {
      const d0 = v128.load(from), d1 = v128.load(from, 16);
      sum0 = madd(d0, v128.load(at), sum0), sum1 = madd(d1, v128.load(at, 16), sum1);
      v128.store(other, madd(d0, x0, v128.load(other)));
      v128.store(other, madd(d1, x1, v128.load(other, 16)), 16);
    }
    v128.store(out, f32x4.add(v128.load(out), sum0));
    v128.store(out, f32x4.add(v128.load(out, 16), sum1), 16);
    i++, j = i;
  }
}
