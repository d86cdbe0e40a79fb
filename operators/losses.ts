/**
 * Losses of model chains: from what the last operator gives to the scalar that is learnt.
 *
 * @module
 */
import { maskedCrossEntropy, smoothingTerm, type SummedLoss } from "./numerics/loss.ts";
import { lengthMask } from "./numerics/masks.ts";
import { type Scalar, type Tensor1D, type Tensor2D, type Tensor3D, tf } from "./numerics/tf.ts";

/** What the losses of sequence models need to know of a chain's end. */
export interface SequenceLogits {
  /** `[B, T, V]` */
  readonly logits: Tensor3D;
  /** int32 `[B, T]` */
  readonly targets: Tensor2D;
  /** int32 `[B]` */
  readonly targetLengths: Tensor1D;
}

/** Cross-entropy of the next symbol under teacher forcing, summed, with the number of tokens; padding doesn't count. */
export function sequenceLoss({ logits, targets, targetLengths }: SequenceLogits): SummedLoss {
  return maskedCrossEntropy(logits, targets, lengthMask(targetLengths, logits.shape[1]));
}

/** Mean cross-entropy a target token, in nats: what `train` minimises. */
export function meanSequenceLoss(decoded: SequenceLogits): Scalar {
  const { sum, tokens } = sequenceLoss(decoded);
  return tf.div(sum, tokens) as Scalar;
}

/** What the losses of labels need to know of a chain's end. */
export interface LabelLogits {
  /** `[B, L, V]` */
  readonly logits: Tensor3D;
  /** int32 `[B, L]` */
  readonly labels: Tensor2D;
  /** `[B, L]`: 1 where a label is asked for. */
  readonly labelMask: Tensor2D;
}

/** Cross-entropy of the labels that are asked for, summed, with their number. */
export function labelLoss({ logits, labels, labelMask }: LabelLogits): SummedLoss {
  return maskedCrossEntropy(logits, labels, labelMask);
}

/** Mean cross-entropy a label, in nats; 0 for a batch that asks for none. */
export function meanLabelLoss(labelled: LabelLogits): Scalar {
  const { sum, tokens } = labelLoss(labelled);
  return tf.div(sum, tf.maximum(tokens, 1)) as Scalar;
}

/**
 * {@linkcode sequenceLoss} with label smoothing: the share `epsilon` of every target is spread evenly over all symbols.
 *
 * @throws RangeError when epsilon isn't in [0, 1).
 */
export function smoothedSequenceLoss(epsilon: number): (decoded: SequenceLogits) => SummedLoss {
  if (!(epsilon >= 0 && epsilon < 1)) {
    throw new RangeError(`Cannot smooth labels as epsilon must be in [0, 1): current value is ${epsilon}`);
  }
  return (decoded) => {
    const { logits, targets, targetLengths } = decoded;
    const { sum, tokens } = sequenceLoss(decoded);
    if (epsilon === 0) return { sum, tokens };
    const extra = smoothingTerm(logits, targets, lengthMask(targetLengths, logits.shape[1]), epsilon);
    return { sum: tf.add(sum, extra) as Scalar, tokens };
  };
}
