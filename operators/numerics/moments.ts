/**
 * Second moments of a set of vectors, in float64: all that a squared error depends on.
 *
 * @module
 */
import { InputError, type Vector } from "../records.ts";

/** S = XXᵀ/n and the mean, in float64. */
export interface SecondMoments {
  readonly size: number;
  readonly width: number;
  /** Uncentred, `[width, width]`. */
  readonly second: Float64Array;
  readonly mean: Float64Array;
}

/**
 * Adds up vectors. Zeros cost nothing, and most of an image is zero.
 *
 * @throws InputError when there is no vector, or two have different widths.
 */
export function momentsOf(vectors: Iterable<Vector>): SecondMoments {
  let size = 0, width = 0;
  let second = new Float64Array(0), mean = new Float64Array(0), used = new Int32Array(0);
  for (const { id, values } of vectors) {
    if (size === 0) {
      width = values.length;
      second = new Float64Array(width * width);
      mean = new Float64Array(width);
      used = new Int32Array(width);
    } else if (values.length !== width) {
      throw new InputError(
        `Cannot take moments as every vector must have ${width} entries: ${id} has ${values.length}`,
      );
    }
    let count = 0;
    for (let at = 0; at < width; at++) if (values[at] !== 0) used[count++] = at;
    for (let a = 0; a < count; a++) {
      const row = used[a], value = values[row];
      mean[row] += value;
      for (let b = 0; b <= a; b++) second[row * width + used[b]] += value * values[used[b]];
    }
    size++;
  }
  if (size === 0) throw new InputError("Cannot take moments as there must be at least one vector: current value is 0");
  for (let a = 0; a < width; a++) {
    mean[a] /= size;
    for (let b = 0; b <= a; b++) second[b * width + a] = second[a * width + b] /= size;
  }
  return { size, width, second, mean };
}

/** The centred second moments, the covariance with denominator n: what counts where biases take up the mean. */
export function covarianceOf({ width, second, mean }: SecondMoments): Float64Array {
  return second.map((value, at) => value - mean[Math.floor(at / width)] * mean[at % width]);
}
