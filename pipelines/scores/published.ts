/**
 * Published error rates on CMUdict that may be quoted, as THEORY.md 8.1 lists them. What could not be found in any source
 * is not here.
 *
 * @module
 */
import type { Reference } from "../../reports/mod.ts";

/** One published system; rates in %, on words without stress. */
export interface Published {
  readonly system: string;
  readonly per: number | null;
  readonly wer: number | null;
  /** Where the figure was read. */
  readonly source: string;
  /** Whether the source quotes somebody else's figure. */
  readonly secondary: boolean;
  /** Single model on the usual split, so that it may stand beside single models. */
  readonly drawn: boolean;
}

/** Published results, lowest PER first. */
export const published: readonly Published[] = [
  {
    system: "Toshniwal & Livescu 2016, ensemble",
    per: 4.69,
    wer: 20.24,
    source: "README of lifefeel/Grapheme-to-Phoneme",
    secondary: true,
    drawn: false,
  },
  {
    system: "r-G2P (best)",
    per: 4.84,
    wer: 19.85,
    source: "arXiv 2202.11194, from a secondary source",
    secondary: true,
    drawn: true,
  },
  {
    system: "Toshniwal & Livescu 2016",
    per: 5.04,
    wer: 21.69,
    source: "quoted in arXiv 2202.11194, Table 1",
    secondary: true,
    drawn: true,
  },
  {
    system: "Toshniwal's released code",
    per: 5.08,
    wer: 22.08,
    source: "shtoshni/g2p, issue 3 (50 epochs; the author later reports 4.82 / 20.74)",
    secondary: false,
    drawn: true,
  },
  {
    system: "Yolchuyeva et al. 2019",
    per: 5.23,
    wer: 22.1,
    source: "from a secondary source (Transformer 4×4)",
    secondary: true,
    drawn: true,
  },
  {
    system: "Mousa & Schuller 2016, BLSTM",
    per: 5.37,
    wer: 23.23,
    source: "README of lifefeel/Grapheme-to-Phoneme",
    secondary: true,
    drawn: false,
  },
  {
    system: "Yao & Zweig 2015, bi-LSTM",
    per: 5.45,
    wer: 23.55,
    source: "arXiv 1506.00196, quoted in the README of lifefeel/Grapheme-to-Phoneme",
    secondary: true,
    drawn: true,
  },
  {
    system: "Milde et al. 2017",
    per: 5.76,
    wer: 24.88,
    source: "README of lifefeel/Grapheme-to-Phoneme",
    secondary: true,
    drawn: false,
  },
  {
    system: "Rao et al. 2015, DBLSTM + n-gram FST",
    per: null,
    wer: 21.3,
    source: "README of lifefeel/Grapheme-to-Phoneme",
    secondary: true,
    drawn: false,
  },
  {
    system: "CMUSphinx Transformer 2×256",
    per: null,
    wer: 20.2,
    source: "README of cmusphinx/g2p-seq2seq (PRONALSYL 2007 split)",
    secondary: false,
    drawn: false,
  },
  {
    system: "Phonetisaurus WFST",
    per: null,
    wer: 24.4,
    source: "README of cmusphinx/g2p-seq2seq (PRONALSYL 2007 split)",
    secondary: false,
    drawn: false,
  },
];

/** Training and test words behind the usual published split (a secondary source). */
export const publishedSplit = { train: 106_837, test: 12_000 } as const;

/** The published values that a figure draws beside these runs'; an asterisk marks a secondary source. */
export function references(): Reference[] {
  return published.filter(({ drawn }) => drawn).flatMap(({ system, per, wer, source, secondary }) =>
    ([["per", per], ["wer", wer]] as const).flatMap(([metric, value]) =>
      value === null ? [] : [{ metric, label: `${system}${secondary ? " *" : ""}`, value, citation: source }]
    )
  );
}
