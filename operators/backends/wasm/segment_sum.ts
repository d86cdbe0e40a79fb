/**
 * Sum of rows by segment, the gradient of `gather`: out[ids[i], :] += x[i, :]. Rows whose id is outside [0, segments) are
 * left out, as TensorFlow does. Rows are added in the order of i, so that the result does not depend on the machine.
 */

/**
 * @param x       float32 [rows, width]
 * @param ids     int32 [rows]
 * @param out     float32 [segments, width]
 */
export function segmentSum(x: usize, ids: usize, out: usize, rows: i32, width: i32, segments: i32): void {
  memory.fill(out, 0, <usize>segments * <usize>width * 4);
  const bytes = <usize>width * 4;
  const vectors = bytes & ~15;
  for (let row = 0; row < rows; row++) {
    const id = load<i32>(ids + (<usize>row << 2));
    if (<u32>id >= <u32>segments) continue;
    const from = x + <usize>row * bytes;
    const to = out + <usize>id * bytes;
    let at: usize = 0;
    for (; at < vectors; at += 16) {
      v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(from + at)));
    }
    for (; at < bytes; at += 4) store<f32>(to + at, load<f32>(to + at) + load<f32>(from + at));
  }
}
