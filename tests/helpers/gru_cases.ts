/**
 * Seeded cases of a GRU layer, and its results and gradients on the engine in place.
 *
 * @module
 */
import { normal } from "../../operators/numerics/random.ts";
import { gru } from "../../operators/numerics/recurrence.ts";
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from "../../operators/numerics/tf.ts";

/** A case: its values follow from its seed. */
export interface Sizes {
  readonly batch: number;
  readonly steps: number;
  readonly inputs: number;
  readonly units: number;
  readonly seed: number;
  readonly reverse: boolean;
}

/** What a layer is differentiated by, in the order of all lists here. */
export const NAMES = ["kernel", "recurrent", "bias", "recurrentBias", "x", "initial"] as const;

/** Shapes of what {@linkcode NAMES} names. */
export function shapes({ batch, steps, inputs, units }: Sizes): number[][] {
  return [[inputs, 3 * units], [units, 3 * units], [3 * units], [3 * units], [batch, steps, inputs], [batch, units]];
}

/** Recurrent weights have a spectral radius near 1: larger ones amplify rounding from step to step, whatever computes. */
export function values(sizes: Sizes): Float32Array[] {
  return shapes(sizes).map((shape, index) =>
    normal(shape, NAMES[index] === "recurrent" ? 1 / Math.sqrt(sizes.units) : 0.5, sizes.seed + index).values
  );
}

/** Lengths from 0 to T, in no order. */
export function lengthsOf({ batch, steps, seed }: Sizes): number[] {
  return Array.from({ length: batch }, (_, row) => (seed + 7 * row * row + 3 * row) % (steps + 1));
}

/** A weight for each value of both outputs, so that every one of them counts differently. */
export function weights(size: number, seed: number): Float32Array {
  return normal([size], 1, seed).values;
}

function layer(sizes: Sizes, lengths: number[], [kernel, recurrent, bias, recurrentBias, x, initial]: Tensor[]) {
  return gru({ kernel, recurrent, bias, recurrentBias }, x as Tensor3D, {
    lengths: tf.tensor1d(lengths, "int32") as Tensor1D,
    initial: initial as Tensor2D,
    reverse: sizes.reverse,
  });
}

/** Results of a layer, and the gradients of both, weighted by {@linkcode weights} of seeds 11 and 13. */
export interface Found {
  readonly outputs: Float32Array;
  readonly final: Float32Array;
  readonly gradients: Float32Array[];
}

/** Runs a case forwards and backwards. */
export function run(sizes: Sizes, given = values(sizes), lengths = lengthsOf(sizes)): Found {
  return tf.tidy(() => {
    const at = given.map((values, index) => tf.tensor(values, shapes(sizes)[index]));
    const { outputs, final } = layer(sizes, lengths, at);
    const loss = (...tensors: Tensor[]) => {
      const { outputs, final } = layer(sizes, lengths, tensors);
      return tf.add(
        tf.sum(tf.mul(outputs.flatten(), tf.tensor1d(weights(outputs.size, 11)))),
        tf.sum(tf.mul(final.flatten(), tf.tensor1d(weights(final.size, 13)))),
      ) as tf.Scalar;
    };
    const gradients = tf.grads(loss)(at).map((gradient) => gradient.dataSync() as Float32Array);
    return { outputs: outputs.dataSync() as Float32Array, final: final.dataSync() as Float32Array, gradients };
  });
}
