/**
 * The gated recurrent unit as Bahdanau et al. have it: the reset gate acts on the state before the product, and the update
 * gate weighs the candidate.
 *
 *     z_t = σ(x_t + U_z h_{t-1})      r_t = σ(x_t + U_r h_{t-1})
 *     n_t = tanh(x_t + U (r_t * h_{t-1}))
 *     h_t = (1 - z_t) * h_{t-1} + z_t * n_t
 *
 * x_t is W x + b; gates lie side by side in the order z, r, n. Of the same family as {@linkcode ./recurrence.ts}, but
 * weights don't carry over: there r acts on U h, and z weighs the old state.
 *
 * Source: Bahdanau, Cho & Bengio 2015, appendix A.1.1.
 *
 * @module
 */
import { carry, type StepRule } from "./carried.ts";
import type { Layer } from "./cell.ts";
import { type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** `[U, 3U]` as the gates' `[U, 2U]` and the candidate's `[U, U]`. */
function parts(weights: Tensor2D): [Tensor2D, Tensor2D] {
  const units = weights.shape[0];
  return tf.split(weights, [2 * units, units], 1) as [Tensor2D, Tensor2D];
}

const rule: StepRule = {
  forward(weights, x, [h]) {
    const units = h.shape[1];
    const [forGates, forCandidate] = parts(weights);
    const [gatesX, candidateX] = tf.split(x, [2 * units, units], 1);
    const gates = tf.sigmoid(tf.add(gatesX, tf.matMul(h, forGates))) as Tensor2D; // [B, 2U]
    const [z, r] = tf.split(gates, 2, 1);
    const reset = tf.mul(r, h) as Tensor2D;
    const n = tf.tanh(tf.add(candidateX, tf.matMul(reset, forCandidate))) as Tensor2D;
    const next = tf.add(h, tf.mul(z, tf.sub(n, h))) as Tensor2D;
    return { state: [next], saved: [gates, n, reset] };
  },
  backward(weights, [d], [gates, n], [h]) {
    const [forGates, forCandidate] = parts(weights);
    const [z, r] = tf.split(gates, 2, 1);
    const atN = tf.mul(tf.mul(d, z), tf.sub(1, tf.square(n))) as Tensor2D;
    const atReset = tf.matMul(atN, forCandidate, false, true);
    const atGates = tf.mul(
      tf.concat([tf.mul(d, tf.sub(n, h)), tf.mul(atReset, h)], 1),
      tf.mul(gates, tf.sub(1, gates)),
    ) as Tensor2D;
    const through = tf.add(tf.mul(d, tf.sub(1, z)), tf.mul(atReset, r));
    return {
      x: tf.concat([atGates, atN], 1) as Tensor2D,
      state: [tf.add(through, tf.matMul(atGates, forGates, false, true)) as Tensor2D],
    };
  },
  weights(dx, [, , reset], [h]) {
    const units = h.shape[1];
    const [atGates, atN] = tf.split(dx, [2 * units, units], 1) as [Tensor2D, Tensor2D];
    return tf.concat([tf.matMul(h, atGates, true, false), tf.matMul(reset, atN, true, false)], 1) as Tensor2D;
  },
};

/** States over a projection `[B, T, 3U]` from `[B, U]`. */
export function recurResetBefore(
  recurrent: Tensor2D,
  projected: Tensor3D,
  initial: Tensor2D,
  present: Tensor2D | undefined,
  reverse: boolean,
): Layer {
  return carry(rule, recurrent, projected, [initial], present, reverse);
}
