/**
 * What judged sentences say, as sums: a phrase is forgotten when its batch has been added, so that a test set of any length
 * is judged in the memory of one batch.
 *
 * @module
 */
import { composers, greedyEncodings, type Judged, type Phrase } from "../../operators/mod.ts";
import type { Measurement } from "../../operators/records.ts";
import type { RowMaker } from "../rows.ts";
import type { Setting } from "./setting.ts";

/** The place of the greatest of some numbers. */
export function greatest(values: ArrayLike<number>): number {
  let best = 0;
  for (let at = 1; at < values.length; at++) if (values[at] > values[best]) best = at;
  return best;
}

/** ‖x‖ */
export function lengthOf(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

/** E_rec of a merge, as its form weighs it. */
export function errorOf({ errors, start, end }: Phrase, left: Phrase, weighted = true): number {
  const [e1, e2] = errors!;
  const share = weighted ? (left.end - left.start) / (end - start) : 0.5;
  return share * e1 + (1 - share) * e2;
}

/** The mean of what was added. */
class Mean {
  count = 0;
  #sum = 0;

  add(value: number): void {
    this.count++;
    this.#sum += value;
  }

  get value(): number {
    return this.#sum / this.count;
  }
}

/** Metrics that are one number a trial, with their units. */
const UNITS = {
  "depth": "levels",
  "depth/least": "levels",
  "words": "words",
  "merges": "1",
  "candidates": "encodings",
  "candidates/naive": "encodings",
  "candidates/inside": "1",
  "norm/word": "1",
  "norm/parent": "1",
  "child/more": "1",
  "child/fewer": "1",
} as const;

/** Steps of a curve with fewer merges than this say little. */
const LEAST_MERGES = 5;
/** The last step of each curve. */
const LAST = { level: 30, length: 60 } as const;

/** Adds judged sentences up. */
export class Tally {
  readonly #setting: Setting;
  readonly #right = { sentence: new Mean(), root: new Mean() };
  readonly #means = new Map<keyof typeof UNITS, Mean>();
  readonly #curves = { level: new Map<number, Mean>(), length: new Map<number, Mean>() };

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** Adds a sentence and each of its phrases. */
  add({ sentence, tree, phrases, probabilities, candidates }: Judged): void {
    const { trial, sets: { classes } } = this.#setting;
    const { words } = tree, root = phrases[phrases.length - 1], truth = sentence.targets[0][0];
    this.#right.sentence.add(Number(classes[greatest(probabilities)] === truth));
    this.#right.root.add(Number(classes[greatest(root.probabilities)] === truth));
    this.#mean("depth").add(root.height);
    this.#mean("depth/least").add(Math.ceil(Math.log2(words)));
    this.#mean("words").add(words);
    // Every binary tree of n words takes n - 1 merges and ends in one vector.
    this.#mean("merges").add(Number(phrases.length === 2 * words - 1));
    if (trial.options.composer === composers.greedy.name) {
      const [least, most] = greedyEncodings(words);
      this.#mean("candidates").add(candidates);
      this.#mean("candidates/naive").add(words * (words - 1) / 2);
      this.#mean("candidates/inside").add(Number(candidates >= least && candidates <= most));
    }
    for (const phrase of phrases) this.#addPhrase(phrase, phrases);
  }

  #addPhrase(phrase: Phrase, phrases: readonly Phrase[]): void {
    this.#mean(phrase.children ? "norm/parent" : "norm/word").add(lengthOf(phrase.vector));
    if (!phrase.children) return;
    const [left, right] = phrase.children.map((child) => phrases[child]);
    const error = errorOf(phrase, left, this.#setting.form.weighted);
    for (const [curve, step] of [["level", phrase.height], ["length", phrase.end - phrase.start]] as const) {
      const points = this.#curves[curve];
      if (!points.has(step)) points.set(step, new Mean());
      points.get(step)!.add(error);
    }
    const [n1, n2] = [left.end - left.start, right.end - right.start];
    if (n1 === n2) return;
    this.#mean("child/more").add(phrase.errors![n1 > n2 ? 0 : 1]);
    this.#mean("child/fewer").add(phrase.errors![n1 > n2 ? 1 : 0]);
  }

  #mean(metric: keyof typeof UNITS): Mean {
    const mean = this.#means.get(metric) ?? new Mean();
    this.#means.set(metric, mean);
    return mean;
  }

  /** The rows of everything that was added. */
  rows(row: RowMaker, epochs: number): Measurement[] {
    return [
      ...Object.entries(this.#right).map(([head, { value }]) => row("accuracy", 100 * value, "%", epochs, { head })),
      ...Object.entries(this.#curves).flatMap(([curve, points]) =>
        [...points].filter(([step, { count }]) => step <= LAST[curve as keyof typeof LAST] && count >= LEAST_MERGES)
          .sort(([a], [b]) => a - b).map(([step, { value }]) => row(`reconstruction/${curve}`, value, "1", step))
      ),
      ...[...this.#means].map(([metric, { value }]) => row(metric, value, UNITS[metric], 0)),
    ];
  }
}
