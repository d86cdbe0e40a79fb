/**
 * White space as Python's `str.split()` sees it, because published text scores are computed there: it differs from
 * JavaScript's `\s` in the separators U+001C to U+001F and U+0085 (white in Python alone) and U+FEFF (in JavaScript
 * alone).
 *
 * @module
 */
// deno-lint-ignore no-control-regex -- the separators are what is meant
const WHITE = /[\x09-\x0d\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/** The words of a text, between runs of white space; none of them empty. */
export function splitWhite(text: string): string[] {
  return text.split(WHITE).filter((word) => word !== "");
}
