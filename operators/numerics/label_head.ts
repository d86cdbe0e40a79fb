/**
 * From vectors in context to logits of labels: one for the whole sequence, or one a position.
 *
 * @module
 */
import { glorotUniform, seedFrom, zeros } from "./random.ts";
import type { InitialValues, TensorMap } from "./shape.ts";
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** How a sequence becomes one vector: the mean of its true positions, or the last of them. */
export type Pool = "mean" | "last";

/** Initial values: `weights` `[W, V]` and `bias` `[V]`. */
export function labelHeadParameters(width: number, labels: number, seed: number): InitialValues {
  return { weights: glorotUniform([width, labels], seedFrom(seed, "weights")), bias: zeros([labels]) };
}

/** Logits of every position, `[B, T, V]`, from `[B, T, W]`. */
export function labelLogits(params: TensorMap, states: Tensor3D): Tensor3D {
  const [batch, positions, width] = states.shape;
  const rows = tf.reshape(states, [batch * positions, width]);
  const logits = tf.add(tf.matMul(rows, params.weights as Tensor2D), params.bias);
  return tf.reshape(logits, [batch, positions, params.bias.size]);
}

/**
 * One vector a sequence, `[B, 1, W]`; zeros for a sequence without a position.
 *
 * @param states `[B, T, W]`
 * @param mask `[B, T]`: 1 at true positions
 * @param lengths int32 `[B]`
 */
export function pooled(states: Tensor3D, mask: Tensor2D, lengths: Tensor1D, pool: Pool): Tensor3D {
  const [batch, positions] = mask.shape;
  const weights: Tensor = pool === "mean"
    ? tf.div(mask, tf.maximum(lengths.toFloat().expandDims(1), 1))
    : tf.equal(tf.range(0, positions, 1, "int32").expandDims(0), tf.sub(lengths, 1).expandDims(1)).toFloat();
  return tf.matMul(weights.reshape([batch, 1, positions]) as Tensor3D, states); // what isn't finite must not be padding
}

/** Learnt numbers of the head. */
export function labelHeadCount(width: number, labels: number): number {
  return width * labels + labels;
}

/** Operations of the head over `rows` vectors: a product and a bias. */
export function labelHeadOperations(width: number, labels: number, rows: number): number {
  return rows * (2 * width * labels + labels);
}
