/**
 * Rows: how a trial writes down what it measured.
 *
 * @module
 */
import type { Label, Measurement } from "../operators/records.ts";

/** Makes a row of one trial. */
export type RowMaker = (
  metric: string,
  value: number,
  unit: string,
  step: number,
  labels?: Readonly<Record<string, Label>>,
) => Measurement;

/** A maker whose rows carry a trial's id and the given labels. */
export function rowsOf(trial: string, common: Readonly<Record<string, Label>>): RowMaker {
  return (metric, value, unit, step, labels = {}) => ({
    trial,
    metric,
    step,
    value,
    unit,
    labels: { ...common, ...labels },
  });
}

/** The value below which a share of the values lies, straight between neighbours (R's type 7). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1), low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}
