/**
 * The loss of a sequence model: cross-entropy over true positions.
 *
 * @module
 */
import { assertShape } from "./shape.ts";
import { type Scalar, type Tensor, type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** A sum over tokens and how many they were; `sum / tokens` is the mean, and its exponential the perplexity. */
export interface SummedLoss {
  /** Negative log-likelihood of all true tokens, in nats. */
  readonly sum: Scalar;
  /** Number of true tokens. */
  readonly tokens: Scalar;
}

/**
 * Softmax cross-entropy where the mask is 1:
 *
 *     sum = Σ_{b,t} mask_bt (log Σ_v exp(l_btv) - l_bt,target)     ∂sum/∂l = mask (softmax(l) - onehot(target))
 *
 * The largest logit is subtracted before the exponential, so that logits of any finite size are safe. Masked positions
 * may hold anything, infinities included: their value and their gradient are exactly zero.
 *
 * @param logits `[B, T, V]`
 * @param targets int32 `[B, T]`
 * @param mask float `[B, T]`, 1 at true positions and 0 at padding
 * @throws RangeError when a shape doesn't fit.
 */
export function maskedCrossEntropy(logits: Tensor3D, targets: Tensor2D, mask: Tensor2D): SummedLoss {
  const [batch, steps, vocabulary] = logits.shape;
  assertShape("targets", targets, [batch, steps]);
  assertShape("mask", mask, [batch, steps]);
  const rowMask = mask.reshape([batch, steps, 1]); // [B, T, 1]
  const wanted = tf.oneHot(targets, vocabulary); // [B, T, V]
  // Stated by hand: composed from stock operations the gradient would take three times as many passes over [B, T, V].
  const summed = tf.customGrad((x, save) => {
    // The input is guarded, not the result: 0 · ∞ would be NaN, forwards and backwards.
    const guarded = tf.where(tf.greater(rowMask, 0), x as Tensor3D, tf.zerosLike(x as Tensor3D));
    const shifted = tf.sub(guarded, tf.max(guarded, -1, true));
    const exponentials = tf.exp(shifted);
    const total = tf.sum(exponentials, -1, true); // [B, T, 1]
    const picked = tf.sum(tf.mul(shifted, wanted), -1, true);
    const value = tf.sum(tf.mul(tf.sub(tf.log(total), picked), rowMask)) as Scalar;
    (save as (tensors: unknown[]) => void)([exponentials, total, wanted, rowMask]);
    return {
      value,
      // Everything from `save`: what was made outside, inside a tape, is gone by now.
      gradFunc: (dy: Scalar, [kept, sums, target, rows]: Tensor[]) =>
        tf.mul(tf.sub(tf.div(kept, sums), target), tf.mul(rows, dy)),
    };
  });
  return { sum: summed(logits) as Scalar, tokens: tf.sum(mask) as Scalar };
}
