/**
 * A recurrence from stock operations, with the gradient of a step written by hand: the loop that the reset-before GRU and
 * the LSTM share. A cell says one step forwards and one step backwards; the loop carries states over padding, gathers the
 * gradient of every projected input, and takes the gradient of the weights as one product over all steps.
 *
 * Sizes: B sequences, T positions, U units, G gates.
 *
 * @module
 */
import { withGradient } from "./device_kernels.ts";
import { type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** One cell's step, both ways. All tensors are `[B, ·]`. */
export interface StepRule {
  /**
   * @param x one position's projection `[B, G U]`
   * @param state each `[B, U]`
   * @returns the next state and what the way back needs
   */
  forward(weights: Tensor2D, x: Tensor2D, state: readonly Tensor2D[]): { state: Tensor2D[]; saved: Tensor2D[] };
  /**
   * @param d gradients at the next state
   * @param before the state that the step began with
   * @returns gradients at the projection and at the state before
   */
  backward(
    weights: Tensor2D,
    d: readonly Tensor2D[],
    saved: readonly Tensor2D[],
    before: readonly Tensor2D[],
  ): { x: Tensor2D; state: Tensor2D[] };
  /** The gradient of the weights, from all steps on top of each other: `[T B, ·]`. */
  weights(dx: Tensor2D, saved: readonly Tensor2D[], before: readonly Tensor2D[]): Tensor2D;
}

/**
 * Runs a rule over a projection.
 *
 * @param projected `[B, T, G U]`
 * @param initial each `[B, U]`
 * @param present 1 at true positions and 0 at padding, `[B, T]`; every position is true without it
 * @param reverse reads from position T - 1 down to 0
 */
export function carry(
  rule: StepRule,
  weights: Tensor2D,
  projected: Tensor3D,
  initial: readonly Tensor2D[],
  present: Tensor2D | undefined,
  reverse: boolean,
): { outputs: Tensor3D; final: Tensor2D[] } {
  const [batch, steps] = projected.shape;
  const turn = <X>(items: X[]): X[] => reverse ? items.toReversed() : items;
  const presentAt = present && turn(columns(present.reshape([batch, steps, 1]) as Tensor3D)); // T of [B, 1]
  const count = initial.length;
  const inputs = { weights, projected, ...Object.fromEntries(initial.map((state, i) => [`initial${i}`, state])) };
  const results = withGradient(inputs, (save) => {
    const x = turn(columns(projected));
    let state = [...initial];
    const outputs: Tensor2D[] = [];
    const befores: Tensor2D[][] = [];
    const saves: Tensor2D[][] = [];
    for (let step = 0; step < steps; step++) {
      const next = rule.forward(weights, x[step], state);
      befores.push(state);
      saves.push(next.saved);
      const here = presentAt?.[step];
      // A padded position leaves the state as it is to the last bit.
      state = here ? next.state.map((to, i) => tf.where(tf.greater(here, 0), to, state[i]) as Tensor2D) : next.state;
      outputs.push(here ? tf.mul(state[0], here) as Tensor2D : state[0]);
    }
    if (tf.engine().state.gradientDepth > 0) {
      save([weights, ...(presentAt ?? []), ...befores.flat(), ...saves.flat()]);
    }
    const stacked = steps === 1 ? outputs[0].reshape([batch, 1, outputs[0].shape[1]]) : tf.stack(turn(outputs), 1);
    // A result must not be an input itself: without a step the state goes on as a copy.
    return [stacked, ...state.map((last, i) => last === initial[i] ? tf.clone(last) : last)];
  }, ([dOutputs, ...dFinal], [kept, ...rest]) => {
    const here = presentAt ? rest.splice(0, steps) as Tensor2D[] : undefined;
    const befores = Array.from({ length: steps }, () => rest.splice(0, count) as Tensor2D[]);
    const saves = Array.from(
      { length: steps },
      (_, step) => rest.splice(0, rest.length / (steps - step)) as Tensor2D[],
    );
    const arriving = turn(columns(dOutputs as Tensor3D));
    let d = dFinal as Tensor2D[];
    const dx: Tensor2D[] = new Array(steps);
    for (let step = steps - 1; step >= 0; step--) {
      const mark = here?.[step];
      let skipped: Tensor2D[] | undefined;
      let at = d;
      if (mark) {
        skipped = d.map((each) => tf.mul(each, tf.sub(1, mark)) as Tensor2D);
        at = d.map((each, i) => tf.mul(i === 0 ? tf.add(each, arriving[step]) : each, mark) as Tensor2D);
      } else at = [tf.add(d[0], arriving[step]) as Tensor2D, ...d.slice(1)];
      const back = rule.backward(kept as Tensor2D, at, saves[step], befores[step]);
      dx[step] = back.x;
      d = skipped ? back.state.map((each, i) => tf.add(each, skipped[i]) as Tensor2D) : back.state;
    }
    const tall = (rows: readonly Tensor2D[]) => rows.length === 1 ? rows[0] : tf.concat([...rows], 0) as Tensor2D;
    const each = (lists: readonly Tensor2D[][]) => lists[0].map((_, i) => tall(lists.map((list) => list[i])));
    const dWeights = rule.weights(tall(dx), each(saves), each(befores));
    const dProjected = steps === 1 ? dx[0].reshape([batch, 1, dx[0].shape[1]]) : tf.stack(turn(dx), 1);
    return [dWeights, dProjected, ...d];
  });
  return { outputs: results[0] as Tensor3D, final: results.slice(1) as Tensor2D[] };
}

/** `[B, T, D]` as T of `[B, D]`. */
function columns(x: Tensor3D): Tensor2D[] {
  const [batch, steps, width] = x.shape;
  return steps === 1 ? [x.reshape([batch, width]) as Tensor2D] : tf.unstack(x, 1) as Tensor2D[];
}
