/**
 * One step of Adam in one pass (Kingma & Ba 2015, Algorithm 1, with both corrections folded into rate and floor as in
 * their section 2), and the sum of squares that clipping needs (Pascanu et al. 2013, Algorithm 1):
 *
 *     g <- s g      m' = b1 m + (1 - b1) g      v' = b2 v + (1 - b2) g^2      x' = x - rate m' / (sqrt(v') + floor)
 *
 * s is the factor of clipping, so that clipped gradients are never stored: 4 reads and 3 writes a parameter, where the
 * composed form has some 20 and 12.
 */
import { madd } from "./simd";
import { loadPart, storePart } from "./parts";

/**
 * @param value, gradient, m, v     float32 [count]
 * @param newValue, newM, newV      float32 [count], written
 * @param scale                     address of s, or 0 for 1
 */
export function adam(
  value: usize, gradient: usize, m: usize, v: usize, newValue: usize, newM: usize, newV: usize, count: i32, scale: usize,
  beta1: f32, rest1: f32, beta2: f32, rest2: f32, rate: f32, floor: f32,
): void {
  const s = f32x4.splat(scale ? load<f32>(scale) : 1);
  const b1 = f32x4.splat(beta1), r1 = f32x4.splat(rest1), b2 = f32x4.splat(beta2), r2 = f32x4.splat(rest2);
  const speed = f32x4.splat(rate), least = f32x4.splat(floor);
  for (let left = count; left > 0; left -= 4) {
    const g = f32x4.mul(loadPart(gradient, left), s);
    const first = madd(loadPart(m, left), b1, f32x4.mul(g, r1));
    const second = madd(loadPart(v, left), b2, f32x4.mul(f32x4.mul(g, g), r2));
    const change = f32x4.div(f32x4.mul(first, speed), f32x4.add(f32x4.sqrt(second), least));
    storePart(newM, first, left);
    storePart(newV, second, left);
    storePart(newValue, f32x4.sub(loadPart(value, left), change), left);
    value += 16, gradient += 16, m += 16, v += 16, newValue += 16, newM += 16, newV += 16;
  }
}

/** Sum of the squares of `count` float32 values, added up in float64: no square overflows, and no digit is lost. */
export function squares(x: usize, count: i32): f64 {
  let a = f64x2.splat(0), b = f64x2.splat(0);
  for (let left = count; left > 0; left -= 4, x += 16) {
    const four = loadPart(x, left);
    const low = f64x2.promote_low_f32x4(four);
    const high = f64x2.promote_low_f32x4(i8x16.shuffle(four, four, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    a = f64x2.add(a, f64x2.mul(low, low));
    b = f64x2.add(b, f64x2.mul(high, high));
  }
  a = f64x2.add(a, b);
  return f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
}
