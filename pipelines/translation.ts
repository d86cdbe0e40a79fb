/**
 * The task of word-level translation: from a sentence's symbols to those of its translation, and back to texts that BLEU
 * and chrF can score.
 *
 * @module
 */
import { datasetOf, LANGUAGES, linePairs, type Pair, translations } from "../datasets/mod.ts";
import { bleu, bytePairs, chrf, learnMerges, type Metric, type Segmenter, words } from "../operators/mod.ts";
import { type Dataset, type Example, InputError } from "../operators/records.ts";
import type { Options, OptionSpec } from "./experiment.ts";
import { checkFilled, filtered, limited, only, type Sets } from "./sets.ts";

/** The options that say what is translated, and into which symbols. */
export const translationOptions = {
  language: {
    kind: "text",
    help: "what English is translated to, when no files are given",
    default: { quick: "de", full: "de" },
    choices: LANGUAGES,
  },
  source: {
    kind: "file",
    help: "sentences to learn from, one a line; target= has their translations, line by line",
    default: { quick: "", full: "" },
  },
  target: { kind: "file", help: "translations of source=, line by line", default: { quick: "", full: "" } },
  testSource: {
    kind: "file",
    help: "sentences to score on, one a line (default: a tenth of source=)",
    default: { quick: "", full: "" },
  },
  testTarget: { kind: "file", help: "translations of testSource=, line by line", default: { quick: "", full: "" } },
  symbols: {
    kind: "text",
    help: "what a sentence is cut into",
    default: { quick: "bytepairs", full: "bytepairs" },
    choices: ["words", "bytepairs"],
  },
  merges: { kind: "integer", help: "byte pairs to learn", default: { quick: 2000, full: 8000 }, min: 0, max: 100_000 },
  vocabulary: {
    kind: "integer",
    help: "the most symbols of a side, the commonest ones; others are unknown",
    default: { quick: 8000, full: 20_000 },
    min: 1,
  },
  longest: {
    kind: "integer",
    help: "most words of a sentence; longer ones are left out",
    default: { quick: 20, full: 50 },
    min: 2,
    max: 1000,
  },
  kept: {
    kind: "integer",
    help: "translated test sentences kept as rows and text files, for paired intervals and for sacreBLEU",
    default: { quick: 2000, full: 2000 },
    min: 1,
    max: 100_000,
  },
} as const satisfies Record<string, OptionSpec>;

/** What a translation trial works with. */
export interface Translation {
  readonly sets: Sets;
  readonly segmenter: Segmenter;
  /** BLEU and chrF of hypotheses against the references' own texts. */
  readonly metrics: readonly Metric[];
  /** The references' own texts. */
  readonly references: (example: Example) => readonly string[];
  /** Sentences that the data have, of which `sets` may hold a part. */
  readonly given: Readonly<Record<keyof Sets, number>>;
}

/**
 * Reads the sets that the options name, and learns byte pairs from the training texts alone. Without test files the
 * sentences are split by their source text, so the same sentence is never on both sides.
 *
 * @throws InputError when a file can't be used, comes without its other side, or leaves a set empty.
 */
export async function readTranslation(options: Options): Promise<Translation> {
  const { pairs, given } = await readPairs(options);
  const segmenter = options.symbols === "words"
    ? words
    : bytePairs(learnMerges(textsOf(pairs.train), Number(options.merges)));
  const texts = new Map<string, readonly string[]>();
  const cut = (dataset: Dataset<Pair>): Dataset<Example> => {
    const items = [...dataset].map(({ id, source, targets }): Example => {
      texts.set(id, targets);
      return { id, source: segmenter.split(source), targets: targets.map((target) => segmenter.split(target)) };
    });
    return datasetOf(items, dataset.provenance);
  };
  const sets = { train: cut(pairs.train), dev: cut(pairs.dev), test: cut(pairs.test) };
  const readable = { join: segmenter.join, references: ({ id }: Example) => texts.get(id)! };
  return { sets, segmenter, metrics: [bleu(readable), chrf(readable)], references: readable.references, given };
}

function* textsOf(pairs: Iterable<Pair>): Iterable<string> {
  for (const { source, targets } of pairs) {
    yield source;
    yield* targets;
  }
}

async function readPairs(options: Options): Promise<Pick<Translation, "given"> & { readonly pairs: Sets<Pair> }> {
  const { source, target, testSource, testTarget, longest, words = 0, devWords = 0, testWords = 0 } = options;
  for (const [one, other] of [["source", "target"], ["testSource", "testTarget"]] as const) {
    if ((options[one] === "") === (options[other] === "")) continue;
    const given = options[one] === "" ? other : one;
    throw new InputError(
      `Cannot translate as ${one}= and ${other}= must be given together: current value is ${given}= alone`,
    );
  }
  const maxWords = Number(longest);
  const all = source === ""
    ? await translations({ language: options.language as "de", split: "all", maxWords })
    : await linePairs({ source: String(source), target: String(target), maxWords });
  const given = testSource === ""
    ? undefined
    : named(await linePairs({ source: String(testSource), target: String(testTarget) }), "test ");
  const part = (...splits: string[]) => only(all, (split) => splits.includes(split), (pair) => pair.source);
  const scored = new Set([...given ?? []].map((pair) => pair.source));
  const sets = {
    train: filtered(given ? part("train", "test") : part("train"), (pair) => !scored.has(pair.source)),
    dev: filtered(part("dev"), (pair) => !scored.has(pair.source)),
    test: given ?? part("test"),
  };
  checkFilled(sets, "sentences");
  return {
    pairs: {
      train: limited(sets.train, Number(words)),
      dev: limited(sets.dev, Number(devWords)),
      test: limited(sets.test, Number(testWords)),
    },
    given: { train: sets.train.length, dev: sets.dev.length, test: sets.test.length },
  };
}

/** The same pairs with ids of their own, for line 1 of one file isn't line 1 of another. */
function named(pairs: Dataset<Pair>, prefix: string): Dataset<Pair> {
  return datasetOf([...pairs].map((pair) => ({ ...pair, id: prefix + pair.id })), pairs.provenance);
}
