/**
 * The sets that a trial learns from and is scored on, and parts of them.
 *
 * @module
 */
import { datasetOf, splitOf, subset } from "../datasets/mod.ts";
import { type Dataset, type Example, InputError } from "../operators/records.ts";

/** The sets of one trial. No item is in two of them. */
export interface Sets<T extends { readonly id: string } = Example> {
  readonly train: Dataset<T>;
  readonly dev: Dataset<T>;
  readonly test: Dataset<T>;
}

/** The items that a predicate keeps. */
export function filtered<T>(dataset: Dataset<T>, keep: (item: T) => boolean): Dataset<T> {
  return datasetOf([...dataset].filter(keep), dataset.provenance);
}

/** Refuses a set that nothing can be learnt from or scored on. @throws InputError when one has no items. */
export function checkFilled(sets: Sets<{ readonly id: string }>, items: string): void {
  for (const [name, { length, provenance }] of Object.entries(sets)) {
    if (length > 0) continue;
    throw new InputError(`Cannot use ${provenance.name} as its ${name} set must have ${items}: current value is 0`);
  }
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
