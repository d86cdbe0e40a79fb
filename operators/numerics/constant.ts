/**
 * Tensors as constants: what is computed from them teaches nothing to what they were computed from.
 *
 * @module
 */
import { withGradient } from "./device_kernels.ts";
import { type Tensor, tf } from "./tf.ts";

/**
 * A function of tensors through which no gradient flows: for factors that cancel exactly, such as a maximum that is
 * subtracted. The tape doesn't see what `f` does, so it may use operations that have no gradient.
 */
export function constantOf<T extends Tensor>(inputs: readonly Tensor[], f: () => T): T {
  const named = Object.fromEntries(inputs.map((tensor, at) => [`x${at}`, tensor]));
  return withGradient(named, () => [f()], () => inputs.map((tensor) => tf.zerosLike(tensor)))[0] as T;
}
