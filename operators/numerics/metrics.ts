/**
 * What is measured on predictions: error rates by edit distance, perplexity, and the entropy of alignments. Plain
 * functions on arrays; nothing here holds a tensor.
 *
 * @module
 */

/**
 * Levenshtein's distance: the fewest insertions, deletions and substitutions that turn one sequence into the other.
 * Items are compared with `===`. O(n m) time, O(min(n, m)) memory.
 */
export function editDistance<T>(left: ArrayLike<T>, right: ArrayLike<T>): number {
  const [short, long] = left.length <= right.length ? [left, right] : [right, left];
  // What both begin and end with costs nothing, and predictions mostly agree with their references.
  let from = 0;
  while (from < short.length && short[from] === long[from]) from++;
  let shortEnd = short.length;
  let longEnd = long.length;
  while (shortEnd > from && short[shortEnd - 1] === long[longEnd - 1]) {
    shortEnd--;
    longEnd--;
  }
  const width = shortEnd - from;
  if (width === 0) return longEnd - from;
  const row = new Int32Array(width + 1);
  for (let j = 0; j <= width; j++) row[j] = j;
  for (let i = from; i < longEnd; i++) {
    let diagonal = row[0];
    row[0] = i - from + 1;
    for (let j = 1; j <= width; j++) {
      const above = row[j];
      const substituted = diagonal + (short[from + j - 1] === long[i] ? 0 : 1);
      row[j] = Math.min(substituted, above + 1, row[j - 1] + 1);
      diagonal = above;
    }
  }
  return row[width];
}

/** The reference that is nearest to a hypothesis. */
export interface Nearest {
  readonly index: number;
  readonly distance: number;
  /** Length of that reference. */
  readonly length: number;
}

/**
 * The nearest of several references by {@linkcode editDistance}; of equally near ones, the first.
 *
 * @throws RangeError when there is no reference
 */
export function nearestReference<T>(hypothesis: ArrayLike<T>, references: readonly ArrayLike<T>[]): Nearest {
  if (references.length === 0) {
    throw new RangeError("Cannot measure errors as there must be at least one reference: current value is 0");
  }
  let best: Nearest | undefined;
  for (let index = 0; index < references.length; index++) {
    const length = references[index].length;
    // Lengths alone bound the distance from below, which skips most variants of a long word.
    if (best && Math.abs(length - hypothesis.length) >= best.distance) continue;
    const distance = editDistance(hypothesis, references[index]);
    if (!best || distance < best.distance) best = { index, distance, length };
  }
  return best!;
}

/** Errors summed over predictions: start from {@linkcode noErrors}, add with {@linkcode countErrors}. */
export interface ErrorCounts {
  /** Predictions so far. */
  readonly words: number;
  /** Predictions that equal none of their references. */
  readonly wrongWords: number;
  /** Edits to the nearest references. */
  readonly edits: number;
  /** Symbols of the nearest references. */
  readonly symbols: number;
}

/** Nothing predicted yet. */
export const noErrors: ErrorCounts = { words: 0, wrongWords: 0, edits: 0, symbols: 0 };

/** `counts` with one more prediction in it, against the nearest of its references. */
export function countErrors<T>(
  counts: ErrorCounts,
  hypothesis: ArrayLike<T>,
  references: readonly ArrayLike<T>[],
): ErrorCounts {
  const { distance, length } = nearestReference(hypothesis, references);
  return {
    words: counts.words + 1,
    wrongWords: counts.wrongWords + (distance > 0 ? 1 : 0),
    edits: counts.edits + distance,
    symbols: counts.symbols + length,
  };
}

/**
 * Phoneme error rate as a ratio (0.05 is 5%): edits over symbols of the nearest references. Insertions can take it above
 * 1. NaN when nothing was counted.
 */
export function per({ edits, symbols }: ErrorCounts): number {
  return edits / symbols;
}

/** Word error rate as a ratio: the share of predictions that equal none of their references. NaN when there are none. */
export function wer({ words, wrongWords }: ErrorCounts): number {
  return wrongWords / words;
}

/** Perplexity of a mean loss per token in nats. */
export function perplexity(meanLoss: number): number {
  return Math.exp(meanLoss);
}

/** How spread out alignments are. */
export interface AlignmentEntropy {
  /** Mean over rows of -sum a ln a, in nats: 0 for one position, ln S for uniform weights over S. */
  readonly nats: number;
  /** Mean over rows of the entropy divided by ln S (S = the row's length): 0 sharp, 1 uniform; 0 where S = 1. */
  readonly normalised: number;
}

/**
 * Entropy of alignment rows, each as long as its source (padding cut off). Rows that attend to nothing (all zeros) have no
 * entropy and are left out.
 *
 * @throws RangeError when no row is left to average
 */
export function alignmentEntropy(rows: Iterable<ArrayLike<number>>): AlignmentEntropy {
  let [nats, normalised, count] = [0, 0, 0];
  for (const row of rows) {
    let [entropy, mass] = [0, 0];
    for (let s = 0; s < row.length; s++) {
      const weight = row[s];
      mass += weight;
      if (weight > 0) entropy -= weight * Math.log(weight);
    }
    if (mass === 0) continue;
    nats += entropy;
    if (row.length > 1) normalised += entropy / Math.log(row.length);
    count++;
  }
  if (count === 0) {
    throw new RangeError("Cannot average alignment entropy as at least one row must attend: current value is 0 rows");
  }
  return { nats: nats / count, normalised: normalised / count };
}
