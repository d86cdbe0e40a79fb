/**
 * Intervals over seeds: what a few repeated trials say about a mean, and about the difference between two mechanisms.
 *
 * Source: Student 1908. All intervals are two-sided 95% t-intervals; they assume that trials of different seeds are
 * independent and roughly normal. No correction for several comparisons is made: a page that shows many should say so.
 *
 * @module
 */
import jstat from "jstat";
import { mean as meanOf, sampleStandardDeviation } from "simple-statistics";

/** A mean and the interval around it. */
export interface Interval {
  readonly mean: number;
  /** Lower and upper end; both NaN when there are fewer than two values. */
  readonly low: number;
  readonly high: number;
  /** How many values. */
  readonly count: number;
}

/** An interval of paired differences. */
export interface Difference extends Interval {
  /** Whether the interval leaves out zero: the two differ by more than the seeds do. */
  readonly distinguishable: boolean;
}

/**
 * Mean of values and its two-sided t-interval: mean ± t(confidence, n - 1) s / sqrt(n).
 *
 * @param confidence between 0 and 1
 * @throws RangeError when there is no value, or the confidence is none
 */
export function meanInterval(values: readonly number[], confidence = 0.95): Interval {
  const count = values.length;
  if (count === 0) throw new RangeError("Cannot average as there must be at least one value: current value is 0");
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(
      `Cannot make an interval as its confidence must lie in (0, 1): current value is ${confidence}`,
    );
  }
  const mean = meanOf([...values]);
  if (count === 1) return { mean, low: NaN, high: NaN, count };
  const quantile = jstat.studentt.inv((1 + confidence) / 2, count - 1);
  const half = quantile * sampleStandardDeviation([...values]) / Math.sqrt(count);
  return { mean, low: mean - half, high: mean + half, count };
}

/**
 * Interval of `a[i] - b[i]`, trials paired by seed: what both share (the data's order, the initial values) cancels.
 *
 * @throws RangeError when the two don't pair up
 */
export function pairedDifference(a: readonly number[], b: readonly number[], confidence = 0.95): Difference {
  if (a.length !== b.length) {
    throw new RangeError(`Cannot pair values as both must be as many: current value is ${a.length} and ${b.length}`);
  }
  const interval = meanInterval(a.map((value, i) => value - b[i]), confidence);
  // Comparisons with NaN are false: one seed never distinguishes anything.
  return { ...interval, distinguishable: interval.low > 0 || interval.high < 0 };
}
