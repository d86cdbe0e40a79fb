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
  const { stress = false } = options;
  // Read once a process: a trial asks for three splits, and a worker runs many trials.
  let all = whole.get(stress);
  if (!all) {
    // Imported here, so that the 4.7 MB are not read before somebody asks.
    all = import("cmu-pronouncing-dictionary").then(({ dictionary }) =>
      readEntries(Object.entries(dictionary), stress)
    );
    whole.set(stress, all);
  }
  return partOf(await all, options);
}

/** Every word in the order of its hash, with and without stress, once somebody has asked. */
const whole = new Map<boolean, Promise<Dataset<Example>>>();

/** {@linkcode cmudict} of entries in hand: `[key, phonemes]` in the dictionary's order. */
export async function fromEntries(
  entries: readonly (readonly [string, string])[],
  options: CmudictOptions,
): Promise<Dataset<Example>> {
  return partOf(await readEntries(entries, options.stress ?? false), options);
}

async function readEntries(
  entries: readonly (readonly [string, string])[],
  stress: boolean,
): Promise<Dataset<Example>> {
  let text = "";
  for (const [key, phonemes] of entries) text += `${key} ${phonemes}\n`;
  const checksum = await sha256(text);
  assertChecksum(NAME, checksum, CHECKSUM);

  const gathered = pronunciations(stress);
  for (const [key, value] of entries) {
    const comment = value.indexOf("#");
    const written = comment < 0 ? value : value.slice(0, comment).trimEnd();
    // The checksum vouches for every symbol.
    gathered.add(headword(key), written.split(" ").map((phoneme) => gathered.symbol(phoneme)!));
  }
  const all = datasetOf(gathered.examples(), {
    name: NAME,
    split: "all",
    licence: "BSD-2 style (Carnegie Mellon University); package ISC",
    citation: "Carnegie Mellon University Pronouncing Dictionary, Copyright (C) 1993-2015 Carnegie Mellon University",
    checksum,
  });
  return subset(all, all.length);
}

function partOf(all: Dataset<Example>, { split, size }: CmudictOptions): Dataset<Example> {
  if (!["train", "dev", "test", "all"].includes(split)) {
    throw new InputError(
      `Cannot read ${NAME} as its split must be train, dev, test or all: current value is ${JSON.stringify(split)}`,
    );
  }
  const items = split === "all" ? [...all] : [...all].filter(({ id }) => splitOf(id) === split);
  const part = datasetOf(items, { ...all.provenance, split });
  return size === undefined ? part : subset(part, size);
}
