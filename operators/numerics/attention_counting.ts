/**
 * The operations of an attention mechanism by instrumented execution, to hold against its closed form.
 *
 * What is executed is the plain form that the closed form is about, of stock operations: the whole at once, or, causal, a
 * position at a time by the mechanism's own state (which touches no pair that is not seen). Guards of denominators are left
 * out on both sides.
 *
 * @module
 */
import type { AttentionMechanism, AttentionState } from "./attention_mechanism.ts";
import { countOperations } from "./counting.ts";
import { type Tensor4D, tf } from "./tf.ts";

/**
 * Executes once and counts, every multiplication, addition, exponential, division and maximum once.
 *
 * @throws RangeError naming the first kernel that nobody said how to count
 * @throws RangeError for causal counts of a mechanism without a state
 */
export function countAttention(
  mechanism: AttentionMechanism,
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  causal = false,
): number {
  if (!causal) return countOperations(() => mechanism.apply(q, k, v, { eps: 0 })).exact;
  const length = q.shape[2];
  let state = mechanism.state?.({ positions: length, eps: 0 });
  if (!state) throw new RangeError(`Cannot count causal operations as "${mechanism.name}" has no state`);
  const at = (x: Tensor4D, index: number) =>
    tf.slice(x, [0, 0, index, 0], [x.shape[0], x.shape[1], 1, x.shape[3]]) as Tensor4D;
  return countOperations(() => {
    for (let i = 0; i < length; i++) state = (state as AttentionState).step(at(q, i), at(k, i), at(v, i)).next;
  }).exact;
}
