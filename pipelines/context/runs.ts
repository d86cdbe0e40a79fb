/**
 * The rows of a context comparison as its page asks for them: by task, attention and size, with intervals over seeds.
 *
 * @module
 */
import { attentionMechanisms } from "../../operators/mod.ts";
import type { Measurement } from "../../operators/records.ts";
import { type Difference, type Interval, meanInterval } from "../../reports/mod.ts";
import type { Results, Trial } from "../experiment.ts";
import { differenceOf, finite, seededRows, seedsOf } from "../runs.ts";

/** One configuration: an attention at one size of one task. */
export interface Cell {
  readonly task: string;
  readonly attention: string;
  /** Recall's alone. */
  readonly pairs?: number;
  readonly width?: number;
}

/** A configuration with what was measured of it. */
export interface Scored extends Cell {
  /** Accuracy on unseen examples, %. */
  readonly accuracy: Interval;
  /** Bytes that the causal form carries after the last position; none where the mechanism doesn't tell. */
  readonly state: number | undefined;
  /** Operations of one example's forward pass. */
  readonly operations: number | undefined;
  readonly parameters: number | undefined;
  /** Seconds of training, a mean over seeds. */
  readonly seconds: number | undefined;
}

/** What readers call Heed's own mechanisms, in their usual order. */
const ORDER = attentionMechanisms.map(({ name, label }) => label ?? name);

/** The name of the baseline. */
export const SOFTMAX = "softmax";

/** Finished trials and their rows. */
export class ContextRuns {
  readonly trials: readonly Trial[];
  readonly seeds: readonly number[];
  /** Attentions in their usual order; a user's own behind them, by name. */
  readonly attentions: readonly string[];
  readonly scored: readonly Scored[];
  /** Rows of finished trials, labelled by seed too. */
  readonly rows: readonly Measurement[];
  readonly #accuracy = new Map<string, Map<number, number>>();

  constructor(results: Results) {
    const place = ({ labels }: Measurement) => {
      const at = ORDER.indexOf(String(labels.attention));
      return at < 0 ? ORDER.length : at;
    };
    const size = ({ labels }: Measurement) => Number(labels.width ?? 0);
    this.rows = seededRows(results).sort((a, b) =>
      place(a) - place(b) || compare(String(a.labels.attention), String(b.labels.attention)) || size(a) - size(b)
    );
    this.trials = results.trials;
    this.seeds = seedsOf(this.trials);
    this.attentions = [...new Set(this.rows.map(({ labels }) => String(labels.attention)))];
    const accuracies = this.select("accuracy").filter(({ labels }) => labels.set === "test");
    for (const row of accuracies) {
      const key = keyOf(cellOf(row));
      this.#accuracy.set(key, (this.#accuracy.get(key) ?? new Map()).set(Number(row.labels.seed), row.value));
    }
    const cells = new Map(accuracies.map((row) => [keyOf(cellOf(row)), cellOf(row)]));
    this.scored = [...cells].map(([key, cell]): Scored => ({
      ...cell,
      accuracy: meanInterval([...this.#accuracy.get(key)!.values()]),
      state: this.#mean("state", key),
      operations: this.#mean("operations", key),
      parameters: this.#mean("parameters", key),
      seconds: this.#seconds(key),
    }));
  }

  /** Finite values of one metric, of one task where it is named. */
  select(metric: string, task?: string): Measurement[] {
    return finite(this.rows.filter((row) => row.metric === metric), task === undefined ? {} : { task });
  }

  /** What was scored of one task. */
  of(task: string): Scored[] {
    return this.scored.filter((each) => each.task === task);
  }

  /** Accuracy of `a` − that of `b`, paired by seed; nothing when they share no seed. */
  difference(a: Cell, b: Cell): Difference | undefined {
    const [first, second] = [a, b].map((cell) => this.#accuracy.get(keyOf(cell)) ?? new Map<number, number>());
    return differenceOf(first, second);
  }

  /** Mean share of the commonest label among test examples, %. */
  chance(task: string): number | undefined {
    const values = this.select("chance", task).map(({ value }) => value);
    return values.length === 0 ? undefined : mean(values);
  }

  #mean(metric: string, key: string): number | undefined {
    const values = this.select(metric).filter((row) => keyOf(cellOf(row)) === key).map(({ value }) => value);
    return values.length === 0 ? undefined : mean(values);
  }

  #seconds(key: string): number | undefined {
    const rows = this.select("time/training").filter((row) => keyOf(cellOf(row)) === key);
    if (rows.length === 0) return undefined;
    return rows.reduce((sum, { value }) => sum + value, 0) / new Set(rows.map(({ trial }) => trial)).size;
  }
}

function cellOf({ labels }: Measurement): Cell {
  const { task, attention, pairs, width } = labels;
  const sizes = pairs === undefined ? {} : { pairs: Number(pairs), width: Number(width) };
  return { task: String(task), attention: String(attention), ...sizes };
}

const keyOf = ({ task, attention, pairs, width }: Cell) => JSON.stringify([task, attention, pairs, width]);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const compare = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;
