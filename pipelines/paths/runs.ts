/**
 * The rows of a path comparison as its page asks for them.
 *
 * @module
 */
import type { Label, Measurement } from "../../operators/records.ts";
import {
  type Difference,
  type Fit,
  type Interval,
  mainEffects,
  meanInterval,
  pairedDifference,
} from "../../reports/mod.ts";
import type { Results, Trial } from "../experiment.ts";
import { columnsOf, EFFECTS, type Levels } from "./design.ts";

/** Labels that a row must carry. */
export type Labels = Readonly<Record<string, Label>>;

/** Finished trials and their rows; every row has the labels of its trial, and `seed`. */
export class PathRuns {
  readonly trials: readonly Trial[];
  readonly seeds: readonly number[];
  readonly rows: readonly Measurement[];

  constructor({ trials, rows }: Results) {
    this.trials = trials;
    this.seeds = [...new Set(trials.map(({ seed }) => seed))].sort((a, b) => a - b);
    const seedOf = new Map(trials.map(({ id, seed }) => [id, seed]));
    this.rows = rows.filter(({ trial }) => seedOf.has(trial))
      .map((row) => ({ ...row, labels: { ...row.labels, seed: seedOf.get(row.trial)! } }));
  }

  /** Rows of one metric that carry all of `labels` and hold a finite value. */
  select(metric: string, labels: Labels = {}): Measurement[] {
    const wanted = Object.entries(labels);
    return this.rows.filter((row) =>
      row.metric === metric && Number.isFinite(row.value) &&
      wanted.every(([key, value]) => row.labels[key] === value)
    );
  }

  /** The last value of each trial, by seed. */
  bySeed(metric: string, labels: Labels = {}): Map<number, number> {
    const last = new Map<number, Measurement>();
    for (const row of this.select(metric, labels)) {
      const seed = Number(row.labels.seed);
      if (row.step >= (last.get(seed)?.step ?? -Infinity)) last.set(seed, row);
    }
    return new Map([...last].map(([seed, { value }]) => [seed, value]));
  }

  /** Mean over seeds with its interval. */
  estimate(metric: string, labels: Labels = {}): Interval | undefined {
    const values = [...this.bySeed(metric, labels).values()];
    return values.length === 0 ? undefined : meanInterval(values);
  }

  /** a − b, paired by seed. */
  difference(metric: string, a: Labels, b: Labels): Difference | undefined {
    const [first, second] = [this.bySeed(metric, a), this.bySeed(metric, b)];
    const shared = [...first.keys()].filter((seed) => second.has(seed));
    if (shared.length === 0) return undefined;
    return pairedDifference(shared.map((seed) => first.get(seed)!), shared.map((seed) => second.get(seed)!));
  }

  /** Main effects of the design on the last value of a metric in each trial. */
  effects(metric: string, labels: Labels, value: (value: number) => number = (x) => x): Fit | undefined {
    const rows = new Map<string, Measurement>();
    for (const row of this.select(metric, { ...labels, part: "factorial" })) {
      if (row.step >= (rows.get(row.trial)?.step ?? -Infinity)) rows.set(row.trial, row);
    }
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
