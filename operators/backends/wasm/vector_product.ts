/**
 * Products with a single row or column: bound by memory, not by arithmetic, so that nothing is packed.
 */
import { madd } from "./simd";
import { loadPart, storePart } from "./parts";

/** out[row] = sum over k of matrix[row, k] vector[k]: rows lie along memory. Four rows share the loads of the vector. */
export function dots(matrix: usize, vector: usize, out: usize, rows: i32, depth: i32): void {
  const stride = <usize>depth << 2;
  for (let row = 0; row < rows; row += 4) {
    const left = rows - row;
    const m0 = matrix, m1 = matrix + (left > 1 ? stride : 0);
    const m2 = left > 2 ? m1 + stride : m0, m3 = left > 3 ? m2 + stride : m0;
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let at: usize = 0;
    let k = depth;
    for (; k >= 4; k -= 4, at += 16) {
      const v = v128.load(vector + at);
      s0 = madd(v, v128.load(m0 + at), s0), s1 = madd(v, v128.load(m1 + at), s1);
      s2 = madd(v, v128.load(m2 + at), s2), s3 = madd(v, v128.load(m3 + at), s3);
    }
    if (k) {
      const v = loadPart(vector + at, k);
      s0 = madd(v, loadPart(m0 + at, k), s0), s1 = madd(v, loadPart(m1 + at, k), s1);
      s2 = madd(v, loadPart(m2 + at, k), s2), s3 = madd(v, loadPart(m3 + at, k), s3);
    }
    const low = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
    const high = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
    const sums = f32x4.add(v128.shuffle<f32>(low, high, 0, 1, 4, 5), v128.shuffle<f32>(low, high, 2, 3, 6, 7));
    storePart(out, sums, left);
    matrix += stride << 2, out += 16;
  }
}

/** out[column] = sum over k of vector[k] matrix[k, column]: columns lie along memory. */
export function combine(matrix: usize, vector: usize, out: usize, columns: i32, depth: i32): void {
  const stride = <usize>columns << 2;
  let column = 0;
  for (; column + 16 <= columns; column += 16, matrix += 64, out += 64) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let at = matrix, from = vector;
    for (let k = 0; k < depth; k++, at += stride, from += 4) {
      const v = v128.load_splat<f32>(from);
      s0 = madd(v, v128.load(at), s0), s1 = madd(v, v128.load(at, 16), s1);
      s2 = madd(v, v128.load(at, 32), s2), s3 = madd(v, v128.load(at, 48), s3);
    }
    v128.store(out, s0), v128.store(out, s1, 16), v128.store(out, s2, 32), v128.store(out, s3, 48);
  }
  for (; column < columns; column += 4, matrix += 16, out += 16) {
    const count = columns - column;
    let sum = f32x4.splat(0);
    let at = matrix, from = vector;
    for (let k = 0; k < depth; k++, at += stride, from += 4) {
      sum = madd(v128.load_splat<f32>(from), loadPart(at, count), sum);
    }
    storePart(out, sum, count);
  }
}
