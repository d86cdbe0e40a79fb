/**
 * Greedy trees: of all neighbours, the pair that can be reconstructed best becomes one node; again, until one is left.
 *
 * What was encoded stays encoded: after a merge only the pairs with the new node are new, at most 2. So a sentence of n
 * words costs between 2n - 3 and 3n - 6 candidate encodings (n ≥ 3; n - 1 first, then 1 or 2 a merge, none after the
 * last), where looking at everything again costs n (n - 1) / 2. Sentences go side by side: each step is one product for
 * all of them. Which pair is best is decided in typed arrays, so that a step reads its errors back: a device that can only
 * be read asynchronously can't compose greedily.
 *
 * Source: Socher et al. 2011, section 2.3; ties go to the leftmost pair.
 *
 * @module
 */
import { InputError, type Tree } from "../records.ts";
import { encodePairs, errorWeights, paper, reconstruct, type RecursiveForm } from "./recursive.ts";
import type { TensorMap } from "./shape.ts";
import { type Tensor2D, tf } from "./tf.ts";

/** Trees, and how many candidates were encoded for each. */
export interface GreedyTrees {
  readonly trees: readonly Tree[];
  readonly candidates: Int32Array;
}

/** Backends whose values arrive later: their `dataSync` needs a page's canvas, or fails. */
const ASYNCHRONOUS: readonly string[] = ["webgpu"];

/** Which candidates a merge makes new. */
export type Caching = "cached" | "naive";

/** A sentence while it is being merged: the nodes that are left, and the candidates between them. */
interface Growing {
  readonly left: Int32Array;
  readonly right: Int32Array;
  merges: number;
  /** Pool rows and node numbers of what is left, and their number. */
  readonly rows: Int32Array;
  readonly nodes: Int32Array;
  count: number;
  /** Pool row and error of the candidate between place i and i + 1. */
  readonly candidate: Int32Array;
  readonly error: Float32Array;
}

/**
 * Builds the greedy tree of each sentence.
 *
 * @param leaves the words' vectors, sentence after sentence, `[L, D]`
 * @param lengths words of each sentence, each at least 1
 * @param caching `naive` encodes every pair again at every step, for tests and benchmarks
 * @throws InputError on a backend that can only be read asynchronously.
 */
export function greedyTrees(
  params: TensorMap,
  leaves: Tensor2D,
  lengths: ArrayLike<number>,
  form: RecursiveForm = {},
  caching: Caching = "cached",
): GreedyTrees {
  if (ASYNCHRONOUS.includes(tf.getBackend())) {
    throw new InputError(
      `Cannot compose greedily as the backend must let errors be read at every step (wasm, cpu): ` +
        `current value is ${tf.getBackend()}`,
    );
  }
  const { weighted, normalised, decoder } = { ...paper, ...form };
  let first = 0;
  const growing = Array.from(lengths, (words): Growing => {
    const rows = Int32Array.from({ length: words }, (_, at) => first + at);
    first += words;
    return {
      left: new Int32Array(words - 1),
      right: new Int32Array(words - 1),
      merges: 0,
      rows,
      nodes: Int32Array.from({ length: words }, (_, at) => at),
      count: words,
      candidate: new Int32Array(words),
      error: new Float32Array(words),
    };
  });
  const candidates = new Int32Array(growing.length);
  const sizes: number[] = new Array(first).fill(1); // words under each row of the pool
  let pool = leaves;
  // What to encode: [sentence, place] of each pair. At first every pair.
  let wanted: number[] = [];
  growing.forEach(({ count }, at) => {
    for (let place = 0; place + 1 < count; place++) wanted.push(at, place);
  });
  while (wanted.length > 0) {
    const count = wanted.length / 2;
    const rows = new Int32Array(2 * count);
    const base = pool.shape[0];
    for (let pair = 0; pair < count; pair++) {
      const at = growing[wanted[2 * pair]], place = wanted[2 * pair + 1];
      rows[2 * pair] = at.rows[place];
      rows[2 * pair + 1] = at.rows[place + 1];
      at.candidate[place] = base + pair;
      candidates[wanted[2 * pair]]++;
    }
    const [next, errors] = encodeCandidates(params, pool, rows, normalised, decoder);
    pool = next;
    const counts = Int32Array.from(rows, (row) => sizes[row]);
    const shares = errorWeights(Int32Array.from(rows, (_, at) => at), counts, weighted);
    for (let pair = 0; pair < count; pair++) {
      const at = growing[wanted[2 * pair]];
      at.error[wanted[2 * pair + 1]] = shares[2 * pair] * errors[2 * pair] +
        shares[2 * pair + 1] * errors[2 * pair + 1];
      sizes.push(counts[2 * pair] + counts[2 * pair + 1]);
    }
    wanted = [];
    growing.forEach((sentence, at) => {
      if (sentence.count < 2) return;
      const place = mergeBest(sentence);
      const from = caching === "naive" ? 0 : Math.max(0, place - 1);
      const to = caching === "naive" ? sentence.count - 2 : Math.min(place, sentence.count - 2);
      for (let fresh = from; fresh <= to; fresh++) wanted.push(at, fresh);
    });
  }
  return { trees: growing.map(({ left, right }) => ({ words: left.length + 1, left, right })), candidates };
}

/** The pool with the candidates' vectors behind it, and both children's errors, read back. */
function encodeCandidates(
  params: TensorMap,
  pool: Tensor2D,
  rows: Int32Array,
  normalised: boolean,
  decoder: "linear" | "squashed",
): [Tensor2D, Float32Array] {
  const { pairs, parents } = encodePairs(params, pool, rows, normalised);
  const { errors } = reconstruct(params, pairs, parents, decoder);
  return [tf.concat([pool, parents]), errors.dataSync() as Float32Array];
}

/** Merges the pair with the least error, the leftmost of equals; returns the place of the new node. */
function mergeBest(sentence: Growing): number {
  const { left, right, rows, nodes, candidate, error } = sentence;
  let best = 0;
  // An error that is no number never wins, unless nothing else is there.
  for (let place = 1; place + 1 < sentence.count; place++) {
    if (error[place] < error[best] || Number.isNaN(error[best])) best = place;
  }
  const merge = sentence.merges++;
  left[merge] = nodes[best];
  right[merge] = nodes[best + 1];
  rows[best] = candidate[best];
  nodes[best] = left.length + 1 + merge;
  rows.copyWithin(best + 1, best + 2, sentence.count);
  nodes.copyWithin(best + 1, best + 2, sentence.count);
  candidate.copyWithin(best, best + 1, sentence.count - 1);
  error.copyWithin(best, best + 1, sentence.count - 1);
  sentence.count--;
  return best;
}
