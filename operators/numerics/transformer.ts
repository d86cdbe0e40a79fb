/**
 * A transformer: embeddings with positions, pre-norm blocks of self-attention, and a last norm.
 *
 * Sources: Vaswani et al. 2017, section 3; Xiong et al. 2020 (pre-norm).
 *
 * @module
 */
import { InputError } from "../records.ts";
import type { AttentionMechanism } from "./attention_mechanism.ts";
import type { Drop } from "./dropout.ts";
import { embed, embeddingParameters } from "./embedding.ts";
import { partOf, under } from "./groups.ts";
import { layerNorm, layerNormOperations, layerNormParameters } from "./layer_norm.ts";
import { lengthMask } from "./masks.ts";
import { noPositions, type PositionEncoding } from "./position_encoding.ts";
import { seedFrom } from "./random.ts";
import type { InitialValues, TensorMap } from "./shape.ts";
import { type Tensor1D, type Tensor2D, type Tensor3D, tf } from "./tf.ts";
import {
  attentionDims,
  block,
  blockCount,
  blockOperations,
  type BlockOptions,
  blockParameters,
} from "./transformer_block.ts";

/** From ids to a vector a position, each with its context in it. */
export interface Contextualiser {
  readonly name: string;
  readonly citation: string;
  /** W: width of a position's vector. */
  readonly width: number;
  parameters(vocabulary: number, seed: number): InitialValues;
  /**
   * @param ids int32 `[B, T]`
   * @param lengths int32 `[B]`
   * @param drop in training: dropout
   * @returns `[B, T, W]`; what stands at padding has no meaning
   */
  apply(params: TensorMap, ids: Tensor2D, lengths: Tensor1D, drop?: Drop): Tensor3D;
  /** Learnt numbers, and operations of one forward pass over B sequences of T positions. */
  cost(dims: ContextDims): ContextCost;
}

/** Sizes that a cost depends on. */
export interface ContextDims {
  readonly vocabulary: number;
  readonly batch: number;
  readonly positions: number;
}

/** What contextualising costs. */
export interface ContextCost {
  readonly parameters: number;
  /** Operations beside the attention's own: projections, perceptron, norms, sums. */
  readonly operations: number;
  /** Operations of the attention itself, in all blocks; nothing where its mechanism doesn't tell. */
  readonly attention?: number;
  /** Numbers that one sequence's attention carries from position to position, in all blocks, after the last of them. */
  readonly state?: number;
}

/** What a transformer is made of. */
export interface TransformerOptions {
  /** How positions look at each other. */
  readonly attention: AttentionMechanism;
  /** W: width of a position's vector. */
  readonly width: number;
  /** @default 1 */
  readonly heads?: number;
  /** @default 1 */
  readonly blocks?: number;
  /** Hidden units of a block's perceptron; 0 is none. @default 4 times the width */
  readonly hidden?: number;
  /** Positions that a short convolution before the projections sees. @default 1, which is none */
  readonly window?: number;
  /** @default false */
  readonly causal?: boolean;
  /** How positions are told apart. @default noPositions */
  readonly positions?: PositionEncoding;
  /** @default 0 */
  readonly dropout?: number;
}

/**
 * A transformer of one or more blocks.
 *
 * @throws InputError when a size isn't a whole number in its range, or heads don't divide the width.
 */
export function transformer(options: TransformerOptions): Contextualiser {
  const { attention, width, heads = 1, blocks = 1, hidden = 4 * width, window = 1, causal = false, dropout = 0 } =
    options;
  const { positions = noPositions } = options;
  const least = { width: 1, heads: 1, blocks: 1, hidden: 0, window: 0 };
  for (const [name, value] of Object.entries({ width, heads, blocks, hidden, window })) {
    const from = least[name as keyof typeof least];
    if (!Number.isSafeInteger(value) || value < from) {
      throw new InputError(
        `Cannot make a transformer as ${name} must be a whole number of at least ${from}: current value is ${value}`,
      );
    }
  }
  if (width % heads !== 0) {
    throw new InputError(
      `Cannot make a transformer as heads must divide the width ${width}: current value is ${heads}`,
    );
  }
  const each: BlockOptions = { attention, width, heads, hidden, window, causal, dropout };
  const names = Array.from({ length: blocks }, (_, index) => `block${index + 1}`);
  return {
    name: `transformer (${attention.name})`,
    citation: `Vaswani et al. 2017; Xiong et al. 2020; attention: ${attention.citation}`,
    width,
    parameters: (vocabulary, seed) => ({
      ...under("embedding", embeddingParameters(vocabulary, width, seedFrom(seed, "embedding"))),
      ...under("positions", positions.parameters(width, seedFrom(seed, "positions"))),
      ...Object.assign({}, ...names.map((name) => under(name, blockParameters(each, seedFrom(seed, name))))),
      ...under("norm", layerNormParameters(width)),
    }),
    apply(params, ids, lengths, drop) {
      const [batch, length] = ids.shape;
      const mask = lengthMask(lengths, length);
      const told = positions.encode(positions.count(width) > 0 ? partOf("positions", params) : {}, length, width);
      let x = embed(partOf("embedding", params), ids) as Tensor3D; // [B, T, W]
      const scale = positions.embeddingScale?.(width) ?? 1;
      if (told) x = tf.add(scale === 1 ? x : tf.mul(x, scale), told);
      for (const name of names) x = block(partOf(name, params), x, mask, each, drop);
      const rows = layerNorm(partOf("norm", params), tf.reshape(x, [batch * length, width]));
      return tf.reshape(rows, [batch, length, width]);
    },
    cost({ vocabulary, batch, positions: length }) {
      const whole = attention.cost?.(attentionDims(each, batch, length));
      // What is carried is that of the causal form, one sequence's.
      const one = attention.cost?.(attentionDims({ ...each, causal: true }, 1, length));
      return {
        parameters: vocabulary * width + positions.count(width) + blocks * blockCount(each) + 2 * width,
        operations: blocks * blockOperations(each, batch, length) +
          batch * length * (layerNormOperations(width) + (positions === noPositions ? 0 : width)),
        ...(whole && one ? { attention: blocks * whole.operations, state: blocks * one.decode.state(length) } : {}),
      };
    },
  };
}
