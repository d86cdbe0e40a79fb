/**
 * What a curve of training comes to.
 *
 * @module
 */
import type { Measurement } from "../operators/records.ts";

/** The share of training that counts as its end: one point would be one stretch of steps, with all its chance. */
const END = 0.1;

/** The points of one trial's curve that lie in the last tenth of its steps; the last point at the least. */
export function lateRows(curve: readonly Measurement[]): Measurement[] {
  const last = Math.max(...curve.map(({ step }) => step));
  return curve.filter(({ step }) => step === last || step > (1 - END) * last);
}

/** The mean over the last tenth of one trial's curve. */
export function lateMean(curve: readonly Measurement[]): number {
  const late = lateRows(curve);
  return late.reduce((sum, { value }) => sum + value, 0) / late.length;
}
