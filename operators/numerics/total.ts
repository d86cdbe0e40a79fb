/**
 * Sums of several tensors.
 *
 * @module
 */
import { type Tensor, tf } from "./tf.ts";

/**
 * Sum of at least one tensor, all of one shape, in their order.
 *
 * Not `tf.addN`: on webgpu that binds all its arguments at once. Past the device's number of bindings (8 are promised) the
 * commands that wait with it are dropped, and every one of them gives zeros without an error.
 */
export function total<T extends Tensor>([first, ...others]: readonly T[]): T {
  return others.reduce((sum, tensor) => tf.add(sum, tensor) as T, first);
}
