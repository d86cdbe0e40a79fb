/**
 * Rows as every page asks for them: those with certain labels, the last value of each run, means over runs with their
 * intervals, and differences paired by run.
 *
 * @module
 */
import type { Label, Measurement } from "../operators/records.ts";
import { type Difference, type Interval, meanInterval, pairedDifference } from "../reports/mod.ts";
import type { Results, Trial } from "./experiment.ts";

/** Labels that a row must carry. */
export type Labels = Readonly<Record<string, Label>>;

/** The seeds of trials, each once, in order. */
export function seedsOf(trials: readonly Trial[]): number[] {
  return [...new Set(trials.map(({ seed }) => seed))].sort((a, b) => a - b);
}

/** Rows of finished trials, with the label `seed`. */
export function seededRows({ trials, rows }: Pick<Results, "trials" | "rows">): Measurement[] {
  const seedOf = new Map(trials.map(({ id, seed }) => [id, seed]));
  return rows.filter(({ trial }) => seedOf.has(trial))
    .map((row) => ({ ...row, labels: { ...row.labels, seed: seedOf.get(row.trial)! } }));
}

/** Rows that carry all of `labels`. */
export function carrying(rows: readonly Measurement[], labels: Labels): Measurement[] {
  const wanted = Object.entries(labels);
  return rows.filter((row) => wanted.every(([key, value]) => row.labels[key] === value));
}

/** Rows that carry all of `labels` and hold a finite value. */
export function finite(rows: readonly Measurement[], labels: Labels = {}): Measurement[] {
  return carrying(rows, labels).filter(({ value }) => Number.isFinite(value));
}

/** The row of the last step in each run; of equal steps the later row. */
export function lastRows<K>(rows: readonly Measurement[], runOf: (row: Measurement) => K): Map<K, Measurement> {
  const last = new Map<K, Measurement>();
  for (const row of rows) {
    const run = runOf(row);
    if (row.step >= (last.get(run)?.step ?? -Infinity)) last.set(run, row);
  }
  return last;
}

/** The value of the last step in each run. */
export function lastValues<K>(rows: readonly Measurement[], runOf: (row: Measurement) => K): Map<K, number> {
  return new Map([...lastRows(rows, runOf)].map(([run, { value }]) => [run, value]));
}

/** The mean of values with its 95% t-interval; nothing when there is no value. */
export function estimateOf(values: Iterable<number>): Interval | undefined {
  const all = [...values];
  return all.length === 0 ? undefined : meanInterval(all);
}

/** `a` − `b` over the runs that both have, with its interval; nothing when they share none. */
export function differenceOf<K>(a: ReadonlyMap<K, number>, b: ReadonlyMap<K, number>): Difference | undefined {
  const shared = [...a.keys()].filter((run) => b.has(run));
  return shared.length === 0
    ? undefined
    : pairedDifference(shared.map((run) => a.get(run)!), shared.map((run) => b.get(run)!));
}
