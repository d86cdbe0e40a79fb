/**
 * What the scores cost, in closed form: THEORY.md 3.2 with l_d = `query`, l_e = `key`, d_a = `hidden`,
 * S_max = `positions`, T_d = `queries`, T_e = `keys`, each times `batch` where it is work and not a parameter.
 *
 * Conventions, the same as in {@linkcode ./counting.ts}: a matrix product of m x k by k x n is 2mnk; every element-wise
 * result is 1; a sum of n numbers is n - 1; moving data is 0; a product with one constant (the 1/sqrt(d_k) of scaled dot)
 * is 0, because it is folded into the matrix product beside it. Activations are the elements over pairs (query, key) that
 * the backward pass needs: the logits (held on as weights), or for concat d_a tanh values a pair.
 *
 * @module
 */
import type { CostDims, ScoreCost } from "./score.ts";

function costOf(parameters: number, operations: number, activations: number, batch = 1): ScoreCost {
  return {
    parameters,
    operations: batch * operations,
    activations: batch * activations,
    bytes: 4 * batch * activations,
  };
}

/** Cost of h_t^T hbar_s: no parameter, 2 d T_d T_e operations. Scaled dot costs the same. */
export function dotCost({ key, queries, keys, batch }: CostDims): ScoreCost {
  return costOf(0, 2 * key * queries * keys, queries * keys, batch);
}

/**
 * Which side `general` multiplies by W_a: the shorter one; at equal lengths, the one that leaves the narrower product.
 */
export function projectsQueries({ query, key, queries, keys }: Omit<CostDims, "hidden" | "positions">): boolean {
  return queries === keys ? key <= query : queries < keys;
}

/**
 * Cost of h_t^T W_a hbar_s: l_d l_e parameters, 2 l_d l_e min(T_d, T_e) + 2 l T_d T_e operations, l = l_e when the
 * queries are projected and l_d when the keys are.
 */
export function generalCost(dims: CostDims): ScoreCost {
  const { query, key, queries, keys, batch } = dims;
  const width = projectsQueries(dims) ? key : query;
  const operations = 2 * query * key * Math.min(queries, keys) + 2 * width * queries * keys;
  return costOf(query * key, operations, queries * keys, batch);
}

/**
 * Cost of v_a^T tanh(W_q h_t + W_k hbar_s): d_a (l_d + l_e) + d_a parameters,
 * 2 d_a (l_d T_d + l_e T_e) + T_d T_e (4 d_a - 1) operations, d_a T_d T_e activations.
 */
export function concatCost({ query, key, hidden, queries, keys, batch }: CostDims): ScoreCost {
  const projections = 2 * hidden * (query * queries + key * keys);
  return costOf(
    hidden * (query + key) + hidden,
    projections + queries * keys * (4 * hidden - 1),
    hidden * queries * keys,
    batch,
  );
}

/** Cost of the location score W_a h_t: S_max l_d parameters, 2 S_max l_d T_d operations. */
export function locationCost({ query, positions, queries, keys, batch }: CostDims): ScoreCost {
  return costOf(positions * query, 2 * positions * query * queries, queries * keys, batch);
}

/**
 * Cost of <W_2 h_t, W_1 hbar_s>: d_a (l_d + l_e) parameters, 2 d_a (l_d T_d + l_e T_e) + 2 d_a T_d T_e operations.
 */
export function lowRankCost({ query, key, hidden, queries, keys, batch }: CostDims): ScoreCost {
  const operations = 2 * hidden * (query * queries + key * keys) + 2 * hidden * queries * keys;
  return costOf(hidden * (query + key), operations, queries * keys, batch);
}

/**
 * Cost of β cos(h_t, hbar_s): one parameter; 3 d + 1 operations a vector for its direction (squares, their sum, a square
 * root, quotients; one addition keeps it off 0), 2 d T_d T_e for products and T_d T_e for β.
 */
export function cosineCost({ key, queries, keys, batch }: CostDims): ScoreCost {
  return costOf(1, (3 * key + 1) * (queries + keys) + (2 * key + 1) * queries * keys, queries * keys, batch);
}
