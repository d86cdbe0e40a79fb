/**
 * Byte-pair encoding: words are cut into the pieces that a training text has often, so that a small vocabulary leaves no
 * word unknown.
 *
 * Merges are learnt here: of all neighbouring pieces within words the commonest pair becomes one piece, again and again.
 * Applying them is the tokenizer library's work.
 *
 * Source: Sennrich, Haddow & Birch 2016, section 3.2 and algorithm 1.
 *
 * @module
 */
import { Tokenizer } from "@huggingface/tokenizers";
import { type Segmenter, words } from "./segmenter.ts";

/** A pair of neighbouring pieces that become one. */
export type Merge = readonly [string, string];

const PARTED = "\u0000";
const UNKNOWN = "<unk>";

/**
 * Learns merges from texts, commonest pair first; of pairs as common as each other, the first in the order of code units,
 * so that the merges depend on the texts alone and not on their order.
 *
 * @param merges The most merges to learn; learning ends earlier when no pair occurs twice.
 */
export function learnMerges(texts: Iterable<string>, merges: number): Merge[] {
  const seen = new Map<string, number>();
  for (const text of texts) for (const word of words.split(text)) seen.set(word, (seen.get(word) ?? 0) + 1);
  const parts = Array.from(seen, ([word, count]) => ({ pieces: Array.from(word), count }));
  const counts = new Map<string, number>();
  const places = new Map<string, Set<number>>();
  const note = (at: number, sign: number) => {
    const { pieces, count } = parts[at];
    for (let index = 1; index < pieces.length; index++) {
      const pair = pieces[index - 1] + PARTED + pieces[index];
      counts.set(pair, (counts.get(pair) ?? 0) + sign * count);
      if (sign < 0) continue;
      const where = places.get(pair) ?? new Set();
      places.set(pair, where.add(at));
    }
  };
  parts.forEach((_, at) => note(at, 1));
  const learnt: Merge[] = [];
  while (learnt.length < merges) {
    const best = commonest(counts);
    if (!best) break;
    const [left, right] = best.split(PARTED);
    learnt.push([left, right]);
    // Only words that have the pair change; a word may have lost it since it was noted, which costs a look.
    for (const at of places.get(best)!) {
      note(at, -1);
      parts[at].pieces = joined(parts[at].pieces, left, right);
      note(at, 1);
    }
    counts.delete(best);
    places.delete(best);
  }
  return learnt;
}

function commonest(counts: ReadonlyMap<string, number>): string | undefined {
  let best: string | undefined, most = 1;
  for (const [pair, count] of counts) {
    if (count > most || (count === most && best !== undefined && pair < best)) [best, most] = [pair, count];
  }
  return best;
}

function joined(pieces: readonly string[], left: string, right: string): string[] {
  const result: string[] = [];
  for (let at = 0; at < pieces.length; at++) {
    if (pieces[at] === left && pieces[at + 1] === right) {
      result.push(left + right);
      at++;
    } else {
      result.push(pieces[at]);
    }
  }
  return result;
}

/** Pieces of words, by merges that {@linkcode learnMerges} learnt. Letters that it never saw stay letters. */
export function bytePairs(merges: readonly Merge[]): Segmenter {
  const pieces = new Set([UNKNOWN, ...merges.flatMap(([left, right]) => [left, right, left + right])]);
  const vocab = Object.fromEntries([...pieces].map((piece, id) => [piece, id]));
  const model = { type: "BPE", vocab, merges, unk_token: UNKNOWN, fuse_unk: false, byte_fallback: false };
  const bare = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, added_tokens: [] };
  const tokenizer = new Tokenizer({ version: "1.0", model, ...bare }, {});
  const known = new Map<string, readonly string[]>();
  const cut = (word: string): readonly string[] => {
    const letters = Array.from(word);
    // The library writes what it doesn't know as its unknown token: letters are put back from the word.
    let at = 0;
    return tokenizer.tokenize(word).map((piece: string) => {
      const own = vocab[piece] === undefined || piece === UNKNOWN ? letters[at] : piece;
      at += Array.from(own).length;
      return own;
    });
  };
  return {
    name: "byte pairs",
    join: words.join,
    split: (text) =>
      words.split(text).flatMap((word) => {
        let found = known.get(word);
        if (!found) known.set(word, found = cut(word));
        return found;
      }),
  };
}
