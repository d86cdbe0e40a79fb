/**
 * Rows from place to place: the forward pass of an embedding, and joining and cutting along an axis.
 */

/**
 * out[i, :] = table[ids[i], :].
 *
 * @param ids int32 [count]
 * @return the first i whose id is outside [0, rows), or -1
 */
export function gatherRows(table: usize, ids: usize, out: usize, count: i32, rows: i32, bytes: i32): i32 {
  for (let i = 0; i < count; i++, out += bytes) {
    const id = load<i32>(ids + (<usize>i << 2));
    if (<u32>id >= <u32>rows) return i;
    copy(out, table + <usize>id * <usize>bytes, bytes);
  }
  return -1;
}

/** Copies `rows` rows of `bytes` bytes (a multiple of 4) between places whose rows lie at their own distances. */
export function copyRows(from: usize, fromStride: i32, to: usize, toStride: i32, bytes: i32, rows: i32): void {
  for (let row = 0; row < rows; row++, from += fromStride, to += toStride) copy(to, from, bytes);
}

/** Each of `blocks` blocks of `bytes` bytes, `times` times one after the other. */
export function repeatBlocks(from: usize, to: usize, bytes: i32, blocks: i32, times: i32): void {
  for (let block = 0; block < blocks; block++, from += bytes) {
    if (bytes == 4) to = fill(to, v128.load32_splat(from), times << 2);
    else if (bytes == 1) to = fill(to, v128.load8_splat(from), times);
    else if (bytes & 3) {
      for (let time = 0; time < times; time++, to += bytes) memory.copy(to, from, bytes);
    } else {
      for (let time = 0; time < times; time++, to += bytes) copy(to, from, bytes);
    }
  }
}

/** `bytes` bytes of a pattern that repeats within four bytes; where they end. */
// @ts-ignore: decorator
@inline
function fill(to: usize, pattern: v128, bytes: i32): usize {
  let at = 0;
  for (; at <= bytes - 16; at += 16) v128.store(to + at, pattern);
  for (; at <= bytes - 4; at += 4) v128.store32_lane(to + at, pattern, 0);
  for (; at < bytes; at++) v128.store8_lane(to + at, pattern, 0);
  return to + <usize>bytes;
}

/** memory.copy leaves the module, which short rows don't repay. */
// @ts-ignore: decorator
@inline
function copy(to: usize, from: usize, bytes: i32): void {
  if (bytes > 2048) {
    memory.copy(to, from, bytes);
    return;
  }
  let at = 0;
  for (; at <= bytes - 16; at += 16) v128.store(to + at, v128.load(from + at));
  for (; at < bytes; at += 4) store<i32>(to + at, load<i32>(from + at));
}
