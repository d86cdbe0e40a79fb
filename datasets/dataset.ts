/**
 * Datasets in hand, and fair subsets of them.
 *
 * @module
 */
import { type Dataset, InputError, type Provenance } from "../operators/records.ts";
import { avalanche, fnv1a } from "./hash.ts";

/** Items and where they are from, as a dataset that can be walked again and again. */
export function datasetOf<T>(items: readonly T[], provenance: Provenance): Dataset<T> {
  return { provenance, length: items.length, [Symbol.iterator]: () => items[Symbol.iterator]() };
}

/**
 * `size` items in an order decided by a hash of seed and id, so that the subset is unbiased however the dataset is
 * sorted. With one seed, smaller subsets are beginnings of larger ones, and an item's place relative to another doesn't
 * depend on what else is there. `subset(dataset, dataset.length, seed)` is a fixed shuffle of the whole, which is worth
 * having before a bounded shuffle buffer meets an alphabetical file.
 *
 * @param size Items to take, from 1 to the dataset's length.
 * @param seed Any whole number.
 * @throws InputError when there are fewer items than asked for, or size or seed is not such a number.
 */
export function subset<T extends { readonly id: string }>(dataset: Dataset<T>, size: number, seed = 0): Dataset<T> {
  const { provenance, length } = dataset;
  if (!Number.isInteger(size) || size < 1 || size > length) {
    throw new InputError(
      `Cannot take a subset of ${provenance.name} (${provenance.split}) as its size must be a whole number from 1 to ` +
        `${length}: current value is ${size}`,
    );
  }
  if (!Number.isSafeInteger(seed)) {
    throw new InputError(
      `Cannot take a subset of ${provenance.name} (${provenance.split}) as its seed must be a whole number: ` +
        `current value is ${seed}`,
    );
  }
  const items = [...dataset];
  const start = fnv1a(`subset:${seed}:`);
  // Hash and place in one exact double (32 + 21 bits): a numeric sort of typed numbers, and ties keep their order.
  const keys = new Float64Array(items.length);
  items.forEach((item, at) => keys[at] = avalanche(fnv1a(item.id, start)) * PLACES + at);
  keys.sort();
  const chosen = Array.from(keys.subarray(0, size), (key) => items[key % PLACES]);
  const part = size === length ? provenance.split : `${provenance.split}, ${size} of ${length}, seed ${seed}`;
  return datasetOf(chosen, { ...provenance, split: part });
}

/** More places than any dataset here has items (2,097,152). */
const PLACES = 2 ** 21;
