/** @module contextualise: source ids to a vector a position, each with its context in it */
import type { OperatorFunction } from "rxjs";
import { type Loan, transform } from "./loan.ts";
import { type BatchTensors, parametersOf } from "./model.ts";
import { lengthMask } from "./numerics/masks.ts";
import type { Tensor2D, Tensor3D } from "./numerics/tf.ts";
import type { Contextualiser } from "./numerics/transformer.ts";
import type { Batch } from "./records.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** A batch with its source in context. */
export interface Contextual extends BatchTensors {
  /** One vector a source position, `[B, S, W]`; without meaning where the source is padding. */
  readonly states: Tensor3D;
  /** 1 where the source is real, 0 at padding; `[B, S]`. */
  readonly sourceMask: Tensor2D;
}

/**
 * Lets every position of a batch's source look at the others. The parameters are the model's group `context`.
 *
 * @param contextualiser The mechanism: `transformer({ attention: attentions.softmax, width: 64, heads: 4, blocks: 2 })`.
 * @param vocabulary Of the source side; decides the size of the embedding.
 */
export function contextualise(
  contextualiser: Contextualiser,
  vocabulary: Vocabulary,
): OperatorFunction<Loan<BatchTensors, Batch>, Loan<Contextual, Batch>> {
  return transform((tensors, loan) => {
    const params = parametersOf("contextualise", loan)
      .group("context", (seed) => contextualiser.parameters(vocabulary.size, seed));
    const states = contextualiser.apply(params, tensors.source, tensors.sourceLengths, loan.context.drop);
    return { ...tensors, states, sourceMask: lengthMask(tensors.sourceLengths, tensors.source.shape[1]) };
  });
}
