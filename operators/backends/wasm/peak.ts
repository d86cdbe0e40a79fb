/**
 * What the host can do at most: multiply-adds in registers, no memory. Benchmarks hold every kernel against it.
 */
import { madd } from "./simd";

/**
 * Runs `rounds` times 12 independent vector multiply-adds (96 operations), and gives a value that depends on all. The
 * factors are arguments: V8 loads a constant vector again at each use.
 */
export function multiplyAdds(rounds: i32, first: f32, second: f32): f32 {
  const x = f32x4.splat(first), y = f32x4.splat(second);
  let a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
  for (let round = 0; round < rounds; round++) {
    a = madd(x, y, a), b = madd(x, y, b), c = madd(x, y, c), d = madd(x, y, d);
    e = madd(x, y, e), f = madd(x, y, f), g = madd(x, y, g), h = madd(x, y, h);
    i = madd(x, y, i), j = madd(x, y, j), k = madd(x, y, k), l = madd(x, y, l);
  }
  a = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h)));
  a = f32x4.add(a, f32x4.add(f32x4.add(i, j), f32x4.add(k, l)));
  return f32x4.extract_lane(a, 0);
}
