/**
 * Exponential, logistic function and hyperbolic tangent, four at a time.
 *
 * exp: x = n ln 2 + r, |r| <= ln 2 / 2, e^x = 2^n e^r, where n is rounded by adding and taking away 1.5 * 2^23, ln 2 is
 * split in two (Cody and Waite 1980) so that n times its first part is exact, and e^r = 1 + r + r^2 p(r) with p of degree 5
 * (Moshier's Cephes, expf). 2^n is applied as two factors, so that results in the denormal range and next to overflow are
 * right too. At most 2 ulp over the whole range (tests/operators/backends/math_test.ts); NaN stays NaN, exp(-Infinity)
 * is 0 and exp(Infinity) is Infinity.
 *
 * The clamps are pmin and pmax, one instruction each: with x first they pass NaN on.
 */
import { madd } from "./simd";

/** e^x: at most 2 ulp. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, f32x4.splat(89)), f32x4.splat(-105));
  const magic = f32x4.splat(12582912);
  const rounded = madd(x, f32x4.splat(1.44269504088896341), magic);
  const n = f32x4.sub(rounded, magic);
  let r = madd(n, f32x4.splat(-0.693359375), x);
  r = madd(n, f32x4.splat(2.12194440e-4), r);
  let p = madd(r, f32x4.splat(1.9875691500e-4), f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  const exponent = i32x4.sub(rounded, magic);
  const half = i32x4.shr_s(exponent, 1);
  const one = i32x4.splat(127);
  const first = i32x4.shl(i32x4.add(half, one), 23);
  const second = i32x4.shl(i32x4.add(i32x4.sub(exponent, half), one), 23);
  return f32x4.mul(f32x4.mul(p, first), second);
}

/** 1 / (1 + e^-x): at most 3 ulp where it is above 2^-126, and 0 for x under -88.73. */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/**
 * tanh x: at most 2 ulp. 1 - 2 / (e^2|x| + 1) with the sign of x from 0.625 on, an odd polynomial below (Cephes, tanhf),
 * where the difference would cancel.
 */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const size = f32x4.abs(x);
  const one = f32x4.splat(1), two = f32x4.splat(2);
  const large = f32x4.sub(one, f32x4.div(two, f32x4.add(exp4(f32x4.mul(size, two)), one)));
  const square = f32x4.mul(x, x);
  let p = madd(square, f32x4.splat(-5.70498872745e-3), f32x4.splat(2.06390887954e-2));
  p = madd(p, square, f32x4.splat(-5.37397155531e-2));
  p = madd(p, square, f32x4.splat(1.33314422036e-1));
  p = madd(p, square, f32x4.splat(-3.33332819422e-1));
  const small = madd(f32x4.mul(p, square), x, x);
  const signed = v128.bitselect(x, large, i32x4.splat(0x80000000));
  return v128.bitselect(small, signed, f32x4.lt(size, f32x4.splat(0.625)));
}

/** Applies a function to `count` values: 0 exp, 1 sigmoid, 2 tanh. For tests and benchmarks of the functions themselves. */
export function apply(kind: i32, x: usize, y: usize, count: i32): void {
  let left = count;
  for (; left >= 4; left -= 4, x += 16, y += 16) v128.store(y, one(kind, v128.load(x)));
  for (; left > 0; left--, x += 4, y += 4) {
    store<f32>(y, f32x4.extract_lane(one(kind, v128.load_zero<f32>(x)), 0));
  }
}

function one(kind: i32, x: v128): v128 {
  return kind == 0 ? exp4(x) : kind == 1 ? sigmoid4(x) : tanh4(x);
}
