/**
 * The rows of the recursive autoencoder's trials as its page asks for them: one thing varied at a time.
 *
 * @module
 */
import type { Label, Measurement } from "../../operators/records.ts";
import type { Difference, Interval } from "../../reports/mod.ts";
import type { Results, Trial } from "../experiment.ts";
import { differenceOf, estimateOf, finite, type Labels, lastValues, seedsOf } from "../runs.ts";

/**
 * Finished trials and their rows, with the label `run`, by which trials are paired: the seed, or in a cross-validation the
 * fold, with the mean of its seeds, which are scored on the same sentences and no runs apart.
 */
export class RecursiveRuns {
  readonly trials: readonly Trial[];
  readonly rows: readonly Measurement[];
  /** The configuration that all others differ from in one thing. */
  readonly main: Labels;
  readonly seeds: readonly number[];
  readonly folds: readonly number[];
  readonly #byMetric: ReadonlyMap<string, readonly Measurement[]>;

  constructor({ trials, rows }: Results) {
    this.trials = trials;
    const byId = new Map(trials.map((trial) => [trial.id, trial]));
    const known = rows.filter(({ trial }) => byId.has(trial));
    this.folds = [...new Set(known.map(({ labels }) => Number(labels.fold)))].sort((a, b) => a - b);
    this.seeds = seedsOf(trials);
    const crossed = this.folds.length > 1;
    this.rows = (crossed && this.seeds.length > 1 ? overSeeds(known) : known).map((row) => ({
      ...row,
      labels: { ...row.labels, run: crossed ? Number(row.labels.fold) : byId.get(row.trial)!.seed },
    }));
    this.#byMetric = Map.groupBy(this.rows, ({ metric }) => metric);
    const first = trials.find(({ options }) => options.main === "yes") ?? trials[0];
    this.main = {
      composer: String(first?.options.composer ?? "greedy"),
      alpha: Number(first?.options.alpha ?? 0.2),
      form: "paper",
    };
  }

  /** Rows of one metric with a finite value that carry all of `labels`; what isn't named is as in the main configuration. */
  select(metric: string, labels: Labels = {}): Measurement[] {
    return finite(this.#byMetric.get(metric) ?? [], { ...this.main, ...labels });
  }

  /** The value of each run: the last step's. */
  byRun(metric: string, labels: Labels = {}): Map<string, number> {
    return lastValues(this.select(metric, labels), (row) => String(row.labels.run));
  }

  /** Mean over seeds, or over folds, with its 95% t-interval. */
  estimate(metric: string, labels: Labels = {}): Interval | undefined {
    return estimateOf(this.byRun(metric, labels).values());
  }

  /** `a` − `b` over the runs that both have. */
  difference(metric: string, a: Labels, b: Labels): Difference | undefined {
    return differenceOf(this.byRun(metric, a), this.byRun(metric, b));
  }

  /** Every value of a label among the rows of a metric, in the order of first appearance. */
  values(metric: string, key: string): Label[] {
    return [...new Set((this.#byMetric.get(metric) ?? []).map(({ labels }) => labels[key]))];
  }

  /** Composers that were run at the main α and form. */
  get composers(): string[] {
    return this.values("depth", "composer").map(String).filter((composer) =>
      this.select("depth", { composer }).length > 0
    );
  }
}

/** Rows that are no measure of a run: what it was made of, and what it drew. */
const DESCRIBING = ["set", "parameters", "pretrained", "shape", "tree", "nearest"];

/** Rows that differ in nothing but the seed become one, their mean, under the first one's trial. */
function overSeeds(rows: readonly Measurement[]): Measurement[] {
  const groups = Map.groupBy(
    rows,
    (row) => DESCRIBING.includes(row.metric) ? row : JSON.stringify([row.metric, row.step, row.labels]),
  );
  return [...groups.values()].map((group) => ({
    ...group[0],
    value: group.reduce((sum, { value }) => sum + value, 0) / group.length,
  }));
}

/** The sentence's own head, which a page calls the accuracy. */
export const SENTENCE: Labels = { head: "sentence" };

/** What doesn't compose. */
export const baselines = ["majority", "naive Bayes", "mean of vectors"] as const;
