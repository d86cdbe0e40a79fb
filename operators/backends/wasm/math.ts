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

// Constants are globals that are set when the module starts: V8 builds a constant vector again at each use (3
// instructions), but loads a global in one.
let highest: v128 = f32x4.splat(0), lowest: v128 = f32x4.splat(0), magic: v128 = f32x4.splat(0), log2e: v128 = f32x4.splat(0);
let ln2High: v128 = f32x4.splat(0), ln2Low: v128 = f32x4.splat(0), bias: v128 = f32x4.splat(0);
let e0: v128 = f32x4.splat(0), e1: v128 = f32x4.splat(0), e2: v128 = f32x4.splat(0), e3: v128 = f32x4.splat(0);
let e4: v128 = f32x4.splat(0), e5: v128 = f32x4.splat(0), one: v128 = f32x4.splat(0), two: v128 = f32x4.splat(0);
let t0: v128 = f32x4.splat(0), t1: v128 = f32x4.splat(0), t2: v128 = f32x4.splat(0), t3: v128 = f32x4.splat(0);
let t4: v128 = f32x4.splat(0), sign: v128 = f32x4.splat(0), limit: v128 = f32x4.splat(0);

/** Sets the constants: call it once, with 1 (an argument, so that the compiler can't fold them back into the code). */
export function prepare(unit: f32): void {
  highest = f32x4.splat(89 * unit), lowest = f32x4.splat(-105 * unit);
  magic = f32x4.splat(12582912 * unit), log2e = f32x4.splat(<f32>1.44269504088896341 * unit);
  ln2High = f32x4.splat(<f32>-0.693359375 * unit), ln2Low = f32x4.splat(<f32>2.12194440e-4 * unit);
  bias = i32x4.splat(127 * <i32>unit);
  e0 = f32x4.splat(<f32>1.9875691500e-4 * unit), e1 = f32x4.splat(<f32>1.3981999507e-3 * unit);
  e2 = f32x4.splat(<f32>8.3334519073e-3 * unit), e3 = f32x4.splat(<f32>4.1665795894e-2 * unit);
  e4 = f32x4.splat(<f32>1.6666665459e-1 * unit), e5 = f32x4.splat(<f32>5.0000001201e-1 * unit);
  one = f32x4.splat(unit), two = f32x4.splat(2 * unit);
  t0 = f32x4.splat(<f32>-5.70498872745e-3 * unit), t1 = f32x4.splat(<f32>2.06390887954e-2 * unit);
  t2 = f32x4.splat(<f32>-5.37397155531e-2 * unit), t3 = f32x4.splat(<f32>1.33314422036e-1 * unit);
  t4 = f32x4.splat(<f32>-3.33332819422e-1 * unit), limit = f32x4.splat(<f32>0.625 * unit);
  sign = i32x4.splat(<i32>unit << 31);
}

/** e^x: at most 2 ulp. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, highest), lowest);
  const rounded = madd(x, log2e, magic);
  const n = f32x4.sub(rounded, magic);
  let r = madd(n, ln2High, x);
  r = madd(n, ln2Low, r);
  let p = madd(r, e0, e1);
  p = madd(p, r, e2);
  p = madd(p, r, e3);
  p = madd(p, r, e4);
  p = madd(p, r, e5);
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), one);
  const exponent = i32x4.sub(rounded, magic);
  const half = i32x4.shr_s(exponent, 1);
  const first = i32x4.shl(i32x4.add(half, bias), 23);
  const second = i32x4.shl(i32x4.add(i32x4.sub(exponent, half), bias), 23);
  return f32x4.mul(f32x4.mul(p, first), second);
}

/** 1 / (1 + e^-x): at most 3 ulp where it is above 2^-126, and 0 for x under -88.73. */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
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
  const large = f32x4.sub(one, f32x4.div(two, f32x4.add(exp4(f32x4.mul(size, two)), one)));
  const square = f32x4.mul(x, x);
  let p = madd(square, t0, t1);
  p = madd(p, square, t2);
  p = madd(p, square, t3);
  p = madd(p, square, t4);
  const small = madd(f32x4.mul(p, square), x, x);
  const signed = v128.bitselect(x, large, sign);
  return v128.bitselect(small, signed, f32x4.lt(size, limit));
}

/** Applies a function to `count` values: 0 exp, 1 sigmoid, 2 tanh. For tests and benchmarks of the functions themselves. */
export function apply(kind: i32, x: usize, y: usize, count: i32): void {
  let left = count;
  for (; left >= 4; left -= 4, x += 16, y += 16) v128.store(y, pick(kind, v128.load(x)));
  for (; left > 0; left--, x += 4, y += 4) {
    store<f32>(y, f32x4.extract_lane(pick(kind, v128.load_zero<f32>(x)), 0));
  }
}

function pick(kind: i32, x: v128): v128 {
  return kind == 0 ? exp4(x) : kind == 1 ? sigmoid4(x) : tanh4(x);
}
