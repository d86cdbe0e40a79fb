/**
 * Gradients by difference quotient, to hold against gradients by tape.
 *
 * Prefer {@linkcode differenceGradient} on a float64 reference: it allows the strict tolerance. Where there is no
 * reference, {@linkcode tensorDifferenceGradient} perturbs float32 code itself, whose noise needs a wide step.
 *
 * @module
 */
import { tf } from "../../operators/numerics/tf.ts";
import type { Scalar, Tensor } from "../../operators/numerics/tf.ts";

/**
 * Central differences `(f(x + h e_i) - f(x - h e_i)) / 2h` of a float64 function, one per element of `x`.
 *
 * @param f a function of plain numbers; it must not keep or change its argument.
 */
export function differenceGradient(f: (x: number[]) => number, x: ArrayLike<number>, h = 1e-5): number[] {
  const at = Array.from(x);
  return at.map((value, i) => {
    at[i] = value + h;
    const above = f(at.slice());
    at[i] = value - h;
    const below = f(at.slice());
    at[i] = value;
    return (above - below) / (2 * h);
  });
}

/**
 * Central differences of a float32 function of tensors, one array per tensor. h = 1e-2 is where truncation and
 * rounding errors balance in float32 (error about 6e-6).
 */
export function tensorDifferenceGradient(
  f: (...tensors: Tensor[]) => Scalar,
  tensors: readonly Tensor[],
  h = 1e-2,
): number[][] {
  const values = tensors.map((tensor) => Array.from(tensor.dataSync()));
  const run = (which: number, at: number[]): number =>
    tf.tidy(() => {
      const inputs = tensors.map((tensor, i) => i === which ? tf.tensor(at, tensor.shape) : tensor);
      return f(...inputs).dataSync()[0];
    });
  return values.map((flat, which) => differenceGradient((at) => run(which, at), flat, h));
}

/** Gradients by tape of a scalar function of tensors, as plain arrays in the order of the tensors. */
export function tapeGradient(f: (...tensors: Tensor[]) => Scalar, tensors: readonly Tensor[]): number[][] {
  return tf.tidy(() => tf.grads(f)([...tensors]).map((gradient) => Array.from(gradient.dataSync())));
}
