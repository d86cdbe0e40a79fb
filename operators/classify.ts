/** @module classify: sequences in context to the logits of one label each */
import type { OperatorFunction } from "rxjs";
import type { Contextual } from "./contextualise.ts";
import type { Labelled } from "./label.ts";
import { type Loan, transform } from "./loan.ts";
import { parametersOf } from "./model.ts";
import { labelHeadParameters, labelLogits, type Pool, pooled } from "./numerics/label_head.ts";
import { type Tensor2D, tf } from "./numerics/tf.ts";
import type { Batch } from "./records.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Options of {@linkcode classify}. */
export interface ClassifyOptions {
  /** How a sequence becomes one vector. @default "mean" */
  readonly pool?: Pool;
}

/**
 * Gives every sequence one label: the first symbol of its target. The parameters are the model's group `classifier`.
 *
 * @param vocabulary Of the target side: the labels.
 */
export function classify(
  vocabulary: Vocabulary,
  { pool = "mean" }: ClassifyOptions = {},
): OperatorFunction<Loan<Contextual, Batch>, Loan<Labelled, Batch>> {
  return transform((tensors, loan) => {
    const { states, sourceMask, sourceLengths, targets } = tensors;
    const params = parametersOf("classify", loan)
      .group("classifier", (seed) => labelHeadParameters(states.shape[2], vocabulary.size, seed));
    const logits = labelLogits(params, pooled(states, sourceMask, sourceLengths, pool)); // [B, 1, V]
    const labels = tf.slice(targets, [0, 0], [-1, 1]) as Tensor2D;
    return { ...tensors, logits, labels, labelMask: tf.onesLike(labels).toFloat() as Tensor2D };
  });
}
