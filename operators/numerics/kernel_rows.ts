/**
 * Kernel attention's rows by each of its routes: all pairs, sums that all queries share, and chunks with sums carried over.
 *
 * @module
 */
import type { Quotient } from "./denominators.ts";
import { type FeatureMap, featuresOf } from "./feature_map.ts";
import { addKeys, hide, type KeyFeatures, readPairs, readSums, type Sums } from "./kernel_sums.ts";
import { cut, pieces, scan } from "./scope.ts";
import { visiblePairs } from "./visible.ts";
import { type Tensor, type Tensor2D, type Tensor4D, tf } from "./tf.ts";

/** Positions in a chunk of causal attention, whose pairs are computed as pairs. */
export const CAUSAL_CHUNK = 128;
/** Positions whose features are held at once where every query sees every key. */
export const OPEN_CHUNK = 512;

/** Keys and values with what is hidden blanked. */
export interface Keys {
  readonly map: FeatureMap;
  readonly k: Tensor4D;
  readonly v: Tensor4D;
  /** `[B, 1, S, 1]` */
  readonly seen?: Tensor4D;
  /** Positions of the whole sequence, where that is known. */
  readonly count?: number;
}

/** Blanks what a mask `[B, S]` hides, so that it may hold anything. */
export function keysOf(map: FeatureMap, k: Tensor4D, v: Tensor4D, mask: Tensor2D | undefined, count?: number): Keys {
  const seen = mask?.toBool().reshape([mask.shape[0], 1, mask.shape[1], 1]) as Tensor4D | undefined;
  return { map, k: hide(k, seen), v: hide(v, seen), seen, count };
}

/** All pairs of a query and a key that it sees. */
export function quadratic(q: Tensor4D, { map, k, v, seen, count }: Keys, causal: boolean): Quotient {
  const visible = visiblePairs(q.shape[2], k.shape[2], causal, seen);
  return readPairs(map, [], q, k, v, visible, { count }, () => featuresOf(map, k, { count, side: "key" }));
}

/** Every query sees every key that the mask shows. */
export function openRows(
  q: Tensor4D,
  { map, k, v, seen, count }: Keys,
  chunk: number,
  finish: (found: Quotient) => Tensor4D,
): Tensor4D {
  const [written, read] = [pieces(k.shape[2], chunk), pieces(q.shape[2], chunk)];
  const [kOf, vOf, seenOf, qOf] = [cut(k, written), cut(v, written), seen && cut(seen, written), cut(q, read)];
  const { state: sums } = scan(written.length, [], (index, sums) => ({
    rows: [],
    state: [
      ...addKeys(
        sums,
        featuresOf(map, kOf(index), { first: index * chunk, count, side: "key" }),
        vOf(index),
        seenOf?.(index),
      ),
    ],
  }));
  const { rows } = scan(read.length, sums, (index, sums) => ({
    rows: [finish(readSums(map, sums, qOf(index), { first: index * chunk, count }))],
    state: sums,
  }));
  return rows[0] as Tensor4D;
}

/** How causal rows are computed, and from where they go on. */
export interface CausalRowsOptions {
  readonly chunk: number;
  /** Position by position, without pairs. */
  readonly recurrent?: boolean;
  /** Sums over the keys of earlier positions. */
  readonly sums?: Sums;
  /** Number of the first position. @default 0 */
  readonly first?: number;
  /** Whether somebody wants the sums after the last position. @default false */
  readonly carries?: boolean;
}

/** Query i sees keys 0 to i, and all that `sums` hold: rows, and the sums after them. */
export function causalRows(
  q: Tensor4D,
  keys: Keys,
  { chunk, recurrent = false, sums = [], first = 0, carries = false }: CausalRowsOptions,
  finish: (found: Quotient) => Tensor4D,
): { readonly rows: Tensor4D; readonly sums: Sums } {
  const { map, count } = keys;
  const { k, v, seen } = asLongAs(keys, q.shape[2]);
  const size = recurrent ? 1 : chunk;
  const sizes = pieces(q.shape[2], size);
  const [qOf, kOf, vOf, seenOf] = [cut(q, sizes), cut(k, sizes), cut(v, sizes), seen && cut(seen, sizes)];
  const { rows, state } = scan(sizes.length, [...sums], (index, sums) => {
    const at = { first: first + index * size, count };
    const [q, k, v, seen] = [qOf(index), kOf(index), vOf(index), seenOf?.(index)];
    let made: KeyFeatures | undefined; // once, for pairs and for sums
    const features = () => made ??= featuresOf(map, k, { ...at, side: "key" });
    const add = (): Tensor[] => [...addKeys(sums, features(), v, seen)];
    if (recurrent) {
      const next = add();
      return { rows: [finish(readSums(map, next, q, at))], state: next };
    }
    const visible = visiblePairs(sizes[index], sizes[index], true, seen);
    const found = readPairs(map, sums, q, k, v, visible, at, features);
    return { rows: [finish(found)], state: carries || index < sizes.length - 1 ? add() : [] };
  });
  return { rows: rows[0] as Tensor4D, sums: state };
}

/** Keys cut to `length`, which is all that is ever seen, or filled up with hidden ones. */
function asLongAs({ k, v, seen }: Keys, length: number): Pick<Keys, "k" | "v" | "seen"> {
  const keys = k.shape[2];
  if (keys === length) return { k, v, seen };
  if (keys > length) {
    const first = (x: Tensor4D) => tf.slice(x, [0, 0, 0, 0], [x.shape[0], x.shape[1], length, x.shape[3]]);
    return { k: first(k), v: first(v), seen: seen && first(seen) };
  }
  const fill = (x: Tensor4D) => tf.pad(x, [[0, 0], [0, 0], [0, length - keys], [0, 0]]);
  const all = seen ? seen.toFloat() : tf.ones([k.shape[0], 1, keys, 1]);
  return { k: fill(k), v: fill(v), seen: fill(all as Tensor4D).toBool() };
}
