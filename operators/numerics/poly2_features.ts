/**
 * Features of the degree-2 polynomial kernel (THEORY.md 6.2):
 *
 *     (1 + q k)^2 = phi(q) phi(k),     phi(x) = [1, sqrt2 x_1 … sqrt2 x_D, x_1^2, sqrt2 x_1 x_2 … sqrt2 x_1 x_D, x_2^2, …]
 *
 * C = (D + 1)(D + 2) / 2 of them: with x' = [1, x] they are w x'_i x'_j for i <= j, row after row, w = 1 where i = j and
 * sqrt 2 elsewhere. The similarity is 0 at q k = -1, and grows again below it; it is near (exp(q k))^2 for small q k.
 *
 * @module
 */
import { type Tensor4D, tf } from "./tf.ts";

/** C, the number of features of a vector of length `depth`. */
export function poly2Width(depth: number): number {
  return (depth + 1) * (depth + 2) / 2;
}

/** phi(x) `[B, H, N, C]` of x `[B, H, N, D]`: (D + 3) D / 2 multiplications a vector. Stores all of it. */
export function poly2Features(x: Tensor4D): Tensor4D {
  const depth = x.shape[3];
  const scaled = x.mul(Math.SQRT2);
  const part = (of: tf.Tensor, from: number, count: number) =>
    of.slice([0, 0, 0, from], [...x.shape.slice(0, 3), count]);
  const rows = Array.from({ length: depth }, (_, i) => {
    const left = part(x, i, 1);
    const square = left.mul(left);
    if (i === depth - 1) return square;
    return tf.concat([square, part(scaled, i, 1).mul(part(x, i + 1, depth - i - 1))], 3);
  });
  return tf.concat([tf.onesLike(part(x, 0, 1)), scaled, ...rows], 3) as Tensor4D;
}
