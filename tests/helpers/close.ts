/**
 * How close is close: one table of tolerances by quantity, and the one comparison that every numeric test uses.
 *
 * Absolute differences are compared with `tolerance * max(1, |expected|)`: absolute near zero, where a relative error
 * means nothing, and relative for large values, where float32 has no more digits to give.
 *
 * @module
 */

/** Tolerances by quantity; the errors are the greatest that the tests of scores and softmax showed. */
export const tolerances = {
  /** A forward pass in float32 against the float64 reference, or against another backend (measured: 1.7e-7 cpu, 4.8e-7 wasm). */
  forward: 1e-6,
  /** A gradient against the same gradient on another backend (2.6e-8 before Heed began). */
  gradientAcrossBackends: 1e-6,
  /** A float32 gradient against central differences of a float64 reference, h = 1e-5 (measured: 8.3e-7 cpu, 1.8e-6 wasm). */
  gradientAgainstFloat64: 1e-5,
  /** A float32 gradient against central differences of float32 code, h = 1e-2 (measured: 5.4e-6 cpu, 7.4e-6 wasm). */
  differenceQuotient: 1e-4,
  /** A batch route against a step-by-step route: the same sums in another order. */
  recurrent: 1e-5,
  /** Float64 against float64, a closed form against arithmetic. */
  float64: 1e-12,
} as const;

/**
 * Asserts that two arrays agree, element by element: `|actual - expected| <= tolerance * max(1, |expected|)`.
 *
 * NaN is never close to anything, and the same infinity is close to itself.
 *
 * @throws Error naming the worst index, both values, the difference and the tolerance.
 */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  message?: string,
): void {
  const prefix = message === undefined ? "" : `${message}: `;
  if (actual.length !== expected.length) {
    throw new Error(`${prefix}expected ${expected.length} values, got ${actual.length}`);
  }
  let worst = -1;
  let excess = 0;
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] === expected[i]) continue;
    const difference = Math.abs(actual[i] - expected[i]) / Math.max(1, Math.abs(expected[i]));
    // Written so that a NaN difference counts as the worst of all.
    const exceeds = !(difference <= tolerance) ? (Number.isFinite(difference) ? difference : Infinity) : 0;
    if (exceeds > excess) {
      excess = exceeds;
      worst = i;
    }
  }
  if (worst >= 0) {
    throw new Error(
      `${prefix}expected ${expected[worst]} at index ${worst}, got ${actual[worst]} ` +
        `(difference ${Math.abs(actual[worst] - expected[worst])}, tolerance ${tolerance})`,
    );
  }
}
