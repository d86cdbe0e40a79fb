/**
 * A whole GRU layer from stock operations, with its gradient written by hand.
 *
 * Left to the tape, a step back takes some 70 small operations, and the gradient of the recurrent matrix is T products
 * and T sums. By hand it is six operations a step and one product at the end, because everything local to a step is a
 * factor that can be computed for all steps at once. With w_t = (1 - z_t) where position t is true and 0 at padding:
 *
 *     h_t = h_{t-1} + w_t (n_t - h_{t-1})
 *     q_t = U_n h_{t-1} + c_n            n_t = tanh(x_n + r_t q_t)
 *
 * and with d the gradient at h_t, the gradients at the sums inside n, z, r and at q_t are d times
 *
 *     A_n = w (1 - n²)    A_z = (h_{t-1} - n) w z    A_r = A_n q r (1 - r)    A_q = A_n r
 *
 * (∂w/∂z = -1 where w isn't 0, and z' = z (1 - z)). What flows on to h_{t-1} is d (1 - w) + [d A_r, d A_z, d A_q] Uᵀ.
 *
 * Sizes and gate order as in {@linkcode ./recurrence.ts}.
 *
 * @module
 */
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/**
 * States of a layer, carried over padding.
 *
 * @param projected W x + b, `[B, T, 3U]`
 * @param initial `[B, U]`
 * @param present 1 at true positions and 0 at padding, `[B, T]`
 * @param reverse reads from position T - 1 down to 0
 * @returns `[B, T, U]`: the state after reading position t; at padding the state that was carried there
 */
export function carriedStates(
  params: { readonly recurrent: Tensor2D; readonly recurrentBias: Tensor1D },
  projected: Tensor3D,
  initial: Tensor2D,
  present: Tensor2D,
  reverse: boolean,
): Tensor3D {
  const [batch, steps] = projected.shape;
  const units = initial.shape[1];
  /** A list by position in the order of reading, and back: the same turn. */
  const turn = <T>(items: T[]): T[] => reverse ? items.toReversed() : items;
  const layer = tf.customGrad((...args) => {
    const [projected, recurrent, recurrentBias, initial] = args as unknown as [Tensor3D, Tensor2D, Tensor1D, Tensor2D];
    const save = args[4] as unknown as (tensors: Tensor[]) => void;
    const [forGates, forCandidate] = tf.split(projected, [2 * units, units], 2);
    const gatesX = turn(tf.unstack(forGates, 1)); // T of [B, 2U]
    const candidateX = turn(tf.unstack(forCandidate, 1)); // T of [B, U]
    const isPresent = turn(tf.unstack(present.reshape([batch, steps, 1]), 1)); // T of [B, 1]
    const kept: Record<"before" | "r" | "z" | "q" | "n" | "w" | "back", Tensor[]> = {
      before: [],
      r: [],
      z: [],
      q: [],
      n: [],
      w: [],
      back: [],
    };
    const states: Tensor[] = [];
    let state = initial;
    for (let step = 0; step < steps; step++) {
      const fromState = tf.add(tf.matMul(state, recurrent), recurrentBias); // [B, 3U]
      const [gateH, q] = tf.split(fromState, [2 * units, units], 1);
      const [r, z] = tf.split(tf.sigmoid(tf.add(gatesX[step], gateH)), 2, 1);
      const n = tf.tanh(tf.add(candidateX[step], tf.mul(r, q)));
      const w = tf.mul(tf.sub(1, z), isPresent[step]);
      const back = tf.sub(state, n);
      Object.entries({ before: state, r, z, q, n, w, back }).forEach(([name, tensor]) =>
        kept[name as keyof typeof kept].push(tensor)
      );
      // w = 0 leaves the state as it is to the last bit, so a padded position leaves no trace.
      state = tf.sub(state, tf.mul(w, back)) as Tensor2D;
      states.push(state);
    }
    // Each [T B, U], in the order of reading. Outside a tape nobody would ask for them.
    if (tf.engine().state.gradientDepth > 0) {
      save([recurrent, ...Object.values(kept).map((list) => tf.concat(list, 0))]);
    }
    return {
      value: tf.stack(turn(states), 1) as Tensor3D,
      gradFunc: (dy: Tensor3D, saved: Tensor[]) => gradients(turn(tf.unstack(dy, 1)), saved, turn),
    };
  });
  return layer(projected, params.recurrent, params.recurrentBias, initial) as Tensor3D;
}

/**
 * @param arriving gradients at the states, T of `[B, U]` in the order of reading
 * @returns gradients at projected, recurrent, recurrentBias and initial
 */
function gradients(
  arriving: Tensor[],
  [recurrent, before, r, z, q, n, w, back]: Tensor[],
  turn: <T>(items: T[]) => T[],
): Tensor[] {
  const steps = arriving.length;
  const [batch, units] = arriving[0].shape as [number, number];
  const atN = tf.mul(w, tf.sub(1, tf.square(n)));
  const atZ = tf.mul(tf.mul(back, w), z);
  const atR = tf.mul(tf.mul(atN, q), tf.mul(r, tf.sub(1, r)));
  const factors = tf.split(tf.concat([atR, atZ, tf.mul(atN, r)], 1), steps, 0); // T of [B, 3U]
  const carry = tf.split(tf.sub(1, w), steps, 0);
  const totals: Tensor[] = new Array(steps);
  const atFromState: Tensor[] = new Array(steps);
  let carried: Tensor | undefined;
  for (let step = steps - 1; step >= 0; step--) {
    const d = carried === undefined ? arriving[step] : tf.add(arriving[step], carried);
    const g = tf.mul(tf.concat([d, d, d], 1), factors[step]) as Tensor2D; // gradient at U h + c, [B, 3U]
    carried = tf.add(tf.mul(d, carry[step]), tf.matMul(g, recurrent as Tensor2D, false, true));
    totals[step] = d;
    atFromState[step] = g;
  }
  const g = tf.concat(atFromState, 0) as Tensor2D; // [T B, 3U]
  const atCandidate = tf.mul(tf.concat(totals, 0), atN); // [T B, U]
  const atProjected = tf.concat([tf.slice(g, [0, 0], [steps * batch, 2 * units]), atCandidate], 1);
  return [
    tf.stack(turn(tf.split(atProjected, steps, 0)), 1),
    tf.matMul(before as Tensor2D, g, true, false),
    tf.sum(g, 0),
    carried!,
  ];
}
