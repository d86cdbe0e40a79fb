/**
 * The long short-term memory over projected inputs.
 *
 *     i_t, f_t, o_t = σ(x_t + U h_{t-1})      g_t = tanh(x_t + U h_{t-1})
 *     c_t = f_t * c_{t-1} + i_t * g_t         h_t = o_t * tanh(c_t)
 *
 * x_t is W x + b; gates lie side by side in the order i, f, o, g. The forget gate's bias is b's.
 *
 * Sources: Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000 (forget gate).
 *
 * @module
 */
import { carry, type StepRule } from "./carried.ts";
import type { Layer } from "./cell.ts";
import { type Tensor2D, type Tensor3D, tf } from "./tf.ts";

const rule: StepRule = {
  forward(weights, x, [h, c]) {
    const units = h.shape[1];
    const sums = tf.add(x, tf.matMul(h, weights));
    const [forGates, forCandidate] = tf.split(sums, [3 * units, units], 1);
    const gates = tf.sigmoid(forGates) as Tensor2D; // [B, 3U]
    const [i, f, o] = tf.split(gates, 3, 1);
    const g = tf.tanh(forCandidate) as Tensor2D;
    const next = tf.add(tf.mul(f, c), tf.mul(i, g)) as Tensor2D;
    const bent = tf.tanh(next) as Tensor2D;
    return { state: [tf.mul(o, bent) as Tensor2D, next], saved: [gates, g, bent] };
  },
  backward(weights, [dh, dc], [gates, g, bent], [, c]) {
    const [i, f, o] = tf.split(gates, 3, 1);
    const atC = tf.add(dc, tf.mul(tf.mul(dh, o), tf.sub(1, tf.square(bent))));
    const atGates = tf.concat([tf.mul(atC, g), tf.mul(atC, c), tf.mul(dh, bent)], 1);
    const atSums = tf.mul(atGates, tf.mul(gates, tf.sub(1, gates)));
    const atCandidate = tf.mul(tf.mul(atC, i), tf.sub(1, tf.square(g)));
    const dx = tf.concat([atSums, atCandidate], 1) as Tensor2D;
    return { x: dx, state: [tf.matMul(dx, weights, false, true), tf.mul(atC, f) as Tensor2D] };
  },
  weights: (dx, _saved, [h]) => tf.matMul(h, dx, true, false),
};

/** States over a projection `[B, T, 4U]` from `[h, c]`. */
export function recurLstm(
  recurrent: Tensor2D,
  projected: Tensor3D,
  initial: readonly Tensor2D[],
  present: Tensor2D | undefined,
  reverse: boolean,
): Layer {
  return carry(rule, recurrent, projected, initial, present, reverse);
}
