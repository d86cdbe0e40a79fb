/**
 * The exponent of a power law by least squares on logarithms, with its interval and what it leaves over.
 *
 * @module
 */
import jstat from "jstat";
import type { Interval } from "./intervals.ts";

/** y = a x^b, fitted. */
export interface Exponent extends Interval {
  /** Greatest residual, as a factor: 1.1 is a point 10% off the line. */
  readonly worst: number;
  /** The least and greatest x that were fitted. */
  readonly from: number;
  readonly to: number;
  readonly factor: number;
}

/**
 * The exponent b and its 95% t-interval; nothing for fewer than three points. The interval is right for a law that holds:
 * where the points bend, `worst` shows it.
 */
export function exponent(points: readonly { readonly x: number; readonly y: number }[]): Exponent | undefined {
  const count = points.length;
  if (count < 3) return undefined;
  const logs = points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }));
  const mean = (of: (point: { x: number; y: number }) => number) =>
    logs.reduce((sum, each) => sum + of(each), 0) / count;
  const [x0, y0] = [mean(({ x }) => x), mean(({ y }) => y)];
  const spread = logs.reduce((sum, { x }) => sum + (x - x0) ** 2, 0);
  const slope = logs.reduce((sum, { x, y }) => sum + (x - x0) * (y - y0), 0) / spread;
  const residuals = logs.map(({ x, y }) => y - y0 - slope * (x - x0));
  const deviation = Math.sqrt(residuals.reduce((sum, each) => sum + each * each, 0) / (count - 2) / spread);
  const half = deviation * jstat.studentt.inv(0.975, count - 2);
  return {
    mean: slope,
    low: slope - half,
    high: slope + half,
    count,
    worst: Math.exp(Math.max(...residuals.map(Math.abs))),
    from: Math.min(...points.map(({ x }) => x)),
    to: Math.max(...points.map(({ x }) => x)),
    factor: Math.exp(y0 - slope * x0),
  };
}
