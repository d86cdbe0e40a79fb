/**
 * Embeddings: one learnt row a symbol.
 *
 * @module
 */
import { type Drop, type DropoutOptions, drops, dropSteps } from "./dropout.ts";
import { normal, seedFrom } from "./random.ts";
import { assertShape, type InitialValues, type TensorMap } from "./shape.ts";
import { type Tensor, type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** Initial values: `table` `[V, E]`, normal with variance 1 / E, so that a symbol's vector begins with length about 1. */
export function embeddingParameters(vocabulary: number, width: number, seed: number): InitialValues {
  return { table: normal([vocabulary, width], 1 / Math.sqrt(width), seedFrom(seed, "table")) };
}

/**
 * Symbols that haven't been looked up yet: a layer that multiplies what it reads may multiply the table instead, once for
 * all places where a symbol stands.
 */
export interface Symbols {
  /** `[V, E]` */
  readonly table: Tensor2D;
  /** int32 `[B, T]` */
  readonly ids: Tensor2D;
}

/** Symbols from the parameters of an embedding. */
function symbols(params: TensorMap, ids: Tensor2D): Symbols {
  assertShape("table", params.table, [null, null]);
  return { table: params.table as Tensor2D, ids };
}

/**
 * Looks ids up: int32 of any shape `[...]` becomes `[..., E]`. The padding id has a row like any other: what it holds is
 * kept out of results by lengths and masks.
 */
export function embed(params: TensorMap, ids: Tensor): Tensor {
  assertShape("table", params.table, [null, null]);
  return tf.gather(params.table, ids);
}

/** What a layer reads of embedded ids int32 `[B, T]`: symbols, or `[B, T, E]` where some of their values are dropped. */
export function embedSteps(params: TensorMap, ids: Tensor2D, drop: Drop | undefined, options: DropoutOptions) {
  return drops(drop, options) ? dropSteps(drop, embed(params, ids) as Tensor3D, options) : symbols(params, ids);
}
