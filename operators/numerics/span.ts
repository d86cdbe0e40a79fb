/**
 * How many dimensions vectors span, without a decomposition: enough to say early that a code is too wide.
 *
 * @module
 */
import type { Vector } from "../records.ts";

/** A vector whose rest is under this share of it lies in the span of those before. */
const SHARE = 1e-5;

/**
 * Dimensions that vectors span, counted up to `most`: Gram-Schmidt, in float64, that stops as soon as it is known. A
 * vector counts when its rest is over 10⁻⁵ of it, twice orthogonalised.
 *
 * @param centred Of their differences, as where biases take up the mean: one less, in general.
 */
export function spanOf(vectors: Iterable<Vector>, most: number, centred = false): number {
  const basis: Float64Array[] = [];
  let origin: Vector["values"] | undefined;
  for (const { values } of vectors) {
    if (basis.length >= Math.min(most, values.length)) break;
    if (centred && !origin) {
      origin = values;
      continue;
    }
    const rest = Float64Array.from(values, (value, at) => value - (origin?.[at] ?? 0));
    const size = Math.hypot(...rest);
    for (let round = 0; round < 2; round++) {
      for (const unit of basis) {
        let overlap = 0;
        for (let at = 0; at < rest.length; at++) overlap += unit[at] * rest[at];
        for (let at = 0; at < rest.length; at++) rest[at] -= overlap * unit[at];
      }
    }
    const length = Math.hypot(...rest);
    if (length > SHARE * size) basis.push(rest.map((value) => value / length));
  }
  return basis.length;
}
