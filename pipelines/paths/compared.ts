/**
 * Runs of a design that compares combinations side by side (the user's own, the paths that translate) or has one alone (the
 * large model): each combination under the name of what tells it from the others.
 *
 * @module
 */
import { scores } from "../../operators/mod.ts";
import type { Label, Measurement } from "../../operators/records.ts";
import { formatEstimate, type Interval, listWords } from "../../reports/mod.ts";
import type { Labels } from "../runs.ts";
import { cellName, pathName, type Planned } from "./design.ts";
import { SCORELESS } from "./own.ts";
import type { PathRuns } from "./runs.ts";
import { bootstrapped } from "./segments.ts";

/** What tells combinations apart, in the order in which they are named. */
const FACTORS = ["path", "score", "scope", "direction", "cell", "layers", "decoderLayers"] as const;

/** A task in a reader's words. */
export interface TaskWords {
  /** What is scored: `words`. */
  readonly items: string;
  /** What is said one after the other: `phoneme`. */
  readonly symbol: string;
  /** What training counts: `pronunciations seen`. */
  readonly seen: string;
  /** The measure that ranks, and the one beside it; the lowest is best unless `highest` is said. */
  readonly metrics: readonly { readonly metric: string; readonly label: string; readonly short: string }[];
  readonly highest?: boolean;
}

const pronunciation: TaskWords = {
  items: "words",
  symbol: "phoneme",
  seen: "pronunciations seen",
  metrics: [
    { metric: "per", label: "Phoneme error rate", short: "PER" },
    { metric: "wer", label: "Word error rate", short: "WER" },
  ],
};

const translation: TaskWords = {
  items: "sentences",
  symbol: "symbol",
  seen: "sentences seen",
  metrics: [
    { metric: "bleu", label: "BLEU", short: "BLEU" },
    { metric: "chrf", label: "chrF", short: "chrF" },
  ],
  highest: true,
};

const generated: TaskWords = {
  items: "sequences",
  symbol: "symbol",
  seen: "sequences seen",
  metrics: [
    { metric: "per", label: "Symbol error rate", short: "Symbol error rate" },
    { metric: "wer", label: "Sequence error rate", short: "Sequence error rate" },
  ],
};

/** One part's runs by combination. */
export class Compared {
  /** The combinations' labels by name, in the order in which they were run. */
  readonly combinations: ReadonlyMap<string, Labels>;
  readonly task: string;
  readonly words: TaskWords;

  constructor(readonly runs: PathRuns, readonly part: Planned["part"]) {
    const found = new Map<string, Labels>();
    for (const { labels } of runs.rows.filter(({ labels }) => labels.part === part)) {
      const own = Object.fromEntries(
        FACTORS.filter((name) => labels[name] !== undefined).map((name) => [name, labels[name]]),
      );
      found.set(Object.values(own).join("|"), { part, ...own });
    }
    const all = [...found.values()];
    const varied = FACTORS.filter((name) => new Set(all.map((labels) => labels[name])).size > 1);
    this.combinations = new Map(
      all.map((labels) => [part === "best" ? "this model" : nameOf(labels, varied), labels]),
    );
    this.task = String(runs.rows.find(({ labels }) => labels.part === part)?.labels.task ?? "pronunciation");
    this.words = this.task === "pronunciation" ? pronunciation : this.task === "translation" ? translation : generated;
  }

  get names(): readonly string[] {
    return [...this.combinations.keys()];
  }

  /** Rows of one metric with the label `combination`. */
  select(metric: string, labels: Labels = {}): Measurement[] {
    return [...this.combinations].flatMap(([combination, own]) =>
      this.runs.select(metric, { ...own, ...labels })
        .map((row) => ({ ...row, labels: { ...row.labels, combination } }))
    );
  }

  /** A combination's mean over seeds on unseen examples. */
  estimate(metric: string, name: string): Interval | undefined {
    return this.runs.estimate(metric, { ...this.combinations.get(name), set: "test" });
  }

  /** Combinations with a value, the best one first. */
  ranked(): { readonly name: string; readonly estimate: Interval }[] {
    const { highest, metrics: [{ metric }] } = this.words;
    return this.names.flatMap((name) => {
      const estimate = this.estimate(metric, name);
      return estimate ? [{ name, estimate }] : [];
    }).sort((a, b) => (highest ? -1 : 1) * (a.estimate.mean - b.estimate.mean));
  }

  /** Whether the first is told apart from the second: by seeds, paired; translations with one seed by their sentences. */
  apart(a: string, b: string): boolean {
    const [{ metric }] = this.words.metrics;
    if (metric === "bleu" && this.runs.seeds.length === 1) {
      const [low, high] = bootstrapped(this, a, b, metric)?.interval ?? [0, 0];
      return low > 0 || high < 0;
    }
    const labels = (name: string) => ({ ...this.combinations.get(name), set: "test" });
    return this.runs.difference(metric, labels(a), labels(b))?.distinguishable ?? false;
  }

  /** The best combination with its figure, and from which other ones it is told apart; nothing without a value. */
  said(): string | undefined {
    const [best, ...others] = this.ranked();
    if (!best) return undefined;
    const { highest, metrics: [{ short }], items } = this.words;
    const unit = highest ? "" : "%";
    const figure = `${formatEstimate(best.estimate)}${unit}`;
    if (others.length === 0) return `${short} on unseen ${items} is ${figure} with ${best.name}`;
    const said = `${short} on unseen ${items} is ${highest ? "highest" : "lowest"} with ${best.name}, ${figure}`;
    const behind = others.filter(({ name }) => this.apart(best.name, name));
    const level = others.filter((each) => !behind.includes(each));
    const listed = (list: typeof others) => listWords(list.map(({ name }) => name));
    return `${said}; ${
      [
        ...(level.length > 0 ? [`no difference from ${listed(level)} is seen`] : []),
        ...(behind.length > 0 ? [`${listed(behind)} ${behind.length === 1 ? "is" : "are"} behind`] : []),
      ].join(", ")
    }`;
  }
}

function nameOf(labels: Labels, varied: readonly string[]): string {
  const told = varied.length > 0 ? varied : ["path", "score"];
  return told.filter((name) => name !== "score" || !SCORELESS.includes(String(labels.scope)))
    .map((name) => valueName(name, labels[name])).join(" · ");
}

/** What a reader sees of a factor's value. */
export function valueName(factor: string, value: Label | undefined): string {
  const text = String(value);
  switch (factor) {
    case "path":
      return pathName(text);
    case "score": {
      const score: { readonly label?: string } | undefined = scores[text as keyof typeof scores];
      return score?.label ?? text;
    }
    case "scope":
      return { heads: "4 heads", none: "no attention" }[text] ?? text;
    case "direction":
      return text === "bidirectional" ? "two directions" : "one direction";
    case "cell":
      return cellName(text);
    case "layers":
      return `${text} encoder ${text === "1" ? "layer" : "layers"}`;
    default:
      return `${text} decoder ${text === "1" ? "layer" : "layers"}`;
  }
}
