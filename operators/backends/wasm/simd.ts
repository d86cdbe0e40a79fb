/**
 * The multiply-add that every kernel is made of: one instruction where the host has relaxed SIMD, two elsewhere. The same
 * sources give both builds, because the feature is a constant when they are compiled.
 */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}
