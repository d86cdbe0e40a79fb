/** @module tokenize: examples to numbers */
import { map, type OperatorFunction } from "rxjs";
import type { Example, Tokens } from "./records.ts";
import type { Vocabularies } from "./vocabulary.ts";

/**
 * Turns the symbols of each example into ids. Symbols that the vocabulary does not know become its `unknown` id, so test
 * data may hold anything. The target that is learnt is the example's first one.
 *
 * ```
 * ─ {source: [c, a, t], targets: [[K, AE, T]]} ─ ▶ ─ {source: [5, 4, 6], target: [5, 4, 6]} ─
 * ```
 */
export function tokenize(vocabularies: Vocabularies): OperatorFunction<Example, Tokens> {
  return map((example) => ({
    example,
    source: vocabularies.source.encode(example.source),
    target: vocabularies.target.encode(example.targets[0]),
  }));
}
