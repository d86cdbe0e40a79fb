/**
 * Shapes: how parameters are described before they are tensors, and checks with messages that name both sides.
 *
 * @module
 */
import type { Tensor } from "./tf.ts";

/** An initial value: a shape and its values, row-major. Plain data, so that it can be made, hashed and stored anywhere. */
export interface Initial {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Initial values of a group of parameters, by name. */
export type InitialValues = Readonly<Record<string, Initial>>;

/** Tensors by name: the parameters of one group, in use. */
export type TensorMap = Readonly<Record<string, Tensor>>;

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/**
 * Checks a tensor's shape against a pattern; `null` accepts any side.
 *
 * @throws RangeError naming the tensor, the expected and the actual shape.
 */
export function assertShape(name: string, tensor: Tensor, expected: readonly (number | null)[]): void {
  const matches = tensor.shape.length === expected.length &&
    expected.every((side, axis) => side === null || side === tensor.shape[axis]);
  if (!matches) {
    const wanted = expected.map((side) => side ?? "any").join(", ");
    throw new RangeError(`Cannot use ${name} of shape [${tensor.shape.join(", ")}]: expected [${wanted}]`);
  }
}
