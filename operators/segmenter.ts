/**
 * Segmenters: from a text to symbols and back without a loss.
 *
 * A symbol that begins a word carries a mark, `▁`, in the place of the blank before it (as in SentencePiece), so joining
 * symbols gives the very text: `Port weiterleiten!` is `▁Port ▁weiterleiten !`. A text's first word is marked too, for a
 * word is one symbol wherever it stands.
 *
 * Source: Kudo & Richardson 2018, section 3.2 (lossless tokenisation).
 *
 * @module
 */

/** Stands for the blank before a symbol. */
export const BLANK = "▁";

/** A way of cutting texts into symbols. */
export interface Segmenter {
  readonly name: string;
  /** Symbols of a text; runs of white space are one blank. */
  split(text: string): string[];
  /** The text of symbols. */
  join(symbols: readonly string[]): string;
}

/** What stands for a value (`{0}`), a word with the apostrophes and hyphens inside it, a number, or one mark. */
const WORD = /▁?(?:\{\d+\}|[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*|\p{N}+|[^▁])|▁/gu;

/** Words, numbers and marks of a text, each with its blank. */
function split(text: string): string[] {
  const blanks = text.trim().replaceAll(BLANK, "_").replace(/\s+/gu, BLANK);
  return blanks === "" ? [] : (BLANK + blanks).match(WORD)!;
}

/** The text of symbols. A symbol that has no text of its own (a special one) stands as it is. */
function join(symbols: readonly string[]): string {
  return symbols.join("").replaceAll(BLANK, " ").trim();
}

/** Word by word. Vocabularies of words must be cut off somewhere: see `vocabularies`' `limit`. */
export const words: Segmenter = { name: "words", split, join };
