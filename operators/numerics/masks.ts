/**
 * Masks. One convention, everywhere in Heed: **1 = attend, 0 = do not look**, as a float32 tensor.
 *
 * Where a function takes a mask it also says which axes; where sequences are merely padded on the right, their lengths
 * (int32 `[B]`) say the same in less, and {@linkcode lengthMask} turns them into a mask. A row of nothing but zeros is
 * allowed: it attends to nothing, and its weights are zeros.
 *
 * @module
 */
import { InputError } from "../records.ts";
import { assertShape } from "./shape.ts";
import { type Tensor, type Tensor1D, type Tensor2D, tf } from "./tf.ts";

/**
 * The mask of sequences padded on the right: 1 at the first `lengths[b]` positions of row b, then 0.
 *
 * @param lengths int32 `[B]`, each from 0 to `width`
 * @param width number of columns S
 * @returns float32 `[B, S]`
 * @throws RangeError when `lengths` isn't one-dimensional
 */
export function lengthMask(lengths: Tensor, width: number): Tensor2D {
  assertShape("lengths", lengths, [null]);
  const positions: Tensor1D = tf.range(0, width, 1, "float32");
  return tf.less(positions.expandDims(0), lengths.toFloat().expandDims(1)).toFloat() as Tensor2D;
}

/**
 * Zeros at the positions that a mask hides: a weight of 0 hides no NaN and no infinity, for 0 times those is NaN, in a
 * sum of values and again in its gradients. The gradient passes through as it is: for whoever gives hidden positions no
 * weight it is 0 there already, and a pass over it is saved.
 *
 * @param x `[B, ..., S, D]`
 * @param mask `[B, S]`
 */
export function hideMasked<T extends Tensor>(x: T, mask: Tensor): T {
  const [batch, positions] = mask.shape;
  const between = x.shape.slice(1, -2).map(() => 1);
  const seen = mask.toBool().reshape([batch, ...between, positions!, 1]);
  return tf.customGrad((input) => ({
    value: tf.where(seen, input as Tensor, tf.zerosLike(input as Tensor)),
    gradFunc: (upstream: Tensor) => upstream,
  }))(x) as T;
}

/**
 * Checks a mask of who may be seen: `[B, S]` of float32, int32 or bool.
 *
 * @throws RangeError when the shape doesn't fit
 * @throws InputError when it holds something else
 */
export function checkMask(mask: Tensor, batch: number, keys: number): void {
  assertShape("mask", mask, [batch, keys]);
  if (!["float32", "int32", "bool"].includes(mask.dtype)) {
    throw new InputError(`Cannot use a mask as it must hold numbers or booleans: current value is ${mask.dtype}`);
  }
}
