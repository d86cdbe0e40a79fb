/**
 * Natural logarithm, four at a time: x = 2^e m with m in [sqrt(1/2), sqrt(2)), log x = e ln 2 + log m, where ln 2 is split in
 * two (Cody and Waite 1980) and log(1 + f) = f - f^2 / 2 + f^3 p(f) with p of degree 8 (Moshier's Cephes, logf).
 *
 * At most 2 ulp for finite x from 2^-126 up (tests/operators/backends/loss_test.ts). NaN and infinity give NaN: the sums
 * of exponentials that it is made for are finite and at least 1, or NaN.
 */
import { madd } from "./simd";

// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  // Exponent and mantissa are cut at sqrt(1/2) = 0x3f3504f3, so that the mantissa comes out in its interval at once.
  const cut = i32x4.splat(0x3f3504f3);
  const moved = i32x4.sub(x, cut);
  const e = f32x4.convert_i32x4_s(i32x4.shr_s(moved, 23));
  const m = i32x4.add(v128.and(moved, i32x4.splat(0x007fffff)), cut);
  const f = f32x4.sub(m, f32x4.splat(1));
  const square = f32x4.mul(f, f);
  let p = madd(f, f32x4.splat(<f32>7.0376836292e-2), f32x4.splat(<f32>-1.1514610310e-1));
  p = madd(p, f, f32x4.splat(<f32>1.1676998740e-1));
  p = madd(p, f, f32x4.splat(<f32>-1.2420140846e-1));
  p = madd(p, f, f32x4.splat(<f32>1.4249322787e-1));
  p = madd(p, f, f32x4.splat(<f32>-1.6668057665e-1));
  p = madd(p, f, f32x4.splat(<f32>2.0000714765e-1));
  p = madd(p, f, f32x4.splat(<f32>-2.4999993993e-1));
  p = madd(p, f, f32x4.splat(<f32>3.3333331174e-1));
  let y = f32x4.mul(f32x4.mul(p, f), square);
  y = madd(e, f32x4.splat(<f32>-2.12194440e-4), y);
  y = madd(square, f32x4.splat(-0.5), y);
  const log = madd(e, f32x4.splat(<f32>0.693359375), f32x4.add(f, y));
  return f32x4.add(log, f32x4.sub(x, x)); // 0 for finite x, else NaN
}

/** Logarithms of `count` values. For tests of the function itself. */
export function logarithms(x: usize, y: usize, count: i32): void {
  for (let at = 0; at < count; at += 4) v128.store(y + (<usize>at << 2), log4(v128.load(x + (<usize>at << 2))));
}
