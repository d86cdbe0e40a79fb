/**
 * Packing: the operands of a product in the order in which the micro-kernels read them. A panel of A holds 4
 * rows, a panel of B 8 columns; both are stored k by k, so that the inner loop reads memory straight on. Rows and columns
 * that a panel has beyond the matrix's edge are zeros: nothing is read past the end.
 *
 * A matrix whose panel index runs along memory ("along": A transposed, B plain) is copied; one whose k runs along memory
 * ("across": A plain, B transposed) is transposed by four-by-four blocks in registers.
 */

/** Packs `count` <= `size` lines that lie `stride` bytes apart, k running along memory. */
export function packAcross(from: usize, stride: usize, count: i32, size: i32, depth: i32, to: usize): void {
  const step = <usize>size << 2;
  let line = 0;
  for (; line + 4 <= count; line += 4) {
    transpose4(from + <usize>line * stride, stride, depth, to + (<usize>line << 2), step);
  }
  for (; line < size; line++) {
    let at = to + (<usize>line << 2);
    if (line < count) {
      const source = from + <usize>line * stride;
      for (let k = 0; k < depth; k++, at += step) store<f32>(at, load<f32>(source + (<usize>k << 2)));
    } else {
      for (let k = 0; k < depth; k++, at += step) store<f32>(at, 0);
    }
  }
}

/** Packs `count` <= `size` columns that lie side by side, k running in strides of `stride` bytes. */
export function packAlong(from: usize, stride: usize, count: i32, size: i32, depth: i32, to: usize): void {
  if (count == 8) {
    for (let k = 0; k < depth; k++, from += stride, to += 32) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
    }
  } else if (count == 4 && size == 4) {
    for (let k = 0; k < depth; k++, from += stride, to += 16) v128.store(to, v128.load(from));
  } else {
    for (let k = 0; k < depth; k++, from += stride) {
      let i = 0;
      for (; i < count; i++, to += 4) store<f32>(to, load<f32>(from + (<usize>i << 2)));
      for (; i < size; i++, to += 4) store<f32>(to, 0);
    }
  }
}

function transpose4(from: usize, stride: usize, depth: i32, to: usize, step: usize): void {
  let p0 = from, p1 = from + stride, p2 = p1 + stride, p3 = p2 + stride;
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
