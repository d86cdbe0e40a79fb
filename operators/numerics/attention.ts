/**
 * Attention over a memory: score, masked softmax, weighted sum (Luong et al. 2015, section 3.1; Bahdanau et al. 2015,
 * equations 5 and 6).
 *
 * @module
 */
import type { Score } from "./score.ts";
import { assertShape, type TensorMap } from "./shape.ts";
import { maskedSoftmax } from "./softmax.ts";
import { type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** What attending gives for each query. */
export interface Attended {
  /** Weighted sums of the memory `[B, T, E]`. */
  readonly context: Tensor3D;
  /** Weights `[B, T, S]`: 0 where masked; rows sum to 1, or to 0 where everything is masked. */
  readonly alignment: Tensor3D;
  /** Scores before the softmax `[B, T, S]`, masked positions included. */
  readonly logits: Tensor3D;
}

/**
 * Attention with one score over one memory. What depends on the memory alone is computed now, once; the function that
 * comes back may be called for one step at a time or for all T queries together.
 *
 * @param params the score's parameters
 * @param memory keys and values in one, `[B, S, E]`
 * @param mask 1 = attend, 0 = do not look, `[B, S]`
 * @throws RangeError when memory and mask don't fit together
 */
export function attend(
  score: Score,
  params: TensorMap,
  memory: Tensor3D,
  mask: Tensor2D,
): (query: Tensor3D) => Attended {
  assertShape("memory", memory, [null, null, null]);
  assertShape("mask", mask, [memory.shape[0], memory.shape[1]]);
  const prepared = score.prepare?.(params, memory);
  const visible = mask.expandDims(1); // [B, 1, S]
  return (query) => {
    assertShape("query", query, [memory.shape[0], null, null]);
    const logits = score.apply(params, query, memory, prepared);
    const alignment = maskedSoftmax(logits, visible);
    return { context: tf.matMul(alignment, memory), alignment, logits };
  };
}
