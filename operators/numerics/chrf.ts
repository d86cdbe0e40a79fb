/**
 * chrF and chrF++, as sacreBLEU 2 computes them with its defaults (`case:mixed|eff:yes|nc:6|nw:0|space:no`).
 *
 *     chrF = 100 (1 + β²) P R / (β² P + R),   β = 2
 *
 * P and R are a corpus' precision and recall of character n-grams, averaged over the orders n = 1 to 6 that both sides
 * have; white space doesn't count. chrF++ averages word n-grams, n = 1 and 2, with them. Of several references each
 * segment takes the one that is best for it.
 *
 * Sources: Popović 2015 (chrF); Popović 2017 (chrF++); Post 2018 (sacreBLEU).
 *
 * @module
 */
import { ngrams } from "./ngrams.ts";
import { splitWhite } from "./python_text.ts";

/** Variants of chrF. */
export interface ChrfOptions {
  /** Longest n-gram of characters. @default {6} */
  readonly characters?: number;
  /** Longest n-gram of words: 0 is chrF, 2 is chrF++. @default {0} */
  readonly words?: number;
  /** How many times recall counts as much as precision. @default {2} */
  readonly beta?: number;
}

/**
 * What one segment adds to a corpus' chrF: for each order n-grams of the hypothesis (0 where the reference has none),
 * n-grams of the reference, and matches. Sums of such vectors are the statistics of a corpus.
 */
export type ChrfStatistics = readonly number[];

const MARK = /^[!-/:-@[-`{-~]$/;

/** Words with one leading or trailing mark of punctuation taken off. */
function separated(text: string): string[] {
  return splitWhite(text).flatMap((word) => {
    const characters = Array.from(word);
    if (characters.length === 1) return [word];
    if (MARK.test(characters.at(-1)!)) return [characters.slice(0, -1).join(""), characters.at(-1)!];
    return MARK.test(characters[0]) ? [characters[0], characters.slice(1).join("")] : [word];
  });
}

/** N-grams of a text, order by order: characters first, then words. */
function orders(text: string, { characters = 6, words = 0 }: ChrfOptions): Map<string, number>[] {
  const letters = Array.from(splitWhite(text).join(""));
  const tokens = words > 0 ? separated(text) : [];
  return [
    ...Array.from({ length: characters }, (_, index) => ngrams(letters, index + 1)),
    ...Array.from({ length: words }, (_, index) => ngrams(tokens, index + 1)),
  ];
}

function against(said: Map<string, number>[], wanted: Map<string, number>[]): number[] {
  return said.flatMap((grams, order) => {
    let total = 0, matched = 0, there = 0;
    for (const [gram, count] of grams) {
      total += count;
      matched += Math.min(count, wanted[order].get(gram) ?? 0);
    }
    for (const count of wanted[order].values()) there += count;
    return [there > 0 ? total : 0, there, matched];
  });
}

/**
 * The statistics of one hypothesis, against the reference that gives it the best chrF.
 *
 * @throws RangeError when there is no reference
 */
export function chrfStatistics(
  hypothesis: string,
  references: readonly string[],
  options: ChrfOptions = {},
): ChrfStatistics {
  if (references.length === 0) {
    throw new RangeError("Cannot measure chrF as there must be at least one reference: current value is 0");
  }
  const said = orders(hypothesis, options);
  let best: { readonly sums: number[]; readonly score: number } | undefined;
  for (const reference of references) {
    const sums = against(said, orders(reference, options));
    const score = chrfOf(sums, options);
    if (!best || score > best.score) best = { sums, score };
  }
  return best!.sums;
}

/** chrF, 0 to 100, of a corpus' summed statistics. */
export function chrfOf(sums: ChrfStatistics, { beta = 2 }: ChrfOptions = {}): number {
  let precision = 0, recall = 0;
  for (let at = 0; at < sums.length; at += 3) {
    const [said, wanted, matched] = sums.slice(at, at + 3);
    if (said === 0 || wanted === 0) continue;
    // Not averaged yet: the number of orders cancels in F.
    precision += matched / said;
    recall += matched / wanted;
  }
  const orders = sums.filter((_, at) => at % 3 === 0 && sums[at] > 0 && sums[at + 1] > 0).length;
  if (precision + recall === 0) return 0;
  const weight = beta ** 2;
  return 100 * (1 + weight) * precision * recall / (weight * precision + recall) / orders;
}
