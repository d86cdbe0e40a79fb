/**
 * Losses of model chains: from what the last operator gives to the scalar that is learnt.
 *
 * @module
 */
import { maskedCrossEntropy, type SummedLoss } from "./numerics/loss.ts";
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
