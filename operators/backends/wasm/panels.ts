/**
 * Packing: the operands of a product in the order in which the micro-kernel reads them. A panel of A holds 6 or 4 rows, a
 * panel of B 8 columns; both are stored k by k, so that the inner loop reads memory straight on. What a panel
 * has beyond the matrix's edge only reaches results that are thrown away: it holds a copy of the last line, or zeros, and
 * nothing is read past the end.
 *
 * A matrix whose panel index runs along memory ("along": A transposed, B plain) is copied; one whose k runs along memory
 * ("across": A plain, B transposed) is transposed by four-by-four blocks in registers.
 */
import { loadPart } from "./parts";

/** Packs `count` <= `size` lines that lie `stride` bytes apart, k running along memory. */
export function packAcross(from: usize, stride: usize, count: i32, size: i32, depth: i32, to: usize): void {
  const step = <usize>size << 2;
  for (let line = 0; line < size; line += 4, to += 16) {
    transpose4(
      from + <usize>min(line, count - 1) * stride,
      from + <usize>min(line + 1, count - 1) * stride,
      from + <usize>min(line + 2, count - 1) * stride,
      from + <usize>min(line + 3, count - 1) * stride,
      depth, to, step,
    );
  }
}

/** Packs `count` <= `size` columns that lie side by side, k running in strides of `stride` bytes. */
export function packAlong(from: usize, stride: usize, count: i32, size: i32, depth: i32, to: usize): void {
  if (count == 8) {
    for (let k = 0; k < depth; k++, from += stride, to += 32) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
    }
  } else if (size == 4) {
    for (let k = 0; k < depth; k++, from += stride, to += 16) v128.store(to, loadPart(from, count));
  } else if (count > 4) {
    for (let k = 0; k < depth; k++, from += stride, to += 32) {
      v128.store(to, v128.load(from));
      v128.store(to, loadPart(from + 16, count - 4), 16);
    }
  } else {
    for (let k = 0; k < depth; k++, from += stride, to += 32) {
      v128.store(to, loadPart(from, count));
      v128.store(to, f32x4.splat(0), 16);
    }
  }
}

/**
 * Rows in the next panel of A when `left` are to come: sixes, and fours at the end where they waste less. All panels but
 * the last are full, so that the panel of row r begins r lines after the first.
 */
// @ts-ignore: decorator
@inline
export function panelHeight(left: i32): i32 {
  return left > 8 || left == 6 || left == 5 ? 6 : 4;
}

/** Packs the next panel of A, {@link panelHeight} of `left` rows: rows lie `stride` bytes apart, or side by side (1). */
export function packRows(from: usize, stride: usize, transposed: i32, left: i32, depth: i32, to: usize): void {
  const height = panelHeight(left), count = min(height, left);
  if (height == 4) {
    if (transposed) packAlong(from, stride, count, 4, depth, to);
    else packAcross(from, stride, count, 4, depth, to);
  } else if (transposed) {
    for (let k = 0; k < depth; k++, from += stride, to += 24) {
      v128.store(to, v128.load(from));
      store<f32>(to, load<f32>(from, 16), 16);
      store<f32>(to, count == 6 ? load<f32>(from, 20) : 0, 20);
    }
  } else {
    transpose4(from, from + stride, from + 2 * stride, from + 3 * stride, depth, to, 24);
    transpose2(from + 4 * stride, from + <usize>(count - 1) * stride, depth, to + 16, 24);
  }
}

function transpose2(p0: usize, p1: usize, depth: i32, to: usize, step: usize): void {
  let k = depth;
  for (; k >= 4; k -= 4) {
    const r0 = v128.load(p0), r1 = v128.load(p1);
    const low = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    v128.store_lane<u64>(to, low, 0), to += step;
    v128.store_lane<u64>(to, low, 1), to += step;
    v128.store_lane<u64>(to, high, 0), to += step;
    v128.store_lane<u64>(to, high, 1), to += step;
    p0 += 16, p1 += 16;
  }
  for (; k > 0; k--) {
    store<f32>(to, load<f32>(p0));
    store<f32>(to, load<f32>(p1), 4);
    to += step, p0 += 4, p1 += 4;
  }
}

function transpose4(p0: usize, p1: usize, p2: usize, p3: usize, depth: i32, to: usize, step: usize): void {
  let k = depth;
  for (; k >= 4; k -= 4) {
    const r0 = v128.load(p0), r1 = v128.load(p1), r2 = v128.load(p2), r3 = v128.load(p3);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5)), to += step;
    v128.store(to, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7)), to += step;
    v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5)), to += step;
    v128.store(to, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7)), to += step;
    p0 += 16, p1 += 16, p2 += 16, p3 += 16;
  }
  for (; k > 0; k--) {
    store<f32>(to, load<f32>(p0));
    store<f32>(to, load<f32>(p1), 4);
    store<f32>(to, load<f32>(p2), 8);
    store<f32>(to, load<f32>(p3), 12);
    to += step, p0 += 4, p1 += 4, p2 += 4, p3 += 4;
  }
}
