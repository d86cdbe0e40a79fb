/**
 * Encoders: from a sequence of ids to a memory that attention can read.
 *
 * Sources: Bahdanau, Cho & Bengio 2015, section 3.2 (bidirectional annotations); recurrence.ts for the unit.
 *
 * @module
 */
import { embed, embeddingParameters } from "./embedding.ts";
import { partOf, under } from "./groups.ts";
import type { Drop } from "./dropout.ts";
import { seedFrom } from "./random.ts";
import { gru, gruCost, gruParameters, type LayerCost, layerCost } from "./recurrence.ts";
import type { InitialValues, TensorMap } from "./shape.ts";
import { type Tensor1D, type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** What an encoder hands to attention and to a decoder. */
export interface Encoded {
  /** One row a source position, `[B, S, width]`; zero at padding. */
  readonly memory: Tensor3D;
  /** The whole sequence in one vector, `[B, width]`. */
  readonly final: Tensor2D;
}

/** An encoder: its parameters, its function from tensors to tensors. */
export interface Encoder {
  readonly name: string;
  readonly citation: string;
  /** Width of a memory row and of `final`. */
  readonly width: number;
  parameters(vocabulary: number, seed: number): InitialValues;
  /**
   * @param ids int32 `[B, S]`
   * @param lengths int32 `[B]`
   * @param drop in training: dropout
   */
  apply(params: TensorMap, ids: Tensor2D, lengths: Tensor1D, drop?: Drop): Encoded;
  /** The exact cost of one forward pass over B sequences of S positions. */
  cost(dims: { readonly vocabulary: number; readonly batch: number; readonly source: number }): LayerCost;
}

/** Sizes of an encoder. */
export interface EncoderOptions {
  /** U: units of one direction. */
  readonly units: number;
  /** E: width of a symbol's embedding. */
  readonly embedding: number;
  /** Share of the embeddings and of the memory that training drops. @default {0} */
  readonly dropout?: number;
}

/**
 * One GRU in each direction; a memory row is `[forward_s; backward_s]`, and `final` is `[forward after the last true
 * position; backward after position 0]`. The width is 2U. The backward direction begins at a sequence's last true
 * position, so padding changes nothing.
 */
export function bidirectionalGru({ units, embedding, dropout = 0 }: EncoderOptions): Encoder {
  return {
    name: "bidirectional-gru",
    citation: "Bahdanau, Cho & Bengio 2015, section 3.2; Cho et al. 2014",
    width: 2 * units,
    parameters: (vocabulary, seed) => ({
      ...under("embedding", embeddingParameters(vocabulary, embedding, seedFrom(seed, "embedding"))),
      ...under("forward", gruParameters(embedding, units, seedFrom(seed, "forward"))),
      ...under("backward", gruParameters(embedding, units, seedFrom(seed, "backward"))),
    }),
    apply(params, ids, lengths, drop = (x) => x) {
      const x = drop(embed(partOf("embedding", params), ids) as Tensor3D, dropout); // [B, S, E]
      const forward = gru(partOf("forward", params), x, { lengths });
      const backward = gru(partOf("backward", params), x, { lengths, reverse: true });
      return {
        memory: drop(tf.concat([forward.outputs, backward.outputs], 2), dropout), // [B, S, 2U]
        final: tf.concat([forward.final, backward.final], 1), // [B, 2U]
      };
    },
    cost({ vocabulary, batch, source }) {
      const one = gruCost({ inputs: embedding, units, batch, steps: source });
      return layerCost(vocabulary * embedding + 2 * one.parameters, 2 * one.operations, 2 * one.activations);
    },
  };
}
