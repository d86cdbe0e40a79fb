/**
 * Vectors at the end of a row: the last 1 to 3 values, without touching what lies behind them.
 */

/** `count` (1 to 4) values from `at`, the other lanes zero. */
// @ts-ignore: decorator
@inline
export function loadPart(at: usize, count: i32): v128 {
  if (count >= 4) return v128.load(at);
  if (count == 1) return v128.load_zero<f32>(at);
  const two = v128.load_zero<u64>(at);
  return count == 2 ? two : v128.load_lane<f32>(at, two, 2, 8);
}

/** The first `count` (1 to 4) lanes to `at`. */
// @ts-ignore: decorator
@inline
export function storePart(at: usize, value: v128, count: i32): void {
  if (count >= 4) v128.store(at, value);
  else if (count == 1) v128.store_lane<f32>(at, value, 0);
  else {
    v128.store_lane<u64>(at, value, 0);
    if (count == 3) v128.store_lane<f32>(at, value, 2, 8);
  }
}
