/**
 * The sentences of one trial of the recursive autoencoder: short film reviews by default, or files of the user's.
 *
 * @module
 */
import { crossValidation, datasetOf, reviews, sentences, treebank, treebankClasses } from "../../datasets/mod.ts";
import { type Dataset, InputError, type Sentence } from "../../operators/records.ts";
import type { Options, OptionSpec } from "../experiment.ts";

/** What is learnt from, what is scored on, and the classes, in the order of their numbers. */
export interface SentenceSets {
  readonly train: Dataset<Sentence>;
  readonly test: Dataset<Sentence>;
  readonly classes: readonly string[];
}

const file = (help: string) => ({ kind: "file", help, default: { quick: "", full: "" } } as const);

/** The options that say which sentences. */
export const sentenceOptions = {
  positive: file("positive sentences, one a line (default: film reviews from npm, the official split)"),
  negative: file("negative sentences, one a line"),
  testPositive: file("positive sentences to score on; without them, the sentences are cross-validated"),
  testNegative: file("negative sentences to score on"),
  trees: file("a treebank in brackets to learn from, in place of positive and negative"),
  testTrees: file("a treebank to score on"),
  classes: {
    kind: "text",
    help: "classes of a treebank: binary leaves the middle out, fine takes all five",
    default: { quick: "binary", full: "binary" },
    choices: ["binary", "fine"],
  },
  folds: {
    kind: "integer",
    help: "parts of the cross-validation, each held out once",
    default: { quick: 3, full: 10 },
    min: 2,
    max: 100,
  },
  maxWords: {
    kind: "integer",
    help: "most words of a review; longer ones are left out",
    default: { quick: 60, full: 100 },
    min: 1,
    max: 1000,
  },
} as const satisfies Record<string, OptionSpec>;

/** Where the sentences come from, by which options are set. @throws InputError when they don't go together. */
export function sourceOf(options: Options): "reviews" | "files" | "folds" | "trees" {
  const given = (key: string) => String(options[key] ?? "") !== "";
  const together = (key: string, other: string) => {
    if (given(key) && !given(other)) {
      throw new InputError(
        `Cannot use --set ${key}=${options[key]} as it needs ${other} beside it: current value is empty`,
      );
    }
  };
  together("positive", "negative");
  together("negative", "positive");
  together("testPositive", "testNegative");
  together("testNegative", "testPositive");
  together("testPositive", "positive");
  together("trees", "testTrees");
  together("testTrees", "trees");
  if (given("trees")) {
    if (given("positive")) {
      throw new InputError(`Cannot use --set trees=${options.trees} as positive is set too: give one of them`);
    }
    return "trees";
  }
  if (!given("positive")) return "reviews";
  return given("testPositive") ? "files" : "folds";
}

/** Reads the sets. @throws InputError when a file can't be used, in one line. */
export async function readSentences(options: Options): Promise<SentenceSets> {
  const path = (key: string) => String(options[key]);
  const files = (negative: string, positive: string, split: string) =>
    sentences([{ label: "negative", path: path(negative) }, { label: "positive", path: path(positive) }], { split });
  const classes = ["negative", "positive"];
  switch (sourceOf(options)) {
    case "trees": {
      const kind = options.classes === "fine" ? "fine" : "binary";
      const read = async (key: string, split: string) =>
        ofSeveralClasses(await treebank(path(key), { classes: kind, split }), `--set ${key}=${path(key)}`);
      return {
        train: await read("trees", "train"),
        test: await read("testTrees", "test"),
        classes: treebankClasses(kind),
      };
    }
    case "files":
      return {
        train: await files("negative", "positive", "train"),
        test: await files("testNegative", "testPositive", "test"),
        classes,
      };
    case "folds": {
      const all = await files("negative", "positive", "all");
      return { ...crossValidation(all, Number(options.folds), Number(options.fold ?? 0)), classes };
    }
    case "reviews":
      return { train: await reviewSentences("train", options), test: await reviewSentences("test", options), classes };
  }
}

/** Refuses trees of one class alone, of which nothing can be learnt or told, as {@linkcode sentences} refuses one file. */
function ofSeveralClasses(all: Dataset<Sentence>, what: string): Dataset<Sentence> {
  const labels = new Set(Array.from(all, ({ targets }) => targets[0][0]));
  if (labels.size >= 2) return all;
  throw new InputError(
    `Cannot use ${what} as there must be sentences of at least 2 classes: current value is ${[...labels].join(", ")}`,
  );
}

async function reviewSentences(split: "train" | "test", options: Options): Promise<Dataset<Sentence>> {
  const all = await reviews({ split, maxWords: Number(options.maxWords) });
  const items = [...all].map(({ id, text, label }): Sentence => ({
    id,
    source: reviewWords(text),
    targets: [[label === 1 ? "positive" : "negative"]],
  })).filter(({ source }) => source.length > 0);
  return datasetOf(items, all.provenance);
}

/** Words and punctuation marks of a review, in lower case, without markup. */
export function reviewWords(text: string): string[] {
  return text.replace(/<[^>]*>/g, " ").toLowerCase().match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*|[.,!?;:()]/gu) ?? [];
}
