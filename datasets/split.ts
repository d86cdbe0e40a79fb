/**
 * A split that depends on the word and on nothing else, so that the variants of a word never lie on both sides, a word
 * stays where it is when others come or go, and two machines agree without talking.
 *
 * @module
 */
import { avalanche, fnv1a } from "./hash.ts";

/** A part of a dataset. */
export type Split = "train" | "dev" | "test";

// A salt of its own: otherwise the order of a subset, which is hashed too, could follow the split.
const SALT = fnv1a("split:");
const TRAIN_BELOW = Math.round(0.90 * 2 ** 32);
const DEV_BELOW = Math.round(0.95 * 2 ** 32);

/**
 * The part that a word belongs to: 90% of words train, 5% dev, 5% test. Upper and lower case are one word.
 *
 * @example
 * ```ts
 * import { splitOf } from "@heed/heed/datasets";
 *
 * console.log(splitOf("attention") === splitOf("ATTENTION")); // true
 * ```
 */
export function splitOf(word: string): Split {
  const hash = avalanche(fnv1a(word.toLowerCase(), SALT));
  return hash < TRAIN_BELOW ? "train" : hash < DEV_BELOW ? "dev" : "test";
}
