/**
 * Measures of translations that `evaluate` takes: BLEU and chrF on texts, as sacreBLEU computes them.
 *
 * @module
 */
import type { Metric } from "./evaluate.ts";
import { bleuOf, bleuStatistics } from "./numerics/bleu.ts";
import { sumStatistics } from "./numerics/bootstrap.ts";
import { chrfOf, type ChrfOptions, chrfStatistics } from "./numerics/chrf.ts";
import type { Example } from "./records.ts";

/** From symbols back to a text as a reader sees it: a hypothesis', and those that count as right. */
export interface Texts {
  /** The text of a hypothesis. */
  readonly join: (symbols: readonly string[]) => string;
  /** The reference texts of an example. @default the example's targets, joined */
  readonly references?: (example: Example) => readonly string[];
}

function ofSegments(
  name: string,
  { join, references = ({ targets }) => targets.map(join) }: Texts,
  statistics: (hypothesis: string, references: readonly string[]) => readonly number[],
  score: (sums: readonly number[]) => number,
): Metric {
  return {
    name,
    unit: "%",
    begin() {
      let sums: number[] | undefined;
      return {
        add({ predictions }) {
          const rows = predictions.map(({ hypothesis, example }) => statistics(join(hypothesis), references(example)));
          sums = sumStatistics(sums ? [sums, ...rows] : rows);
        },
        value: () => sums ? score(sums) : NaN,
      };
    },
  };
}

/** BLEU of a corpus (Papineni et al. 2002), with sacreBLEU's defaults. */
export function bleu(texts: Texts): Metric {
  return ofSegments("bleu", texts, bleuStatistics, bleuOf);
}

/** chrF of a corpus (Popović 2015), with sacreBLEU's defaults; `{ words: 2 }` is chrF++. */
export function chrf(texts: Texts, options: ChrfOptions = {}): Metric {
  return ofSegments(
    options.words ? "chrf++" : "chrf",
    texts,
    (hypothesis, references) => chrfStatistics(hypothesis, references, options),
    (sums) => chrfOf(sums, options),
  );
}
