/**
 * Synthetic vectors whose matrix has chosen singular values: X = U diag(σ) Vᵀ with U and V uniform over orthogonal
 * matrices.
 *
 * @module
 */
import type { Vector } from "../records.ts";
import { orthogonal, seedFrom } from "./random.ts";

/**
 * As many vectors as singular values, each as wide.
 *
 * @throws RangeError when a singular value is negative or not finite.
 */
export function chosenSpectrum(singularValues: readonly number[], seed: number): Vector[] {
  for (const value of singularValues) {
    if (!(Number.isFinite(value) && value >= 0)) {
      throw new RangeError(`Cannot make vectors as singular values must be at least 0: current value is ${value}`);
    }
  }
  const size = singularValues.length;
  const left = orthogonal([size, size], seedFrom(seed, "left")).values;
  const right = orthogonal([size, size], seedFrom(seed, "right")).values;
  return Array.from({ length: size }, (_, column) => ({
    id: `${column + 1}`,
    values: Float32Array.from(
      { length: size },
      (_, row) =>
        singularValues.reduce((sum, value, k) => sum + left[row * size + k] * value * right[column * size + k], 0),
    ),
  }));
}
