/**
 * Sums over the first or the last axis of a matrix: what the gradient of a broadcast, and a norm, are made of.
 */
import { sumOf } from "./lanes";
import { loadPart, storePart } from "./parts";

/** out[c] = sum over rows of x[r, c], for x [rows, width]. Rows are added in their order, four in one pass over out. */
export function sumRows(x: usize, out: usize, rows: i32, width: i32): void {
  const bytes = <usize>width << 2, vectors = bytes & ~15, rest = width & 3;
  memory.fill(out, 0, bytes);
  let row = 0;
  for (; row <= rows - 4; row += 4, x += bytes << 2) {
    const second = x + bytes, third = second + bytes, fourth = third + bytes;
    for (let at: usize = 0; at < vectors; at += 16) {
      const sum = f32x4.add(f32x4.add(v128.load(out + at), v128.load(x + at)), v128.load(second + at));
      v128.store(out + at, f32x4.add(f32x4.add(sum, v128.load(third + at)), v128.load(fourth + at)));
    }
    if (rest) {
      const sum = f32x4.add(f32x4.add(loadPart(out + vectors, rest), loadPart(x + vectors, rest)), loadPart(second + vectors, rest));
      const all = f32x4.add(f32x4.add(sum, loadPart(third + vectors, rest)), loadPart(fourth + vectors, rest));
      storePart(out + vectors, all, rest);
    }
  }
  for (; row < rows; row++, x += bytes) {
    for (let column = 0, at: usize = 0; column < width; column += 4, at += 16) {
      const count = width - column;
      storePart(out + at, f32x4.add(loadPart(out + at, count), loadPart(x + at, count)), count);
    }
  }
}

/** out[r] = sum over columns of x[r, c], for x [rows, width]: sixteen running sums, so that long rows lose few digits. */
export function sumColumns(x: usize, out: usize, rows: i32, width: i32): void {
  for (let row = 0; row < rows; row++, out += 4) {
    let a = f32x4.splat(0), b = a, c = a, d = a;
    let left = width;
    for (; left >= 16; left -= 16, x += 64) {
      a = f32x4.add(a, v128.load(x)), b = f32x4.add(b, v128.load(x, 16));
      c = f32x4.add(c, v128.load(x, 32)), d = f32x4.add(d, v128.load(x, 48));
    }
    for (; left > 0; left -= 4, x += <usize>min(left + 4, 4) << 2) a = f32x4.add(a, loadPart(x, left));
    store<f32>(out, sumOf(f32x4.add(f32x4.add(a, b), f32x4.add(c, d))));
  }
}
