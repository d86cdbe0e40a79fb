/**
 * BLEU, as sacreBLEU 2 computes it with its defaults (`nrefs:N|case:mixed|eff:no|tok:13a|smooth:exp`), so that figures
 * compare with those of papers.
 *
 *     BLEU = 100 · BP · exp(¼ Σ_n ln p_n),   BP = min(1, exp(1 - r/c))
 *
 * p_n is the share of a corpus' n-grams, n = 1 to 4, that its references have too, each at most as often as the reference
 * that has it most often; c is the hypotheses' length in tokens, r that of the references nearest in length. An order
 * without a match counts half, then a quarter, ... of a match (smoothing `exp`).
 *
 * Sources: Papineni et al. 2002, section 2.3; Post 2018 (sacreBLEU); the NIST script `mteval-v13a`, whose tokens these are.
 *
 * @module
 */
import { ngrams } from "./ngrams.ts";
import { splitWhite } from "./python_text.ts";

/** Longest n-gram. */
const ORDERS = 4;

/**
 * What one segment adds to a corpus' BLEU: matches of n-grams 1 to 4, n-grams 1 to 4, tokens of the hypothesis, tokens of
 * the nearest reference. Sums of such vectors are the statistics of a corpus.
 */
export type BleuStatistics = readonly number[];

/** Tokens of a text by the rules of `mteval-v13a`: entities resolved, punctuation apart but inside numbers. */
export function tokens13a(text: string): string[] {
  let line = text.replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  if (line.includes("&")) {
    line = line.replaceAll("&quot;", '"').replaceAll("&amp;", "&").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
  }
  line = ` ${line} `
    .replace(/([{-~[-` -&(-+:-@/])/gu, " $1 ") // ASCII's marks but ' , - .
    .replace(/([^0-9])([.,])/gu, "$1 $2 ") // full stop and comma, but after a digit
    .replace(/([.,])([^0-9])/gu, " $1 $2") // and but before one
    .replace(/([0-9])(-)/gu, "$1 $2 ");
  return splitWhite(line);
}

/**
 * The statistics of one hypothesis.
 *
 * @param tokenise How texts become tokens. @default tokens13a
 * @throws RangeError when there is no reference
 */
export function bleuStatistics(
  hypothesis: string,
  references: readonly string[],
  tokenise: (text: string) => readonly string[] = tokens13a,
): BleuStatistics {
  if (references.length === 0) {
    throw new RangeError("Cannot measure BLEU as there must be at least one reference: current value is 0");
  }
  const said = tokenise(hypothesis.trimEnd());
  const wanted = references.map((reference) => tokenise(reference.trimEnd()));
  const matches: number[] = [], totals: number[] = [];
  for (let order = 1; order <= ORDERS; order++) {
    const most = new Map<string, number>();
    for (const reference of wanted) {
      for (const [gram, count] of ngrams(reference, order)) most.set(gram, Math.max(most.get(gram) ?? 0, count));
    }
    let matched = 0;
    for (const [gram, count] of ngrams(said, order)) matched += Math.min(count, most.get(gram) ?? 0);
    matches.push(matched);
    totals.push(Math.max(0, said.length - order + 1));
  }
  // Of references equally near in length, the shorter one.
  const nearest =
    wanted.map(({ length }) => length).sort((a, b) =>
      Math.abs(a - said.length) - Math.abs(b - said.length) || a - b
    )[0];
  return [...matches, ...totals, said.length, nearest];
}

/** BLEU, 0 to 100, of a corpus' summed statistics. */
export function bleuOf(sums: BleuStatistics): number {
  const [matches, totals] = [sums.slice(0, ORDERS), sums.slice(ORDERS, 2 * ORDERS)];
  const [said, wanted] = sums.slice(2 * ORDERS);
  if (!matches.some((count) => count > 0)) return 0;
  let logs = 0, halves = 1;
  for (let order = 0; order < ORDERS; order++) {
    if (totals[order] === 0) return 0; // no n-gram so long: undefined, and 0 by convention
    if (matches[order] === 0) halves *= 2;
    logs += Math.log((matches[order] || 1 / halves) / totals[order]);
  }
  return 100 * Math.min(1, Math.exp(1 - wanted / said)) * Math.exp(logs / ORDERS);
}
