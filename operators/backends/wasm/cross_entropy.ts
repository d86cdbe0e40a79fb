/**
 * Softmax cross-entropy of rows of logits, and its gradient, one kernel each:
 *
 *     sum = sum over rows of w (log total - (l_target - max)),   total = sum over v of exp(l_v - max)
 *     dl  = w dy (exp(l - max) / total - onehot(target))
 *
 * For the way back two numbers a row are kept, max and total (not their logarithm's sum, whose rounding error would grow
 * with the logits). Rows without weight are not read: nothing that they hold reaches value or gradient. The sum over rows
 * is taken in float64. A target outside [0, vocabulary) takes nothing off, as a one-hot row of zeros.
 */
import { greatestOf, loadFilled, sumOf } from "./lanes";
import { log4 } from "./log";
import { exp4 } from "./math";
import { loadPart, storePart } from "./parts";

/**
 * @param logits  float32 [rows, vocabulary]
 * @param targets int32 [rows]
 * @param weights float32 [rows]: 1 where a row counts, else 0
 * @param maxima  float32 [rows], written
 * @param totals  float32 [rows], written
 */
export function crossEntropy(
  logits: usize, targets: usize, weights: usize, maxima: usize, totals: usize, rows: i32, vocabulary: i32,
): f64 {
  const bytes = <usize>vocabulary << 2;
  let sum: f64 = 0;
  for (let row = 0; row < rows; row++, logits += bytes) {
    const at = <usize>row << 2;
    const weight = load<f32>(weights + at);
    if (!(weight > 0)) {
      store<f32>(maxima + at, 0);
      store<f32>(totals + at, 1);
      continue;
    }
    let most = f32x4.splat(-Infinity);
    for (let column = 0, from = logits; column < vocabulary; column += 4, from += 16) {
      most = f32x4.pmax(most, loadFilled(from, vocabulary - column, -Infinity));
    }
    const max = greatestOf(most), far = f32x4.splat(max);
    let powers = f32x4.splat(0);
    for (let column = 0, from = logits; column < vocabulary; column += 4, from += 16) {
      powers = f32x4.add(powers, exp4(f32x4.sub(loadFilled(from, vocabulary - column, -Infinity), far)));
    }
    store<f32>(maxima + at, max);
    store<f32>(totals + at, sumOf(powers));
    const target = load<i32>(targets + at);
    if (<u32>target < <u32>vocabulary) sum += <f64>weight * <f64>(max - load<f32>(logits + (<usize>target << 2)));
  }
  for (let row = 0; row < rows; row += 4) {
    const at = <usize>row << 2;
    const logs = log4(loadFilled(totals + at, rows - row, 1));
    for (let lane = 0, left = min(4, rows - row); lane < left; lane++) {
      const weight = load<f32>(weights + at + (<usize>lane << 2));
      // The lanes are picked one by one, as extract_lane takes constants only.
      const value = lane < 2
        ? (lane == 0 ? f32x4.extract_lane(logs, 0) : f32x4.extract_lane(logs, 1))
        : (lane == 2 ? f32x4.extract_lane(logs, 2) : f32x4.extract_lane(logs, 3));
      if (weight > 0) sum += <f64>weight * <f64>value;
    }
  }
  return sum;
}

/**
 * @param logits, targets, weights, maxima, totals  as {@link crossEntropy} took and gave them
 * @param dy        the gradient at the sum
 * @param dLogits   float32 [rows, vocabulary], written
 */
export function crossEntropyGradient(
  logits: usize, targets: usize, weights: usize, maxima: usize, totals: usize, dy: f32, dLogits: usize,
  rows: i32, vocabulary: i32,
): void {
  const bytes = <usize>vocabulary << 2;
  for (let row = 0; row < rows; row++, logits += bytes, dLogits += bytes) {
    const at = <usize>row << 2;
    const mask = load<f32>(weights + at);
    if (!(mask > 0)) {
      memory.fill(dLogits, 0, bytes);
      continue;
    }
    const weight = mask * dy;
    const far = f32x4.splat(load<f32>(maxima + at)), share = f32x4.splat(weight / load<f32>(totals + at));
    for (let column = 0, from = logits, to = dLogits; column < vocabulary; column += 4, from += 16, to += 16) {
      const count = vocabulary - column;
      storePart(to, f32x4.mul(exp4(f32x4.sub(loadPart(from, count), far)), share), count);
    }
    const target = load<i32>(targets + at);
    if (<u32>target < <u32>vocabulary) {
      const one = dLogits + (<usize>target << 2);
      store<f32>(one, load<f32>(one) - weight);
    }
  }
}
