/**
 * Layer normalisation (Ba, Kiros & Hinton 2016, equations 3 and 4): every vector to mean 0 and variance 1, then a learnt
 * gain and bias.
 *
 *     x̂ = (x - mean) / sqrt(variance + epsilon)      y = gain x̂ + bias
 *
 * The gradient of x̂ is stated by hand: dx = (dx̂ - mean(dx̂) - x̂ mean(x̂ dx̂)) / sqrt(variance + epsilon).
 *
 * @module
 */
import { ones, zeros } from "./random.ts";
import { assertShape, type InitialValues, type TensorMap } from "./shape.ts";
import { type Tensor, type Tensor2D, tf } from "./tf.ts";

/** What is added to the variance, so that a constant vector becomes zeros. */
const EPSILON = 1e-5;

/** Initial values: `gain` of ones and `bias` of zeros, both `[W]`. */
export function layerNormParameters(width: number): InitialValues {
  return { gain: ones([width]), bias: zeros([width]) };
}

/**
 * Normalises every row.
 *
 * @param x `[R, W]`
 * @throws RangeError when the parameters have another width.
 */
export function layerNorm(params: TensorMap, x: Tensor2D): Tensor2D {
  assertShape("gain", params.gain, [x.shape[1]]);
  return tf.add(tf.mul(standardised(x), params.gain), params.bias);
}

/** Operations of one row: W - 1 and a division for each mean, and eight passes over the row, two of single numbers. */
export function layerNormOperations(width: number): number {
  // Means 2W; differences, squares, quotients, gain and bias W each; epsilon and root 1 each.
  return 2 * width + 5 * width + 2;
}

function standardised(x: Tensor2D): Tensor2D {
  return tf.customGrad((input, save) => {
    const centred = tf.sub(input as Tensor, tf.mean(input as Tensor, -1, true));
    const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), EPSILON)); // [R, 1]
    const value = tf.div(centred, deviation) as Tensor2D;
    (save as (tensors: Tensor[]) => void)([value, deviation]);
    return {
      value,
      gradFunc: (dy: Tensor, [normal, deviation]: Tensor[]) => {
        const along = tf.mul(normal, tf.mean(tf.mul(normal, dy), -1, true));
        return tf.div(tf.sub(tf.sub(dy, tf.mean(dy, -1, true)), along), deviation);
      },
    };
  })(x) as Tensor2D;
}
