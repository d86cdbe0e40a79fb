/**
 * The rows of a path comparison as its page asks for them.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import { type Difference, type Fit, type Interval, mainEffects } from "../../reports/mod.ts";
import type { Results, Trial } from "../experiment.ts";
import { differenceOf, estimateOf, finite, type Labels, lastRows, lastValues, seededRows, seedsOf } from "../runs.ts";
import { columnsOf, EFFECTS, type Levels } from "./design.ts";

/** Finished trials and their rows; every row has the labels of its trial, and `seed`. */
export class PathRuns {
  readonly trials: readonly Trial[];
  readonly seeds: readonly number[];
  readonly rows: readonly Measurement[];

  constructor(results: Results) {
    this.trials = results.trials;
    this.seeds = seedsOf(this.trials);
    this.rows = seededRows(results);
  }

  /** Rows of one metric that carry all of `labels` and hold a finite value. */
  select(metric: string, labels: Labels = {}): Measurement[] {
    return finite(this.rows.filter((row) => row.metric === metric), labels);
  }

  /** The last value of each trial, by seed. */
  bySeed(metric: string, labels: Labels = {}): Map<number, number> {
    return lastValues(this.select(metric, labels), (row) => Number(row.labels.seed));
  }

  /** Mean over seeds with its interval. */
  estimate(metric: string, labels: Labels = {}): Interval | undefined {
    return estimateOf(this.bySeed(metric, labels).values());
  }

  /** a − b, paired by seed. */
  difference(metric: string, a: Labels, b: Labels): Difference | undefined {
    return differenceOf(this.bySeed(metric, a), this.bySeed(metric, b));
  }

  /** Main effects of the design on the last value of a metric in each trial. */
  effects(metric: string, labels: Labels, value: (value: number) => number = (x) => x): Fit | undefined {
    const rows = lastRows(this.select(metric, { ...labels, part: "factorial" }), ({ trial }) => trial);
    const observations = [...rows.values()].map((row) => ({
      x: {
        ...columnsOf(row.labels as unknown as Levels),
        // Seeds are blocks: they share the order of words.
        ...Object.fromEntries(this.seeds.slice(1).map((seed) => [`seed ${seed}`, row.labels.seed === seed ? 1 : 0])),
      },
      y: value(row.value),
    }));
    return mainEffects(observations, Object.keys(EFFECTS));
  }
}
