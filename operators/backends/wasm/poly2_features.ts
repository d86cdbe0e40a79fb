/**
 * Features of the degree-2 kernel, made when they are needed and never stored (THEORY.md 6.2):
 *
 *     (1 + q k)^2 = phi(q) phi(k)
 *
 * With x' = [1, x] the features are w x'_i x'_j for i <= j, w = 1 on the diagonal and sqrt 2 off it, row after row of that
 * triangle: 1, sqrt2 x_1 ... sqrt2 x_D, x_1^2, sqrt2 x_1 x_2 ... There are C = (D+1)(D+2)/2 of them.
 *
 * Vectors lie across: [1 + D, rows] holds x' of `rows` vectors side by side, and behind it lies sqrt2 x', so that each
 * feature is one multiplication, (sqrt2 x'_i) x'_j or x'_i x'_i.
 */
import { madd } from "./simd";
import { packAcross } from "./panels";

const ROOT: f32 = 1.4142135623730951;

/** C of depth D. */
// @ts-ignore: decorator
@inline
export function featureCount(depth: i32): i32 {
  return ((depth + 1) * (depth + 2)) >> 1;
}

/** Bytes of {@link packExtended}'s result. */
// @ts-ignore: decorator
@inline
export function extendedBytes(depth: i32, rows: i32): usize {
  return <usize>((depth + 1) * rows) << 3;
}

/**
 * x' and sqrt2 x' of `count` rows that lie `stride` bytes apart, as [2, 1 + D, rows]. A hidden row, and what is beyond
 * `count`, is zeros, its 1 too: all of its features are 0, whatever it held.
 *
 * @param rows a multiple of 4, at least `count`
 * @param mask of the rows, or 0
 */
export function packExtended(from: usize, stride: usize, count: i32, rows: i32, depth: i32, mask: usize, to: usize): void {
  const line = <usize>rows << 2, size = line * <usize>(depth + 1);
  packAcross(from, stride, count, rows, depth, to + line);
  let hidden = count < rows;
  for (let row = 0; row < rows; row++) {
    const seen = row < count && (!mask || load<f32>(mask + (<usize>row << 2)) > 0.5);
    store<f32>(to + (<usize>row << 2), seen ? 1 : 0);
    if (!seen) hidden = true;
  }
  if (hidden) {
    for (let row: usize = 0; row < line; row += 16) {
      const seen = f32x4.ne(v128.load(to + row), f32x4.splat(0));
      for (let at = to + row + line, end = to + size; at < end; at += line) v128.store(at, v128.and(v128.load(at), seen));
    }
  }
  const root = f32x4.splat(ROOT);
  for (let at = to, end = to + size; at < end; at += 16) v128.store(at + size, f32x4.mul(root, v128.load(at)));
}

/**
 * `count` features of four vectors, the first being (i, j), as a panel [count, 4].
 *
 * @param x     one column of four of {@link packExtended}'s result
 * @param step  bytes from x'_j to x'_(j+1)
 * @param z     a weight for each of these features
 * @returns     of each vector, the weighted sum of these features
 */
export function featureRows(x: usize, step: usize, depth: i32, i: i32, j: i32, count: i32, to: usize, z: usize): v128 {
  const scaled = x + step * <usize>(depth + 1);
  let even = f32x4.splat(0), odd = even;
  while (count > 0) {
    let left = min(count, depth + 1 - j), at = x + step * <usize>j;
    const factor = v128.load(scaled + step * <usize>i);
    count -= left;
    if (i == j) {
      const x = v128.load(at), value = f32x4.mul(x, x);
      v128.store(to, value);
      odd = madd(value, v128.load_splat<f32>(z), odd);
      to += 16, z += 4, at += step, left--;
    }
    for (; left >= 2; left -= 2) {
      const first = f32x4.mul(factor, v128.load(at)), second = f32x4.mul(factor, v128.load(at + step));
      v128.store(to, first), v128.store(to, second, 16);
      even = madd(first, v128.load_splat<f32>(z), even), odd = madd(second, v128.load_splat<f32>(z, 4), odd);
      to += 32, z += 8, at += step << 1;
    }
    if (left) {
      const value = f32x4.mul(factor, v128.load(at));
      v128.store(to, value);
      even = madd(value, v128.load_splat<f32>(z), even);
      to += 16, z += 4;
    }
    i++, j = i;
  }
  return f32x4.add(even, odd);
}

/**
 * Four features, the first being (i, j), of `rows` vectors as a panel [rows, 4]; features past the last repeat it.
 *
 * @param x       {@link packExtended}'s result
 * @param weights of each vector
 * @returns       of each feature, the weighted sum over the vectors
 */
export function featureColumns(x: usize, rows: i32, depth: i32, i: i32, j: i32, to: usize, weights: usize): v128 {
  const step = <usize>rows << 2, scaled = x + step * <usize>(depth + 1);
  const a0 = (i == j ? x : scaled) + step * <usize>i, b0 = x + step * <usize>j;
  if (j < depth) j++;
  else if (i < depth) i++, j = i;
  const a1 = (i == j ? x : scaled) + step * <usize>i, b1 = x + step * <usize>j;
  if (j < depth) j++;
  else if (i < depth) i++, j = i;
  const a2 = (i == j ? x : scaled) + step * <usize>i, b2 = x + step * <usize>j;
  if (j < depth) j++;
  else if (i < depth) i++, j = i;
  const a3 = (i == j ? x : scaled) + step * <usize>i, b3 = x + step * <usize>j;
  let even = f32x4.splat(0), odd = even;
  for (let at: usize = 0; at < step; at += 16, to += 64, weights += 16) {
    const r0 = f32x4.mul(v128.load(a0 + at), v128.load(b0 + at)), r1 = f32x4.mul(v128.load(a1 + at), v128.load(b1 + at));
    const r2 = f32x4.mul(v128.load(a2 + at), v128.load(b2 + at)), r3 = f32x4.mul(v128.load(a3 + at), v128.load(b3 + at));
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    const t0 = v128.shuffle<f32>(low01, low23, 0, 1, 4, 5), t1 = v128.shuffle<f32>(low01, low23, 2, 3, 6, 7);
    const t2 = v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), t3 = v128.shuffle<f32>(high01, high23, 2, 3, 6, 7);
    v128.store(to, t0), v128.store(to, t1, 16), v128.store(to, t2, 32), v128.store(to, t3, 48);
    even = madd(t0, v128.load_splat<f32>(weights), even), odd = madd(t1, v128.load_splat<f32>(weights, 4), odd);
    even = madd(t2, v128.load_splat<f32>(weights, 8), even), odd = madd(t3, v128.load_splat<f32>(weights, 12), odd);
  }
  return f32x4.add(even, odd);
}
