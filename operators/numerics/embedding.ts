/**
 * Embeddings: one learnt row a symbol.
 *
 * @module
 */
import { normal, seedFrom } from "./random.ts";
import { assertShape, type InitialValues, type TensorMap } from "./shape.ts";
import { type Tensor, tf } from "./tf.ts";

/** Initial values: `table` `[V, E]`, normal with variance 1 / E, so that a symbol's vector begins with length about 1. */
export function embeddingParameters(vocabulary: number, width: number, seed: number): InitialValues {
  return { table: normal([vocabulary, width], 1 / Math.sqrt(width), seedFrom(seed, "table")) };
}

/**
 * Looks ids up: int32 of any shape `[...]` becomes `[..., E]`. The padding id has a row like any other: what it holds is
 * kept out of results by lengths and masks.
 */
export function embed(params: TensorMap, ids: Tensor): Tensor {
  assertShape("table", params.table, [null, null]);
  return tf.gather(params.table, ids);
}
