/**
 * The rows of a path comparison as its page asks for them.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import { type Difference, type Fit, type Interval, mainEffects } from "../../reports/mod.ts";
import type { Results, Trial } from "../experiment.ts";
import { differenceOf, estimateOf, finite, type Labels, lastRows, lastValues, seededRows, seedsOf } from "../runs.ts";
import { aliased, columnsOf, EFFECTS, type Levels } from "./design.ts";

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

  /**
   * Of the gradient at the least distance, the share that is left at the greatest, before anything is learnt: the
   * geometric mean over seeds of the trials with these labels, of the copy task's own part unless another is named.
   */
  kept(labels: Labels): { readonly share: number; readonly near: number; readonly far: number } | undefined {
    const rows = this.select("distance/gradient", { part: "distance", ...labels, when: "before" });
    if (rows.length === 0) return undefined;
    const steps = rows.map(({ step }) => step);
    const [near, far] = [Math.min(...steps), Math.max(...steps)];
    const logs = [...Map.groupBy(rows, ({ trial }) => trial).values()].map((trial) => {
      const at = (step: number) => trial.find((row) => row.step === step)!.value;
      return Math.log(at(far) / at(near));
    });
    return { share: Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length), near, far };
  }

  /** Whether the scored runs of the design confuse main effects with interactions of two factors. */
  get aliased(): boolean {
    const scored = this.select("per", { part: "factorial", set: "test" });
    return aliased(scored.map(({ labels }) => labels as unknown as Levels));
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
