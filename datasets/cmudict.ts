/**
 * The CMU Pronouncing Dictionary: 126,046 English words with their pronunciations in ARPAbet, the usual data for
 * grapheme-to-phoneme conversion.
 *
 * Source: the npm package `cmu-pronouncing-dictionary@3.0.0`, which holds CMUdict's text as one JavaScript object.
 * Licence: CMUdict is BSD-2 style (Carnegie Mellon University), the package around it ISC.
 * Citation: Carnegie Mellon University Pronouncing Dictionary, Copyright (C) 1993-2015 Carnegie Mellon University.
 *
 * Published figures for this task are without stress, and count a prediction as right when it equals any of the word's
 * pronunciations.
 *
 * @module
 */
import { type Dataset, type Example, InputError } from "../operators/records.ts";
import { assertChecksum, sha256 } from "./checksum.ts";
import { datasetOf, subset } from "./dataset.ts";
import { headword, pronunciations } from "./pronunciation.ts";
import { type Split, splitOf } from "./split.ts";

const NAME = "CMU Pronouncing Dictionary (npm: cmu-pronouncing-dictionary 3.0.0)";

/** SHA-256 of the package's entries written as `word PH ON EM ES`, a line each, in the package's order. */
const CHECKSUM = "36147c09d486eadb41a3c662c1986642e3a0ae7d572fdb1d9da09148767d7a57";

/** What to read of CMUdict. */
export interface CmudictOptions {
  /** The part: {@linkcode splitOf} decides which words are in it; `all` is the three together. */
  readonly split: Split | "all";
  /**
   * Keep stress digits (`AH0`, 69 symbols) or remove them (`AH`, 39 symbols, as in published results).
   *
   * @default {false}
   */
  readonly stress?: boolean;
  /**
   * Words to take, chosen by hash.
   *
   * @default {every word of the split}
   */
  readonly size?: number;
}

/**
 * Reads CMUdict. Variants of a word (`data`, `data(2)`) are one example with several targets, the dictionary's first
 * pronunciation first; comments are cut. Words are lower-case, their source is their letters with `'`, `-` and `.`.
 *
 * Words come in the order of a hash, not of the alphabet: the first n are an unbiased sample (that is what `size`
 * takes), and a bounded shuffle buffer sees all letters at once.
 *
 * @throws InputError when the package's data are not those that were published, or the split or size isn't there.
 */
export async function cmudict(options: CmudictOptions): Promise<Dataset<Example>> {
  // Imported here, so that the 4.7 MB are not read before somebody asks.
  const { dictionary } = await import("cmu-pronouncing-dictionary");
  return fromEntries(Object.entries(dictionary), options);
}

/** {@linkcode cmudict} of entries in hand: `[key, phonemes]` in the dictionary's order. */
export async function fromEntries(
  entries: readonly (readonly [string, string])[],
  { split, stress = false, size }: CmudictOptions,
): Promise<Dataset<Example>> {
  if (!["train", "dev", "test", "all"].includes(split)) {
    throw new InputError(
      `Cannot read ${NAME} as its split must be train, dev, test or all: current value is ${JSON.stringify(split)}`,
    );
  }
  let text = "";
  for (const [key, phonemes] of entries) text += `${key} ${phonemes}\n`;
  const checksum = await sha256(text);
  assertChecksum(NAME, checksum, CHECKSUM);

  const gathered = pronunciations(stress);
  for (const [key, value] of entries) {
    const word = headword(key);
    if (split !== "all" && splitOf(word) !== split) continue;
    const comment = value.indexOf("#");
    const written = comment < 0 ? value : value.slice(0, comment).trimEnd();
    // The checksum vouches for every symbol.
    gathered.add(word, written.split(" ").map((phoneme) => gathered.symbol(phoneme)!));
  }
  const examples = gathered.examples();
  const whole = datasetOf(examples, {
    name: NAME,
    split,
    licence: "BSD-2 style (Carnegie Mellon University); package ISC",
    citation: "Carnegie Mellon University Pronouncing Dictionary, Copyright (C) 1993-2015 Carnegie Mellon University",
    checksum,
  });
  return subset(whole, size ?? whole.length);
}
