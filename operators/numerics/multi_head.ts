/**
 * Query-key-value attention with several heads, as a decoder's attention.
 *
 *     head_h = softmax((h_t W_q) (h̄ W_k)ᵀ / √d) (h̄ W_v)      c_t = [head_1; ...; head_H] W_o
 *
 * Each head has d = width / H columns of W_q `[l_d, width]`, W_k `[l_e, width]` and W_v `[l_e, width]`; W_o `[width, l_e]`
 * brings the context back to the memory's width, so that every decoder path takes it as it takes any other. The alignment
 * that is reported is the mean over heads.
 *
 * Source: Vaswani et al. 2017, "Attention Is All You Need", sections 3.2.1 and 3.2.2.
 *
 * @module
 */
import { InputError } from "../records.ts";
import { type Attention, SOFTMAX_OPERATIONS, visibleMemory } from "./attention.ts";
import { glorotUniform, seedFrom } from "./random.ts";
import { maskedSoftmax } from "./softmax.ts";
import { type Tensor, type Tensor2D, type Tensor3D, type Tensor4D, tf } from "./tf.ts";

/** Options of {@linkcode multiHead}. */
export interface MultiHeadOptions {
  /** H. */
  readonly heads: number;
  /** Columns of all heads together, a multiple of H. @default the hidden width that the surroundings give */
  readonly width?: number;
}

/** Attention with H heads. @throws InputError when heads or width aren't positive integers. */
export function multiHead({ heads, width: asked }: MultiHeadOptions): Attention {
  for (const [name, value] of Object.entries({ heads, width: asked ?? 1 })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new InputError(`Cannot attend with heads as ${name} must be a positive integer: current value is ${value}`);
    }
  }
  const widthOf = (hidden: number) => asked ?? hidden;
  return {
    name: `heads(${heads})`,
    label: `query-key-value, ${heads} ${heads === 1 ? "head" : "heads"}`,
    citation: "Vaswani et al. 2017, section 3.2.2",
    refuses({ hidden }) {
      const width = widthOf(hidden);
      return width % heads === 0
        ? undefined
        : `${width} columns must be a multiple of ${heads} heads: current value is ${width}`;
    },
    parameters({ query, key, hidden }, seed) {
      const width = widthOf(hidden);
      return {
        W_q: glorotUniform([query, width], seedFrom(seed, "W_q")),
        W_k: glorotUniform([key, width], seedFrom(seed, "W_k")),
        W_v: glorotUniform([key, width], seedFrom(seed, "W_v")),
        W_o: glorotUniform([width, key], seedFrom(seed, "W_o")),
      };
    },
    over(params, given) {
      const { mask } = given;
      const memory = visibleMemory(given);
      const width = params.W_q.shape[1]!;
      const split = (x: Tensor3D, weights: Tensor) => {
        const [batch, length, inputs] = x.shape;
        const flat = tf.matMul(x.reshape([batch * length, inputs]) as Tensor2D, weights as Tensor2D);
        return tf.transpose(flat.reshape([batch, length, heads, width / heads]), [0, 2, 1, 3]) as Tensor4D;
      };
      const [keys, values] = [split(memory, params.W_k), split(memory, params.W_v)]; // [B, H, S, d]
      const visible = mask.expandDims(1).expandDims(1); // [B, 1, 1, S]
      const scale = 1 / Math.sqrt(width / heads);
      return (query) => {
        const [batch, steps] = query.shape;
        const asked = tf.mul(split(query, params.W_q), scale);
        const weights = maskedSoftmax(tf.matMul(asked, keys, false, true) as Tensor4D, visible); // [B, H, T, S]
        const joined = tf.transpose(tf.matMul(weights, values), [0, 2, 1, 3]).reshape([batch * steps, width]);
        const context = tf.matMul(joined as Tensor2D, params.W_o as Tensor2D).reshape([batch, steps, memory.shape[2]]);
        return { context: context as Tensor3D, alignment: tf.mean(weights, 1) as Tensor3D };
      };
    },
    cost({ query, key, hidden, queries, keys, batch = 1 }) {
      const width = widthOf(hidden);
      const pairs = batch * queries * keys;
      const projections = 2 * width * batch * (query * queries + 2 * key * keys + key * queries);
      return {
        parameters: width * (query + 3 * key),
        // Products with keys and with values, weights head by head, and their mean.
        operations: projections + pairs * (4 * width + heads * (SOFTMAX_OPERATIONS + 1)) + batch * keys,
        activations: heads * pairs,
        bytes: 4 * heads * pairs,
      };
    },
  };
}
