/**
 * Monotonic attention: a place in the memory that only moves forward, in expectation, so that it can be learnt by gradients.
 * From the place of the step before, positions are tried from left to right, each taken with probability p:
 *
 *     p_t(s) = σ(score(h_t, h̄_s) + r)
 *     a_t(s) = p_t(s) Σ_{k ≤ s} a_{t-1}(k) Π_{k ≤ j < s} (1 - p_t(j)),   a_{-1} = (1, 0, 0, ...)
 *
 * r is learnt and begins at -1, so that early positions aren't taken before anything is known. Weights that run off the
 * end are lost, so rows sum to at most 1. Evaluation uses the same expectation (the paper's hard decoding, one position a
 * step, is another search), and no noise is added while learning.
 *
 * The sum over k is a product with a lower triangle for each step, built from a running sum of logarithms; only its use
 * waits for the step before.
 *
 * Source: Raffel, Luong, Liu, Weiss & Eck 2017, "Online and Linear-Time Attention by Enforcing Monotonic Alignments",
 * section 2.3, equations 9 to 13.
 *
 * @module
 */
import { type Attention, logitsOver, visibleMemory, weighed } from "./attention.ts";
import { refusePositions } from "./local.ts";
import type { ContentScore } from "./score.ts";
import { type Tensor, type Tensor3D, type Tensor4D, tf } from "./tf.ts";

/** Attention that moves forward. @throws InputError when the score looks at positions. */
export function monotonic({ score }: { readonly score: ContentScore }): Attention {
  refusePositions("monotonic", score);
  return {
    name: `monotonic(${score.name})`,
    label: `monotonic, ${score.label ?? score.name}`,
    citation: `Raffel et al. 2017, section 2.3; ${score.citation}`,
    follows: true,
    parameters: (dims, seed) => ({
      ...score.parameters(dims, seed),
      r: { shape: [1], values: new Float32Array([-1]) },
    }),
    refuses: (dims, keys) => score.refuses?.(dims, keys),
    over(params, given) {
      const { mask } = given;
      const memory = visibleMemory(given);
      const ask = logitsOver(score, params, memory);
      const [batch, keys] = memory.shape;
      const visible = mask.expandDims(1); // [B, 1, S]
      return (query, place) => {
        const steps = query.shape[1];
        const raised = tf.add(ask(query), params.r) as Tensor3D;
        const taken = tf.mul(tf.sigmoid(raised), visible) as Tensor3D; // p, [B, T, S]
        // ln(1 - σ(x)) = -softplus(x), which doesn't lose its digits; padding is passed over with probability 1.
        const passed = tf.mul(tf.softplus(raised), tf.neg(visible)) as Tensor3D;
        const before = tf.cumsum(passed, 2, true); // Σ_{j < s} ln(1 - p(j))
        const between = tf.sub(before.expandDims(3), before.expandDims(2)) as Tensor4D; // s down, k across
        const lower = tf.tensor(Float32Array.from({ length: keys ** 2 }, (_, i) => i % keys <= i / keys ? 1 : 0), [
          keys,
          keys,
        ]);
        // Guarded before the exponential: above the diagonal the differences are positive and could overflow.
        const reach = tf.mul(tf.exp(tf.mul(between, lower)), lower) as Tensor4D; // [B, T, S, S]
        const advance = (from: Tensor4D, previous: Tensor4D, p: Tensor3D) =>
          tf.mul(p, tf.matMul(from, previous).reshape(p.shape)) as Tensor3D;
        let alignment: Tensor3D;
        if (place) {
          const previous = (place.previous ?? start(batch, steps, keys)).reshape([batch, steps, keys, 1]) as Tensor4D;
          alignment = advance(reach, previous, taken);
        } else {
          let previous = start(batch, 1, keys);
          const rows: Tensor3D[] = [];
          const reaches = tf.split(reach as Tensor, steps, 1), chances = tf.split(taken, steps, 1);
          for (let step = 0; step < steps; step++) {
            const column = previous.reshape([batch, 1, keys, 1]) as Tensor4D;
            previous = advance(reaches[step] as Tensor4D, column, chances[step] as Tensor3D);
            rows.push(previous);
          }
          alignment = tf.concat(rows, 1);
        }
        return { context: tf.matMul(alignment, memory), alignment };
      };
    },
    cost(dims) {
      const { keys } = dims;
      const own = score.cost(dims);
      // r, σ, mask, softplus, mask, running sum and product with p; the triangle costs 4 + 2 a pair of positions.
      const cost = weighed(own, dims, 7 + 6 * keys);
      const activations = own.activations * (1 + keys);
      return { ...cost, parameters: own.parameters + 1, activations, bytes: 4 * activations };
    },
  };
}

/** All weight on the first position, `[B, T, S]`. */
function start(batch: number, steps: number, keys: number): Tensor3D {
  return tf.tile(tf.oneHot(tf.zeros([1], "int32"), keys).toFloat().reshape([1, 1, keys]), [
    batch,
    steps,
    1,
  ]) as Tensor3D;
}
