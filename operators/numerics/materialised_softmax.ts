/**
 * Softmax attention as the textbook writes it: all scores, their powers, sums, and the division after the product with V
 * (THEORY.md, sections 5 and 6.3). What it executes is what the closed form counts.
 *
 * @module
 */
import { constantOf } from "./constant.ts";
import { type Tensor, type Tensor4D, tf } from "./tf.ts";

/** Who sees whom, and how scores are scaled. */
export interface MaterialisedOptions {
  /** Boolean, broadcasts to `[B, H, N, S]`. @default all pairs */
  readonly visible?: Tensor;
  readonly scale: number;
  /** Whether a row may see nothing. */
  readonly masked: boolean;
}

/** Outputs `[B, H, N, M]` from q `[B, H, N, D]`, k `[B, H, S, D]`, v `[B, H, S, M]`; zeros where nothing is seen. */
export function materialisedSoftmax(
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  { visible, scale, masked }: MaterialisedOptions,
): Tensor4D {
  const scores = tf.matMul(scale === 1 ? q : tf.mul(q, scale), k, false, true); // [B, H, N, S]
  // -1e30 less a maximum of anything in range is still far below what exp can hold: 0.
  const seen = visible ? tf.where(visible, scores, tf.scalar(-1e30)) : scores;
  const powers = tf.exp(tf.sub(seen, constantOf([seen], () => tf.max(seen, 3, true))));
  const kept = visible && masked ? tf.where(visible, powers, tf.zerosLike(powers)) : powers;
  const totals = tf.sum(kept, 3, true);
  return tf.div(tf.matMul(kept, v), visible && masked ? tf.maximum(totals, 1) : totals) as Tensor4D;
}
