/**
 * Element by element over a whole tensor: the functions of math.ts, and the slopes that their gradients need.
 */
import { exp4, sigmoid4, tanh4 } from "./math";
import { loadPart, storePart } from "./parts";

/** y = tanh x. */
export function tanhOf(x: usize, y: usize, count: i32): void {
  for (let left = count; left > 0; left -= 4, x += 16, y += 16) storePart(y, tanh4(loadPart(x, left)), left);
}

/** y = 1 / (1 + e^-x). */
export function sigmoidOf(x: usize, y: usize, count: i32): void {
  for (let left = count; left > 0; left -= 4, x += 16, y += 16) storePart(y, sigmoid4(loadPart(x, left)), left);
}

/** y = e^x. */
export function expOf(x: usize, y: usize, count: i32): void {
  for (let left = count; left > 0; left -= 4, x += 16, y += 16) storePart(y, exp4(loadPart(x, left)), left);
}

/** dx = dy (1 - y^2): the gradient of y = tanh x. */
export function tanhGradient(y: usize, dy: usize, dx: usize, count: i32): void {
  const one = f32x4.splat(1);
  for (let left = count; left > 0; left -= 4, y += 16, dy += 16, dx += 16) {
    const h = loadPart(y, left);
    storePart(dx, f32x4.mul(loadPart(dy, left), f32x4.sub(one, f32x4.mul(h, h))), left);
  }
}
