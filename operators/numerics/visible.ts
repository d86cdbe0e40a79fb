/**
 * Who sees whom, as one boolean a pair.
 *
 * @module
 */
import { type Tensor, tf } from "./tf.ts";

/**
 * True where a query sees a key, to broadcast to `[B, H, N, S]`; undefined when every query sees every key.
 *
 * @param mask keys to see, any shape of B S values
 * @param before keys that all queries see, ahead of those that are counted with the queries
 */
export function visiblePairs(
  queries: number,
  keys: number,
  causal: boolean,
  mask: Tensor | undefined,
  before = 0,
): Tensor | undefined {
  const row = mask?.toBool().reshape([mask.shape[0], 1, 1, keys]);
  if (!causal || (queries === 1 && before + 1 >= keys)) return row;
  const values = new Uint8Array(queries * keys);
  for (let i = 0; i < queries; i++) values.fill(1, i * keys, i * keys + Math.min(before + i + 1, keys));
  const past = tf.tensor(values, [1, 1, queries, keys], "bool");
  return row ? tf.logicalAnd(past, row) : past;
}
