/**
 * Rows: how a trial writes down what it measured.
 *
 * @module
 */
import type { Evaluation } from "../operators/mod.ts";
import type { Label, Measurement, Provenance } from "../operators/records.ts";

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

/** Where each set is from and how many items it holds: rows `set` at step 0. */
export function setRows(
  row: RowMaker,
  sets: Readonly<
    Partial<Record<"train" | "dev" | "test", { readonly provenance: Provenance; readonly length: number }>>
  >,
  unit: string,
): Measurement[] {
  return Object.entries(sets).map(([set, { length, provenance }]) => {
    const { name, split, licence, citation, checksum } = provenance;
    return row("set", length, unit, 0, { set, name, split, licence, citation, checksum });
  });
}

/** A row for each metric of an evaluation. */
export function evaluationRows(
  row: RowMaker,
  evaluation: Evaluation,
  step: number,
  labels: Readonly<Record<string, Label>>,
): Measurement[] {
  return Object.entries(evaluation).map(([metric, { value, unit }]) => row(metric, value, unit, step, labels));
}

/** The value below which a share of the values lies, straight between neighbours (R's type 7). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1), low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}
