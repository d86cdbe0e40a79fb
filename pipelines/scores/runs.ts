/**
 * The rows of a score comparison as its page asks for them: by score, by seed, with intervals.
 *
 * @module
 */
import { type Score, scores as known } from "../../operators/mod.ts";
import type { Measurement } from "../../operators/records.ts";
import { type Difference, formatEstimate, type Interval } from "../../reports/mod.ts";
import type { Results, Trial } from "../experiment.ts";
import { lateMean } from "../late.ts";
import { carrying, differenceOf, estimateOf, finite, type Labels, lastValues, seedsOf } from "../runs.ts";

const LABELS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values<Score>(known).map((score) => [score.name, score.label ?? score.name]),
);

/** The name that a reader sees. */
function displayName(name: string): string {
  return Object.hasOwn(LABELS, name) ? LABELS[name] : name;
}

/** The scores that Heed knows, as a reader sees them, in their usual order. */
export const knownScores: readonly string[] = Object.values(LABELS);

/** Finished trials and their rows, in the order of scores, then seeds. The label `score` holds what a reader sees. */
export class ScoreRuns {
  /** What a reader calls each score: Heed's own in their usual order, then others by name. */
  readonly scores: readonly string[];
  readonly seeds: readonly number[];
  readonly trials: readonly Trial[];
  /** Every row, values that aren't finite included, with the labels `score` (as a reader sees it) and `seed`. */
  readonly rows: readonly Measurement[];
  readonly #seedOf: ReadonlyMap<string, number>;
  readonly #byMetric = new Map<string, Measurement[]>();

  constructor({ trials, rows }: Results) {
    const names = namesOf(trials, rows);
    this.scores = sortedNames([...new Set(names.values())]);
    this.#seedOf = new Map(trials.map(({ id, seed }) => [id, seed]));
    this.seeds = seedsOf(trials);
    const place = (id: string) => this.scores.indexOf(names.get(id)!);
    this.trials = trials.filter(({ id }) => names.has(id))
      .sort((a, b) => place(a.id) - place(b.id) || a.seed - b.seed || (a.id < b.id ? -1 : 1));
    const rank = new Map(this.trials.map(({ id }, index) => [id, index]));
    this.rows = rows.filter(({ trial }) => rank.has(trial))
      .map((row) => ({
        ...row,
        labels: { ...row.labels, score: names.get(row.trial)!, seed: this.#seedOf.get(row.trial)! },
      }))
      .sort((a, b) => rank.get(a.trial)! - rank.get(b.trial)!);
    for (const row of this.rows) {
      const group = this.#byMetric.get(row.metric);
      if (group) group.push(row);
      else this.#byMetric.set(row.metric, [row]);
    }
  }

  /** Whether a score was run. */
  has(score: string): boolean {
    return this.scores.includes(score);
  }

  /** Names what was not run of these scores, or nothing when all were. */
  lacking(needed: readonly string[]): string | undefined {
    const missing = needed.filter((score) => !this.has(score));
    return missing.length === 0 ? undefined : `This run has no trial of ${missing.join(" or ")}.`;
  }

  /** Rows of one metric that carry all of `labels` and hold a finite value. */
  select(metric: string, labels: Labels = {}): Measurement[] {
    return finite(this.every(metric, labels));
  }

  /** The same with values that aren't finite (a loss that diverged). */
  every(metric: string, labels: Labels = {}): Measurement[] {
    return carrying(this.#byMetric.get(metric) ?? [], labels);
  }

  /** The last value of each seed. */
  bySeed(score: string, metric: string, labels: Labels = {}): Map<number, number> {
    return lastValues(this.select(metric, { ...labels, score }), (row) => Number(row.labels.seed));
  }

  /** Mean over seeds of the last values, with its 95% t-interval; nothing when there is no value. */
  estimate(score: string, metric: string, labels: Labels = {}): Interval | undefined {
    return estimateOf(this.bySeed(score, metric, labels).values());
  }

  /** Mean over seeds of each seed's mean over the last tenth of a curve, with its interval. */
  late(score: string, metric: string): Interval | undefined {
    const curves = Map.groupBy(this.select(metric, { score }), ({ trial }) => trial);
    return estimateOf([...curves.values()].map(lateMean));
  }

  /** The mean alone. */
  mean(score: string, metric: string, labels: Labels = {}): number | undefined {
    return this.estimate(score, metric, labels)?.mean;
  }

  /** Scores with a value, lowest mean first; equal means keep the usual order. */
  ranked(metric: string, labels: Labels = {}): { readonly score: string; readonly estimate: Interval }[] {
    return this.scores.flatMap((score) => {
      const estimate = this.estimate(score, metric, labels);
      return estimate ? [{ score, estimate }] : [];
    }).sort((a, b) => a.estimate.mean - b.estimate.mean);
  }

  /** `a` − `b` over the seeds that both have; nothing when they share none. */
  difference(a: string, b: string, metric: string, labels: Labels = {}): Difference | undefined {
    return differenceOf(this.bySeed(a, metric, labels), this.bySeed(b, metric, labels));
  }

  /** Words in a set, or nothing when no trial says so. */
  words(set: "train" | "dev" | "test"): number | undefined {
    return this.select("set", { set })[0]?.value;
  }
}

/** Display names by trial. Two configurations whose scores call themselves alike are told apart by what was asked for. */
function namesOf(trials: readonly Trial[], rows: readonly Measurement[]): Map<string, string> {
  const own = new Map<string, string>();
  for (const { trial, labels } of rows) {
    if (labels.score !== undefined && !own.has(trial)) own.set(trial, displayName(String(labels.score)));
  }
  const asked = new Map<string, Set<string>>();
  for (const { id, options } of trials) {
    const name = own.get(id);
    if (name !== undefined) asked.set(name, (asked.get(name) ?? new Set()).add(String(options.score)));
  }
  return new Map(trials.flatMap(({ id, options }) => {
    const name = own.get(id);
    if (name === undefined) return [];
    const choice = String(options.score);
    const shared = asked.get(name)!.size > 1 && displayName(choice) !== name;
    return [[id, shared ? `${name} (${choice})` : name] as const];
  }));
}

function sortedNames(names: readonly string[]): string[] {
  const place = (name: string) => knownScores.includes(name) ? knownScores.indexOf(name) : knownScores.length;
  return [...names].sort((a, b) => place(a) - place(b) || (a < b ? -1 : a > b ? 1 : 0));
}

/** A score's name at the beginning of a sentence; a user's own name is left as it is. */
export function opening(score: string): string {
  return knownScores.includes(score) ? score[0].toUpperCase() + score.slice(1) : score;
}

/** `9.1 ± 0.4%`: a digit behind the point, as some thousand test words bear no more; more where the interval needs it. */
export function percent(estimate: Interval): string {
  return `${formatEstimate(estimate, 1)}%`;
}

/** A signed difference of percentages: `+0.31 ± 0.90 points`. */
export function points(difference: Difference): string {
  return `${difference.mean > 0 ? "+" : ""}${formatEstimate(difference, 2)} points`;
}
