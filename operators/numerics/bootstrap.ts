/**
 * Whether one system is better than another on a test set: paired bootstrap resampling.
 *
 * The test set is drawn anew from itself, with replacement and the same segments for both systems, many times; how the
 * difference of their corpus scores varies over the draws says how sure it is.
 *
 * Source: Koehn 2004, "Statistical Significance Tests for Machine Translation Evaluation", section 4; the p-value's form,
 * (1 + draws at least as far from their mean) / (1 + draws), from Riezler & Maxwell 2005.
 *
 * @module
 */
import { randomFrom } from "./random.ts";

/** What {@linkcode pairedBootstrap} says. */
export interface PairedBootstrap {
  /** Score of the first system minus that of the second, on the test set as it is. */
  readonly difference: number;
  /** The interval that holds `level` of the differences over all draws. */
  readonly interval: readonly [number, number];
  /** Probability of a difference at least this great if there were none. */
  readonly p: number;
}

/** How to draw. */
export interface BootstrapOptions {
  /** Draws. @default {1000} */
  readonly draws?: number;
  /** Share of the differences inside the interval. @default {0.95} */
  readonly level?: number;
  /** The same seed draws the same. @default {1} */
  readonly seed?: number;
}

/** Sums of some rows of statistics. */
export function sumStatistics(rows: readonly (readonly number[])[]): number[] {
  const sums = new Array<number>(rows[0]?.length ?? 0).fill(0);
  for (const row of rows) row.forEach((value, index) => sums[index] += value);
  return sums;
}

/**
 * Compares two systems by statistics of the same segments, as `bleuStatistics` or `chrfStatistics` give them.
 *
 * @param score The corpus score of summed statistics: `bleuOf`, `chrfOf`.
 * @throws RangeError when there are no segments, when the systems have different numbers of them, or an option is out of
 *     its range.
 */
export function pairedBootstrap(
  first: readonly (readonly number[])[],
  second: readonly (readonly number[])[],
  score: (sums: readonly number[]) => number,
  { draws = 1000, level = 0.95, seed = 1 }: BootstrapOptions = {},
): PairedBootstrap {
  const refuse = (rule: string, value: unknown) =>
    new RangeError(`Cannot compare two systems as ${rule}: current value is ${value}`);
  if (first.length === 0) throw refuse("there must be at least one segment", 0);
  if (second.length !== first.length) {
    throw refuse("both must have the same segments", `${first.length} and ${second.length}`);
  }
  if (!Number.isSafeInteger(draws) || draws < 1) throw refuse("draws must be a whole number from 1", draws);
  if (!(level > 0 && level < 1)) throw refuse("level must lie in (0, 1)", level);

  const random = randomFrom(seed);
  const difference = score(sumStatistics(first)) - score(sumStatistics(second));
  const drawn = Float64Array.from({ length: draws }, () => {
    const chosen = first.map(() => random.integer(first.length));
    const of = (rows: readonly (readonly number[])[]) => score(sumStatistics(chosen.map((at) => rows[at])));
    return of(first) - of(second);
  }).sort();
  const mean = drawn.reduce((sum, value) => sum + value, 0) / draws;
  const far = drawn.filter((value) => Math.abs(value - mean) >= Math.abs(difference)).length;
  const at = (share: number) => drawn[Math.min(draws - 1, Math.max(0, Math.round(share * (draws - 1))))];
  return { difference, interval: [at((1 - level) / 2), at((1 + level) / 2)], p: (1 + far) / (1 + draws) };
}
