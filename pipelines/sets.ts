/**
 * The sets that a trial learns from and is scored on, and parts of them.
 *
 * @module
 */
import { splitOf, subset } from "../datasets/mod.ts";
import type { Dataset, Example } from "../operators/records.ts";

/** The sets of one trial. No item is in two of them. */
export interface Sets<T extends { readonly id: string } = Example> {
  readonly train: Dataset<T>;
  readonly dev: Dataset<T>;
  readonly test: Dataset<T>;
}

/** The items that a predicate keeps. */
export function filtered<T>(dataset: Dataset<T>, keep: (item: T) => boolean): Dataset<T> {
  const items = [...dataset].filter(keep);
  return { provenance: dataset.provenance, length: items.length, [Symbol.iterator]: () => items[Symbol.iterator]() };
}

/** The items whose split, which depends on their text alone, a predicate keeps. */
export function only<T extends { readonly id: string }>(
  dataset: Dataset<T>,
  keep: (split: string) => boolean,
  textOf: (item: T) => string = ({ id }) => id,
): Dataset<T> {
  return filtered(dataset, (item) => keep(splitOf(textOf(item))));
}

/** The first `size` items by the order of a hash; 0 takes all. */
export function limited<T extends { readonly id: string }>(dataset: Dataset<T>, size: number): Dataset<T> {
  return size === 0 || size >= dataset.length ? dataset : subset(dataset, size);
}
