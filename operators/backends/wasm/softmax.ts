/**
 * Softmax over the visible positions of each row, and its gradient from the weights alone:
 *
 *     w = exp(x - greatest) / max(1, sum),   x = min(l, +far where visible, -far where masked),   greatest >= -far / 2
 *     dl = w (dw - sum(w dw))
 *
 * The same arithmetic as operators/numerics/softmax.ts, which says why: a row without a visible position is all zeros.
 */
import { greatestOf, loadFilled, sumOf } from "./lanes";
import { exp4 } from "./math";
import { loadPart, storePart } from "./parts";
import { madd } from "./simd";

/**
 * Weights below this share of a row's greatest are 0: 2^-64, far under what float32 tells from 0 in a sum that holds the
 * greatest (2^-24). Sharp alignments would otherwise be full of denormal numbers, and so would the gradients at scores,
 * queries and memory: processors multiply those some hundred times slower (a training step took 4 times as long).
 */
export const NEGLIGIBLE: f32 = 5.421010862427522e-20;

/** Half of float32's greatest value: finite, and so are the sums and differences below. */
const FAR: f32 = 1.7e38;

/**
 * @param logits  float32 [rows, width]
 * @param mask    float32 [masks, width]: row r looks at mask (r / repeat) % masks
 * @param weights float32 [rows, width], written
 */
export function maskedSoftmax(
  logits: usize, mask: usize, weights: usize, rows: i32, width: i32, repeat: i32, masks: i32,
): void {
  const bytes = <usize>width << 2;
  const half = f32x4.splat(0.5), ceiling = f32x4.splat(2 * FAR), negligible = f32x4.splat(NEGLIGIBLE);
  for (let row = 0; row < rows; row++, logits += bytes, weights += bytes) {
    const seen = mask + <usize>((row / repeat) % masks) * bytes;
    let most = f32x4.splat(-FAR / 2);
    for (let column = 0, at: usize = 0; column < width; column += 4, at += 16) {
      const count = width - column;
      const limit = f32x4.mul(f32x4.sub(loadFilled(seen + at, count, 0), half), ceiling);
      const x = f32x4.min(loadFilled(logits + at, count, 0), limit);
      most = f32x4.pmax(most, x);
      storePart(weights + at, x, count);
    }
    const greatest = f32x4.splat(greatestOf(most));
    let powers = f32x4.splat(0);
    for (let column = 0, at: usize = 0; column < width; column += 4, at += 16) {
      const count = width - column;
      const exact = exp4(f32x4.sub(loadFilled(weights + at, count, -FAR), greatest));
      const power = v128.andnot(exact, f32x4.lt(exact, negligible)); // a NaN stays
      powers = f32x4.add(powers, power);
      storePart(weights + at, power, count);
    }
    // pmax: with the sum second a NaN would be lost.
    const total = f32x4.pmax(f32x4.splat(sumOf(powers)), f32x4.splat(1));
    for (let column = 0, at: usize = 0; column < width; column += 4, at += 16) {
      storePart(weights + at, f32x4.div(loadPart(weights + at, width - column), total), width - column);
    }
  }
}

/**
 * @param weights  float32 [rows, width], as {@link maskedSoftmax} gave them
 * @param dWeights float32 [rows, width]
 * @param dLogits  float32 [rows, width], written
 */
export function maskedSoftmaxGradient(weights: usize, dWeights: usize, dLogits: usize, rows: i32, width: i32): void {
  const bytes = <usize>width << 2;
  for (let row = 0; row < rows; row++, weights += bytes, dWeights += bytes, dLogits += bytes) {
    let shares = f32x4.splat(0);
    for (let column = 0, at: usize = 0; column < width; column += 4, at += 16) {
      const count = width - column;
      shares = madd(loadPart(weights + at, count), loadPart(dWeights + at, count), shares);
    }
    const mean = f32x4.splat(sumOf(shares));
    for (let column = 0, at: usize = 0; column < width; column += 4, at += 16) {
      const count = width - column;
      const centred = f32x4.sub(loadPart(dWeights + at, count), mean);
      storePart(dLogits + at, f32x4.mul(loadPart(weights + at, count), centred), count);
    }
  }
}
