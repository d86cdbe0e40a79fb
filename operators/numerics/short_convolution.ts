/**
 * Short convolution: every channel sees its own last few positions, so that a key can hold the symbol before its value.
 *
 *     y_t = Σ_{j = 0}^{K - 1} w_j x_{t - j},   x before the beginning is 0
 *
 * It looks back and never ahead, so it suits causal and non-causal attention alike. One layer of attention can't tell which
 * symbol came before another; with this it can (the "shift" of H3's state-space layer).
 *
 * Sources: Fu et al. 2023 (H3), section 3; Arora et al. 2024 (Based), section 4, with a window of 3.
 *
 * @module
 */
import { seedFrom, uniform } from "./random.ts";
import { assertShape, type InitialValues, type TensorMap } from "./shape.ts";
import { type Tensor3D, tf } from "./tf.ts";

/** Initial values: `taps` `[K, W]`, uniform within ±1/√K. */
export function shortConvolutionParameters(window: number, width: number, seed: number): InitialValues {
  return { taps: uniform([window, width], 1 / Math.sqrt(window), seedFrom(seed, "taps")) };
}

/**
 * Convolves along the positions.
 *
 * @param x `[B, T, W]`
 * @returns `[B, T, W]`
 */
export function shortConvolution(params: TensorMap, x: Tensor3D): Tensor3D {
  const [, positions, width] = x.shape;
  assertShape("taps", params.taps, [null, width]);
  const window = params.taps.shape[0];
  let sum = tf.mul(x, tf.slice(params.taps, [0, 0], [1, width]).reshape([width])) as Tensor3D;
  for (let back = 1; back < Math.min(window, positions); back++) {
    const tap = tf.slice(params.taps, [back, 0], [1, width]).reshape([width]);
    const earlier = tf.pad3d(tf.slice(x, [0, 0, 0], [-1, positions - back, -1]), [[0, 0], [back, 0], [0, 0]]);
    sum = tf.add(sum, tf.mul(earlier, tap));
  }
  return sum;
}

/** Operations over T positions of one sequence: W products for each tap within reach, and the sums of their results. */
export function shortConvolutionOperations(window: number, width: number, positions: number): number {
  const taps = Math.min(window, positions);
  return (2 * taps - 1) * width * positions;
}
