/** @module tag: positions in context to the logits of a label each */
import type { OperatorFunction } from "rxjs";
import type { Contextual } from "./contextualise.ts";
import type { Labelled } from "./label.ts";
import { type Loan, transform } from "./loan.ts";
import { parametersOf } from "./model.ts";
import { labelHeadParameters, labelLogits } from "./numerics/label_head.ts";
import { type Tensor2D, tf } from "./numerics/tf.ts";
import { type Batch, InputError } from "./records.ts";
import { SPECIAL, type Vocabulary } from "./vocabulary.ts";

/**
 * Gives every position a label: the target's symbol at the same place. Where the target says {@linkcode UNASKED}, nothing
 * is asked and nothing learnt. The parameters are the model's group `tagger`.
 *
 * @param vocabulary Of the target side: the labels.
 * @throws InputError (in the stream) when a target is longer or shorter than its source.
 */
export function tag(vocabulary: Vocabulary): OperatorFunction<Loan<Contextual, Batch>, Loan<Labelled, Batch>> {
  return transform((tensors, loan) => {
    const { states, targets } = tensors;
    const { source, target, examples } = loan.record;
    const odd = source.lengths.findIndex((length, row) => length !== target.lengths[row]);
    if (odd >= 0) {
      throw new InputError(
        `Cannot tag ${JSON.stringify(examples[odd].id)} as its target must have a symbol for each of the source's ` +
          `${source.lengths[odd]}: current value is ${target.lengths[odd]}`,
      );
    }
    const params = parametersOf("tag", loan)
      .group("tagger", (seed) => labelHeadParameters(states.shape[2], vocabulary.size, seed));
    const labels = tf.slice(targets, [0, 0], [-1, source.width]) as Tensor2D; // the end mark is nobody's label
    const marks = tf.logicalOr(tf.equal(labels, SPECIAL.pad), tf.equal(labels, SPECIAL.end));
    return {
      ...tensors,
      logits: labelLogits(params, states),
      labels,
      labelMask: tf.logicalNot(marks).toFloat() as Tensor2D,
    };
  });
}
