/**
 * Encoders: from a sequence of ids to a memory that attention can read.
 *
 * Sources: Bahdanau, Cho & Bengio 2015, section 3.2 (bidirectional annotations); recurrence.ts for the unit.
 *
 * @module
 */
import { embeddingParameters, embedSteps, type Symbols } from "./embedding.ts";
import { partOf, under } from "./groups.ts";
import { type Cell, gru, runLayer } from "./cell.ts";
import { type Drop, type DropoutOptions, dropSteps } from "./dropout.ts";
import { seedFrom } from "./random.ts";
import { type LayerCost, layerCost } from "./recurrence.ts";
import type { InitialValues, TensorMap } from "./shape.ts";
import { type Tensor1D, type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** What an encoder hands to attention and to a decoder. */
export interface Encoded {
  /** One row a source position, `[B, S, width]`; zero at padding. */
  readonly memory: Tensor3D;
  /** The whole sequence in one vector, `[B, width]`. */
  readonly final: Tensor2D;
  /** The top backward direction's state after position 0, `[B, U]`, where there is one: what Bahdanau's decoder begins with. */
  readonly backward?: Tensor2D;
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
export interface EncoderOptions extends DropoutOptions {
  /** U: units of one direction. */
  readonly units: number;
  /** E: width of a symbol's embedding. */
  readonly embedding: number;
}

/** What an encoder is made of. */
export interface RecurrentOptions extends EncoderOptions {
  /** @default {gru()} */
  readonly cell?: Cell;
  /** @default {"bidirectional"} */
  readonly direction?: "unidirectional" | "bidirectional";
  /** Layers on top of each other; each reads what the one below it wrote, in both directions. @default {1} */
  readonly layers?: number;
}

/**
 * Layers of a recurrent cell. Bidirectional, a memory row is `[forward_s; backward_s]`, and `final` is `[forward after the
 * last true position; backward after position 0]`, so that the width is 2U; unidirectional, there is the forward half alone
 * (Luong et al. 2015 use the top of such a stack). The backward direction begins at a sequence's last true position, so
 * padding changes nothing. What is dropped: embeddings, what goes from layer to layer, and the memory.
 */
export function recurrentEncoder(options: RecurrentOptions): Encoder {
  const { units, embedding, cell = gru(), direction = "bidirectional", layers = 1 } = options;
  const both = direction === "bidirectional";
  const directions = both ? ["forward", "backward"] : ["forward"];
  const width = directions.length * units;
  const name = (layer: number, direction: string) => layer === 0 ? direction : `layer${layer}/${direction}`;
  const inputsOf = (layer: number) => layer === 0 ? embedding : width;
  const each = Array.from({ length: layers }, (_, layer) => layer);
  return {
    name: `${direction}-${cell.name}${layers > 1 ? `-${layers}` : ""}`,
    citation: both ? `Bahdanau, Cho & Bengio 2015, section 3.2; ${cell.citation}` : cell.citation,
    width,
    parameters: (vocabulary, seed) => ({
      ...under("embedding", embeddingParameters(vocabulary, embedding, seedFrom(seed, "embedding"))),
      ...Object.assign(
        {},
        ...each.flatMap((layer) =>
          directions.map((direction) => {
            const part = name(layer, direction);
            return under(part, cell.parameters(inputsOf(layer), units, seedFrom(seed, part)));
          })
        ),
      ),
    }),
    apply(params, ids, lengths, drop) {
      let x: Tensor3D | Symbols = embedSteps(partOf("embedding", params), ids, drop, options);
      let final: Tensor2D[] = [];
      for (const layer of each) {
        const read = directions.map((direction) =>
          runLayer(cell, partOf(name(layer, direction), params), x, { lengths, reverse: direction === "backward" })
        );
        const joined = both ? tf.concat(read.map(({ outputs }) => outputs), 2) : read[0].outputs;
        x = dropSteps(drop, joined as Tensor3D, options); // [B, S, width]
        final = read.map(({ final }) => final[0]);
      }
      return {
        memory: x as Tensor3D,
        final: both ? tf.concat(final, 1) : final[0],
        backward: both ? final[1] : undefined,
      };
    },
    cost({ vocabulary, batch, source }) {
      return each.reduce((sum, layer) => {
        const one = cell.cost({ inputs: inputsOf(layer), units, batch, steps: source });
        const count = directions.length;
        return layerCost(
          sum.parameters + count * one.parameters,
          sum.operations + count * one.operations,
          sum.activations + count * one.activations,
        );
      }, layerCost(vocabulary * embedding, 0, 0));
    },
  };
}

/** One GRU in each direction: {@linkcode recurrentEncoder} as Bahdanau et al. have it, with today's form of the GRU. */
export function bidirectionalGru(options: EncoderOptions): Encoder {
  return recurrentEncoder(options);
}
