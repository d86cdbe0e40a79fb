/**
 * The loss of a sequence model: cross-entropy over true positions.
 *
 * @module
 */
import { hasKernels, runKernel } from "./device_kernels.ts";
import { assertShape } from "./shape.ts";
import { type Scalar, type Tensor, type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** Names of the device kernels that take a pass each; {@linkcode maskedCrossEntropy} uses them where the backend has both. */
export const CROSS_ENTROPY_KERNELS = ["HeedCrossEntropy", "HeedCrossEntropyGrad"] as const;

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
  const plain = logits.dtype === "float32" && targets.dtype === "int32" && mask.dtype === "float32";
  const sum = plain && hasKernels(...CROSS_ENTROPY_KERNELS)
    ? fusedSum(logits, targets, mask)
    : composedSum(logits, tf.oneHot(targets, vocabulary), mask.reshape([batch, steps, 1]) as Tensor3D);
  return { sum, tokens: tf.sum(mask) as Scalar };
}

type Save = (tensors: unknown[]) => void;

/** One kernel each way; of the forward pass a maximum and a total a row are kept. */
function fusedSum(logits: Tensor3D, targets: Tensor2D, mask: Tensor2D): Scalar {
  const [forward, backward] = CROSS_ENTROPY_KERNELS;
  return tf.customGrad((x, save) => {
    const [value, maxima, totals] = runKernel<Tensor[]>(forward, { logits: x, targets, mask });
    (save as Save)([x, targets, mask, maxima, totals]);
    return {
      value: value as Scalar,
      gradFunc: (dy: Scalar, [logits, targets, mask, maxima, totals]: Tensor[]) =>
        runKernel<Tensor>(backward, { logits, targets, mask, maxima, totals, dy }),
    };
  })(logits) as Scalar;
}

/**
 * From stock operations. The gradient is stated by hand: left to the tape it would take three times as many passes over
 * `[B, T, V]`.
 *
 * @param wanted `[B, T, V]`, 1 at the target
 * @param rowMask `[B, T, 1]`
 */
function composedSum(logits: Tensor3D, wanted: Tensor, rowMask: Tensor3D): Scalar {
  return tf.customGrad((x, save) => {
    // The input is guarded, not the result: 0 · ∞ would be NaN, forwards and backwards.
    const guarded = tf.where(tf.greater(rowMask, 0), x as Tensor3D, tf.zerosLike(x as Tensor3D));
    const shifted = tf.sub(guarded, tf.max(guarded, -1, true));
    const exponentials = tf.exp(shifted);
    const total = tf.sum(exponentials, -1, true); // [B, T, 1]
    // Chosen, not multiplied: a logit of -∞ beside the target is a probability of 0, and no NaN.
    const picked = tf.sum(tf.where(tf.greater(wanted, 0), shifted, tf.zerosLike(shifted)), -1, true);
    const value = tf.sum(tf.mul(tf.sub(tf.log(total), picked), rowMask)) as Scalar;
    (save as Save)([exponentials, total, wanted, rowMask]);
    return {
      value,
      // Everything from `save`: what was made outside, inside a tape, is gone by now.
      gradFunc: (dy: Scalar, [kept, sums, target, rows]: Tensor[]) =>
        tf.mul(tf.sub(tf.div(kept, sums), target), tf.mul(rows, dy)),
    };
  })(logits) as Scalar;
}

/**
 * What label smoothing adds to {@linkcode maskedCrossEntropy}'s sum: with the share ε of every target spread evenly over
 * all V symbols, the loss is
 *
 *     Σ mask [-(1 - ε) log p_target - (ε / V) Σ_v log p_v] = Σ mask [-log p_target + ε (l_target - mean_v l_v)]
 *
 * Masked positions may hold any finite number. Source: Szegedy et al. 2016, section 7.
 */
export function smoothingTerm(logits: Tensor3D, targets: Tensor2D, mask: Tensor2D, epsilon: number): Scalar {
  const [batch, steps, vocabulary] = logits.shape;
  const contrast = tf.sub(tf.oneHot(targets, vocabulary), 1 / vocabulary);
  const weights = tf.mul(contrast, tf.mul(mask, epsilon).reshape([batch, steps, 1]));
  return tf.sum(tf.mul(logits, weights)) as Scalar;
}
