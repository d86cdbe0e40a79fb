/**
 * Entries of a pronouncing dictionary, gathered into one example a word.
 *
 * @module
 */
import type { Example } from "../operators/records.ts";

/** The word that a dictionary's key is about: `data(2)` is a variant of `data`. */
export function headword(key: string): string {
  // Nearly every key is a word itself, and the regular expression is worth skipping for those.
  return key.endsWith(")") ? key.replace(/\([0-9]+\)$/, "") : key;
}

/** Gathers pronunciations word by word, in the order in which words first come. */
export interface Pronunciations {
  /**
   * The symbol for a phoneme as it is written (`ah0` is `AH`, or `AH0` with stress), or `undefined` when it isn't
   * letters with at most one stress digit (0 none, 1 primary, 2 secondary).
   */
  symbol(written: string): string | undefined;
  /** Adds one pronunciation; one that the word already has is dropped. */
  add(word: string, phonemes: readonly string[]): void;
  /** One example a word: its letters (code points), and its pronunciations, first come first. */
  examples(): Example[];
}

/** Begins to gather. */
export function pronunciations(stress: boolean): Pronunciations {
  const words = new Map<string, (readonly string[])[]>();
  // Each spelling is judged once, and equal symbols are one string: a dictionary holds 700,000 phonemes of 39 kinds.
  const symbols = new Map<string, string | undefined>();
  return {
    symbol(written) {
      if (!symbols.has(written)) {
        const upper = written.toUpperCase();
        const valid = /^[A-Z]+[0-2]?$/.test(upper);
        symbols.set(written, valid ? stress ? upper : upper.replace(/[0-2]$/, "") : undefined);
      }
      return symbols.get(written);
    },
    add(word, phonemes) {
      const known = words.get(word);
      if (known === undefined) words.set(word, [phonemes]);
      else if (!known.some((other) => equal(other, phonemes))) known.push(phonemes);
    },
    examples: () => Array.from(words, ([id, targets]) => ({ id, source: Array.from(id), targets })),
  };
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((symbol, at) => symbol === b[at]);
}
