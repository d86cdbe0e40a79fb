/**
 * The task that several pipelines share: from a word's letters to its phonemes.
 *
 * @module
 */
import { cmudict, dictionaryFile, subset } from "../datasets/mod.ts";
import { type Dataset, type Example, InputError } from "../operators/records.ts";
import type { Options, OptionSpec } from "./experiment.ts";
import { checkFilled, filtered, limited, only, type Sets } from "./sets.ts";

/** The options that say which words are learnt from and scored on. */
export const dataOptions = {
  train: {
    kind: "file",
    help: "dictionary to learn from, in CMUdict's format (default: CMUdict from npm, 90% of its words)",
    default: { quick: "", full: "" },
  },
  test: {
    kind: "file",
    help: "dictionary to score on; words that are also in train are left out of train",
    default: { quick: "", full: "" },
  },
  words: {
    kind: "integer",
    help: "training words, chosen by hash; 0 takes all",
    default: { quick: 40_000, full: 0 },
    min: 0,
  },
  devWords: {
    kind: "integer",
    help: "words scored after each epoch; 0 takes all",
    default: { quick: 500, full: 1500 },
    min: 0,
  },
  testWords: {
    kind: "integer",
    help: "words scored at the end; 0 takes all",
    default: { quick: 1500, full: 0 },
    min: 0,
  },
} as const satisfies Record<string, OptionSpec>;

/**
 * Reads the sets that the options name. With a file to learn from and none to score on, the file's own words are split;
 * the split depends on nothing but the word.
 *
 * @throws InputError when a file can't be used, or leaves a set empty.
 */
export async function readSets(options: Options): Promise<Sets> {
  const { train: trainFile, test: testFile, words, devWords, testWords } = options;
  let sets: Sets;
  if (trainFile === "") {
    sets = {
      train: await cmudict({ split: "train" }),
      dev: await cmudict({ split: "dev" }),
      test: testFile === "" ? await cmudict({ split: "test" }) : await dictionaryFile(String(testFile)),
    };
  } else {
    const all = await dictionaryFile(String(trainFile));
    const part = (name: string) => only(all, (split) => split === name);
    sets = testFile === ""
      ? { train: part("train"), dev: part("dev"), test: part("test") }
      // With a test set of its own the whole file is learnt from, but for what is scored after each epoch.
      : { train: all, dev: part("dev"), test: await dictionaryFile(String(testFile)) };
    if (sets.train.length * sets.dev.length * sets.test.length === 0) {
      sets = sharedOut(all, testFile === "" ? undefined : sets.test);
    }
  }
  const dev = limited(sets.dev, Number(devWords));
  const scored = new Set([...dev, ...sets.test].map(({ id }) => id));
  const disjoint = { train: filtered(sets.train, ({ id }) => !scored.has(id)), dev, test: sets.test };
  checkFilled(disjoint, "words");
  return {
    train: limited(disjoint.train, Number(words)),
    dev: disjoint.dev,
    test: limited(disjoint.test, Number(testWords)),
  };
}

/**
 * Splits a dictionary too small for the usual split, which would leave a part empty: by hash order, one word in ten (at
 * least one) goes to dev, as many to test when no test set is given, the others to train.
 *
 * @throws InputError when there aren't enough words for one in each part.
 */
function sharedOut(all: Dataset<Example>, given?: Dataset<Example>): Sets {
  const taken = new Set([...given ?? []].map(({ id }) => id));
  const take = (): Dataset<Example> => {
    const part = subset(filtered(all, ({ id }) => !taken.has(id)), Math.ceil(all.length / 10));
    for (const { id } of part) taken.add(id);
    return part;
  };
  const [free, least] = [all.length - [...all].filter(({ id }) => taken.has(id)).length, given ? 2 : 3];
  if (free < least) {
    throw new InputError(
      `Cannot use ${all.provenance.name} as it must have at least ${least} words` +
        `${
          given ? " that aren't test words (for train and dev)" : " (for train, dev and test)"
        }: current value is ${free}`,
    );
  }
  const dev = take();
  const test = given ?? take();
  return { train: filtered(all, ({ id }) => !taken.has(id)), dev, test };
}

/** One example a pronunciation, because every variant of a word is worth learning. */
export function eachPronunciation(examples: Iterable<Example>): Example[] {
  return [...examples].flatMap(({ targets, ...example }) =>
    targets.map((target) => ({ ...example, targets: [target] }))
  );
}

/** The same dozen words for every trial: of middling length, so that their alignments can be read. */
export function shownWords(test: Dataset<Example>): readonly Example[] {
  const readable = filtered(test, ({ source }) => source.length >= 5 && source.length <= 9);
  return [...limited(readable.length > 0 ? readable : test, 12)];
}
