/**
 * Across the lanes of one vector: sum, maximum, and the vector at the end of a row with its spare lanes filled.
 */
import { loadPart } from "./parts";

/** The sum of the lanes, in pairs. */
// @ts-ignore: decorator
@inline
export function sumOf(x: v128): f32 {
  const pairs = f32x4.add(x, i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The greatest lane; NaN may win or lose. */
// @ts-ignore: decorator
@inline
export function greatestOf(x: v128): f32 {
  const pairs = f32x4.pmax(x, i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return f32x4.extract_lane(
    f32x4.pmax(pairs, i8x16.shuffle(pairs, pairs, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)),
    0,
  );
}

/** `count` (1 or more) values from `at`; lanes past the fourth or past `count` are `fill`. */
// @ts-ignore: decorator
@inline
export function loadFilled(at: usize, count: i32, fill: f32): v128 {
  if (count >= 4) return v128.load(at);
  return v128.bitselect(
    loadPart(at, count),
    f32x4.splat(fill),
    i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3)),
  );
}
