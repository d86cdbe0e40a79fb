/**
 * Measures of alignments: against the known one, and how much of the source they cover.
 *
 * @module
 */
import type { Metric } from "./evaluate.ts";

/**
 * Alignment error, in %: of the symbols whose source position is known, the share whose largest weight is elsewhere (Och &
 * Ney 2003's AER with one sure link a symbol). A symbol that wasn't said, or was said without looking anywhere, is an error.
 */
const alignmentError: Metric = {
  name: "alignment/error",
  unit: "%",
  begin() {
    const total = { wrong: 0, symbols: 0 };
    return {
      add({ predictions }) {
        for (const { alignment, example } of predictions) {
          example.alignment?.forEach((place, at) => {
            const row = alignment[at];
            const best = row === undefined
              ? -1
              : row.reduce((top, weight, s) => weight > (row[top] ?? 0) ? s : top, -1);
            if (best !== place) total.wrong++;
            total.symbols++;
          });
        }
      },
      value: () => 100 * total.wrong / total.symbols,
    };
  },
};

/**
 * Coverage of the source, in %: Σ_s min(1, Σ_t a_t(s)) over the number of positions, a mean over words. 100 when every
 * position was attended to with a weight of at least 1 in all (Wu et al. 2016, section 7, has the logarithm as a penalty).
 */
const coverage: Metric = {
  name: "coverage",
  unit: "%",
  begin() {
    const total = { sum: 0, words: 0 };
    return {
      add({ predictions }) {
        for (const { alignment, example } of predictions) {
          const width = example.source.length;
          if (width === 0) continue;
          const sums = example.source.map((_, s) => alignment.reduce((sum, row) => sum + (row[s] ?? 0), 0));
          total.sum += sums.reduce((sum, weight) => sum + Math.min(1, weight), 0) / width;
          total.words++;
        }
      },
      value: () => 100 * total.sum / total.words,
    };
  },
};

/** How alignments do: `alignment/error` where the right one is known (NaN elsewhere), and `coverage`. */
export const alignmentMetrics: readonly Metric[] = [alignmentError, coverage];
