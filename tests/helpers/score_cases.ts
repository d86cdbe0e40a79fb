/** Sizes, masks and a user's own score that several tests of scores share. */
import { glorotUniform } from "../../operators/numerics/random.ts";
import type { Score } from "../../operators/numerics/score.ts";
import { type Tensor2D, type Tensor3D, tf } from "../../operators/numerics/tf.ts";
import type { ReferenceDims } from "../reference/scores.ts";

/** Distinct primes, so that a swapped axis can't go unseen; dot and scaled dot need `key` = `query`. */
export function primeDims(name: string): ReferenceDims {
  const key = ["dot", "scaledDot", "cosine"].includes(name) ? 7 : 11;
  return { batch: 2, queries: 3, keys: 5, query: 7, key, hidden: 13, positions: 17 };
}

/**
 * A score as a user would write it: low-rank multiplicative (Britz et al. 2017), <W_1 hbar_s, W_2 h_t>. Its cost is
 * THEORY.md 3.2's row, so it also shows that counting works for a score that Heed doesn't know.
 */
export const lowRank: Score = {
  name: "lowRank",
  citation: "Britz et al. 2017",
  parameters: ({ query, key, hidden }, seed) => ({
    W_1: glorotUniform([key, hidden], seed),
    W_2: glorotUniform([query, hidden], seed + 1),
  }),
  apply({ W_1, W_2 }, query, keys) {
    const project = (x: Tensor3D, w: Tensor2D): Tensor3D =>
      x.reshape([-1, x.shape[2]]).matMul(w).reshape([x.shape[0], x.shape[1], w.shape[1]]);
    return tf.matMul(project(query, W_2 as Tensor2D), project(keys, W_1 as Tensor2D), false, true);
  },
  cost({ query, key, hidden, queries, keys, batch = 1 }) {
    const activations = batch * queries * keys;
    const operations = 2 * hidden * batch * (query * queries + key * keys) + 2 * hidden * activations;
    return { parameters: hidden * (query + key), operations, activations, bytes: 4 * activations };
  },
};
