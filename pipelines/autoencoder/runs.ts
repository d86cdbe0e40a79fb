/**
 * The rows of the autoencoder's trials as its page asks for them.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import type { Interval } from "../../reports/mod.ts";
import type { Results } from "../experiment.ts";
import { estimateOf, finite, type Labels, seededRows, seedsOf } from "../runs.ts";

/** Rows of finished trials with the label `seed`, in the order of configurations, then seeds. */
export class AutoencoderRuns {
  readonly rows: readonly Measurement[];
  readonly seeds: readonly number[];
  /** Whether each column's mean was subtracted from a table of one's own, a sentence; empty where none was learnt. */
  readonly centring: string;

  constructor(results: Results) {
    this.seeds = seedsOf(results.trials);
    const own = results.trials.find(({ options }) => options.source === "file");
    this.centring = own === undefined
      ? ""
      : own.options.centre === "yes"
      ? "Each column’s mean is subtracted from your table first: its principal directions are those of PCA."
      : "Your table is learnt as it is: its principal directions are of second moments about 0, not about the mean as PCA’s are.";
    this.rows = seededRows(results).sort((a, b) => {
      const [x, y] = [a, b].map(({ labels }) => JSON.stringify([labels.source, labels.penalty, labels.optimiser]));
      return x < y ? -1 : x > y ? 1 : Number(a.labels.lambda) - Number(b.labels.lambda) ||
        Number(a.labels.seed) - Number(b.labels.seed);
    });
  }

  /** Finite rows of a metric with all of the labels. */
  select(metric: string, labels: Labels = {}): Measurement[] {
    return finite(this.rows.filter((row) => row.metric === metric), labels);
  }

  /** Mean over seeds with its interval. */
  estimate(metric: string, labels: Labels): Interval | undefined {
    return estimateOf(this.select(metric, labels).map(({ value }) => value));
  }

  /** The largest value over seeds. */
  largest(metric: string, labels: Labels): number | undefined {
    const values = this.select(metric, labels).map(({ value }) => value);
    return values.length === 0 ? undefined : Math.max(...values);
  }

  /** Where the vectors that λ is swept over are from. */
  get swept(): string {
    return this.rows.some(({ labels }) => labels.source === "file") ? "file" : "synthetic";
  }

  /** K of the vectors that λ is swept over, and nothing else; other widths were run beside it. */
  get code(): number {
    const counted = Map.groupBy(this.select("loss", { source: this.swept }), ({ labels }) => Number(labels.code));
    return [...counted].reduce((most, [code, { length }]) => length > most.length ? { code, length } : most, {
      code: 0,
      length: 0,
    }).code;
  }

  /** Labels of the comparison: vectors with the usual K. */
  get main(): Labels {
    return { source: this.swept, code: this.code };
  }

  /** Configurations that were run, a row each. */
  get configurations(): Labels[] {
    const seen = new Map<string, Labels>();
    for (const { labels } of this.select("loss")) {
      const { source, penalty, lambda, code, optimiser } = labels;
      const one = { source, penalty, lambda, code, optimiser };
      seen.set(JSON.stringify(one), one);
    }
    return [...seen.values()];
  }
}
