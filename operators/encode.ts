/** @module encode: source ids to a memory */
import type { OperatorFunction } from "rxjs";
import { type Loan, transform } from "./loan.ts";
import { type BatchTensors, parametersOf } from "./model.ts";
import type { Encoder } from "./numerics/encoder.ts";
import { lengthMask } from "./numerics/masks.ts";
import type { Tensor2D, Tensor3D } from "./numerics/tf.ts";
import type { Batch } from "./records.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** A batch with what the encoder made of it. */
export interface Encoded extends BatchTensors {
  /** One vector a source position, `[B, S, E]`; zero where the source is padding. */
  readonly memory: Tensor3D;
  /** The encoder's last state, `[B, E]`. */
  readonly final: Tensor2D;
  /** The backward direction's last state, where the encoder has one. */
  readonly backward?: Tensor2D;
  /** 1 where the source is real, 0 at padding; `[B, S]`. */
  readonly memoryMask: Tensor2D;
}

/**
 * Encodes the source of each batch. The parameters are the model's group `encoder`.
 *
 * @param encoder The mechanism: `bidirectionalGru({ units: 32, embedding: 32 })`.
 * @param vocabulary Of the source side; decides the size of the embedding.
 */
export function encode(
  encoder: Encoder,
  vocabulary: Vocabulary,
): OperatorFunction<Loan<BatchTensors, Batch>, Loan<Encoded, Batch>> {
  return transform((tensors, loan) => {
    const params = parametersOf("encode", loan).group("encoder", (seed) => encoder.parameters(vocabulary.size, seed));
    const { memory, final, backward } = encoder.apply(params, tensors.source, tensors.sourceLengths, loan.context.drop);
    const memoryMask = lengthMask(tensors.sourceLengths, tensors.source.shape[1]!);
    return { ...tensors, memory, final, backward, memoryMask };
  });
}
