/**
 * Vocabularies: symbols to numbers and back.
 *
 * @module
 */
import { type Example, UNASKED } from "./records.ts";

/** Ids that every vocabulary reserves, in this order. */
export const SPECIAL = { pad: 0, begin: 1, end: 2, unknown: 3 } as const;

/** Symbols and their ids; ids 0 to 3 are {@linkcode SPECIAL}. */
export interface Vocabulary {
  /** Number of ids, special ones included. */
  readonly size: number;
  /** Symbols by id. */
  readonly symbols: readonly string[];
  /** Ids of a sequence; a symbol that was never seen becomes {@linkcode SPECIAL}`.unknown`. */
  encode(sequence: readonly string[]): Int32Array;
  /** Symbols of a sequence of ids. */
  decode(ids: Iterable<number>): string[];
}

/** Both sides of a sequence-to-sequence task. */
export interface Vocabularies {
  readonly source: Vocabulary;
  readonly target: Vocabulary;
}

const MARKS = [UNASKED, "<begin>", "<end>", "<unknown>"];

/**
 * Makes a vocabulary of the distinct symbols, sorted by code unit so that it does not depend on their order. The symbols
 * of the special ids are there once, at their places.
 */
export function vocabulary(symbols: Iterable<string>): Vocabulary {
  const known = [...MARKS, ...[...new Set(symbols)].filter((symbol) => !MARKS.includes(symbol)).sort()];
  const ids = new Map(known.map((symbol, id) => [symbol, id]));
  return {
    size: known.length,
    symbols: known,
    encode: (sequence) => Int32Array.from(sequence, (symbol) => ids.get(symbol) ?? SPECIAL.unknown),
    decode: (sequence) => Array.from(sequence, (id) => known[id] ?? known[SPECIAL.unknown]),
  };
}

/**
 * The vocabularies of a training set: the source's symbols and those of every target.
 *
 * @param limit The most symbols on a side, special ones not counted: the commonest ones, of equally common ones the first
 *     by code unit. @default {Infinity} every symbol
 */
export function vocabularies(examples: Iterable<Example>, limit = Infinity): Vocabularies {
  const source = new Map<string, number>();
  const target = new Map<string, number>();
  const count = (counts: Map<string, number>, symbols: readonly string[]) => {
    for (const symbol of symbols) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  };
  for (const example of examples) {
    count(source, example.source);
    for (const sequence of example.targets) count(target, sequence);
  }
  return { source: vocabulary(commonest(source, limit)), target: vocabulary(commonest(target, limit)) };
}

function commonest(counts: ReadonlyMap<string, number>, limit: number): string[] {
  if (counts.size <= limit) return [...counts.keys()];
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return sorted.slice(0, limit).map(([symbol]) => symbol);
}
