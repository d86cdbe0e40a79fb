/**
 * Luong's decoder path: recur first, attend after.
 *
 *     h_t = GRU(E y_{t-1}, h_{t-1})      the query
 *     c_t = Σ_s a_t(s) h̄_s               by the attention that the caller gives
 *     h̃_t = tanh(W_c [c_t; h_t])         attentional vector
 *     p(y_t) = softmax(W_s h̃_t)
 *
 * Without input feeding (h̃_t isn't fed back), so no step waits for an attention: training runs one GRU over all steps and
 * one attention over all queries.
 *
 * Sizes: B sequences, T target steps, S source positions, U units, M memory width, V vocabulary.
 *
 * Source: Luong, Pham & Manning 2015, sections 3 and 3.1, equations 5 and 6 (with a GRU where the paper has an LSTM).
 *
 * @module
 */
import type { Attended } from "./attention.ts";
import type { Drop } from "./dropout.ts";
import { embed, embeddingParameters } from "./embedding.ts";
import { partOf, under } from "./groups.ts";
import { glorotUniform, seedFrom, zeros } from "./random.ts";
import { gru, gruCost, gruParameters, gruStep, type LayerCost, layerCost } from "./recurrence.ts";
import { assertShape, type InitialValues, type TensorMap } from "./shape.ts";
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** An attention over one batch's memory: queries `[B, T, U]` to contexts `[B, T, M]` and weights `[B, T, S]`. */
export type Attend = (queries: Tensor3D) => Pick<Attended, "context" | "alignment">;

/** Sizes that a decoder learns from its surroundings. */
export interface DecoderDims {
  /** V: number of target symbols. */
  readonly vocabulary: number;
  /** M: width of a memory row. */
  readonly memoryWidth: number;
  /** F: width of the encoder's final state. */
  readonly encoderFinal: number;
}

/** A decoder path: its parameters, and the same function for whole sequences and for one step. */
export interface Decoder {
  readonly name: string;
  readonly citation: string;
  /** U: width of the queries. */
  readonly units: number;
  parameters(dims: DecoderDims, seed: number): InitialValues;
  /** The first state `[B, U]` from the encoder's final state `[B, F]`. */
  initial(params: TensorMap, encoderFinal: Tensor2D): Tensor2D;
  /**
   * All steps at once, the true previous tokens given ("teacher forcing").
   *
   * @param initial `[B, U]`
   * @param inputs int32 `[B, T]`: the begin mark, then the target without its last symbol.
   * @param lengths int32 `[B]`: true steps.
   * @param drop in training: dropout.
   */
  teacher(params: TensorMap, attend: Attend, initial: Tensor2D, inputs: Tensor2D, lengths: Tensor1D, drop?: Drop): {
    /** `[B, T, V]` */
    readonly logits: Tensor3D;
    /** `[B, T, S]` */
    readonly alignment: Tensor3D;
    /** `[B, T, U]`, zero past a sequence's length. */
    readonly queries: Tensor3D;
  };
  /**
   * One step.
   *
   * @param state `[B, U]`
   * @param tokens int32 `[B]`: the previous symbols.
   */
  step(params: TensorMap, attend: Attend, state: Tensor2D, tokens: Tensor1D): {
    /** `[B, V]` */
    readonly logits: Tensor2D;
    /** `[B, U]` */
    readonly state: Tensor2D;
    /** `[B, S]` */
    readonly alignment: Tensor2D;
  };
  /** The exact cost of one forward pass without the attention, whose cost is its own. */
  cost(dims: DecoderDims & { readonly batch: number; readonly steps: number }): LayerCost;
}

/** Sizes of a decoder. */
export interface DecoderOptions {
  /** U: units of the GRU, width of the queries and of h̃. */
  readonly units: number;
  /** E: width of a symbol's embedding. */
  readonly embedding: number;
  /** Share of the embeddings and of h̃ that training drops. @default {0} */
  readonly dropout?: number;
}

/**
 * Luong's path. When the encoder's final state is as wide as the decoder it is the first state as it stands, as in the
 * paper; otherwise a learnt bridge `tanh(W_b final + b_b)` makes it fit (the paper has no such case; Bahdanau et al. 2015,
 * A.2.2, start their decoder so).
 */
export function luongDecoder({ units, embedding, dropout = 0 }: DecoderOptions): Decoder {
  const read = (params: TensorMap, attend: Attend, queries: Tensor3D, drop: Drop = (x) => x) => {
    const [batch, steps] = queries.shape;
    const { context, alignment } = attend(queries);
    const memoryWidth = params["combine/kernel"].shape[0] - units;
    assertShape("context", context, [batch, steps, memoryWidth]);
    const joined = tf.concat([context, queries], 2).reshape([batch * steps, memoryWidth + units]) as Tensor2D; // [c; h]
    const attentional = drop(tf.tanh(tf.matMul(joined, params["combine/kernel"] as Tensor2D)), dropout); // [B T, U]
    const output = params["output/kernel"] as Tensor2D; // [U, V]
    return { logits: tf.matMul(attentional, output).reshape([batch, steps, output.shape[1]]) as Tensor3D, alignment };
  };
  return {
    name: "luong",
    citation: "Luong, Pham & Manning 2015, section 3.1, equations 5 and 6",
    units,
    parameters: ({ vocabulary, memoryWidth, encoderFinal }, seed) => ({
      ...under("embedding", embeddingParameters(vocabulary, embedding, seedFrom(seed, "embedding"))),
      ...under("gru", gruParameters(embedding, units, seedFrom(seed, "gru"))),
      ...(encoderFinal === units ? {} : {
        "bridge/kernel": glorotUniform([encoderFinal, units], seedFrom(seed, "bridge/kernel")),
        "bridge/bias": zeros([units]),
      }),
      "combine/kernel": glorotUniform([memoryWidth + units, units], seedFrom(seed, "combine/kernel")),
      "output/kernel": glorotUniform([units, vocabulary], seedFrom(seed, "output/kernel")),
    }),
    initial(params, encoderFinal) {
      const bridge = params["bridge/kernel"];
      if (bridge === undefined) {
        assertShape("encoderFinal", encoderFinal, [null, units]);
        return encoderFinal;
      }
      assertShape("encoderFinal", encoderFinal, [null, bridge.shape[0]]);
      return tf.tanh(tf.add(tf.matMul(encoderFinal, bridge as Tensor2D), params["bridge/bias"])) as Tensor2D;
    },
    teacher(params, attend, initial, inputs, lengths, drop = (x) => x) {
      const x = drop(embed(partOf("embedding", params), inputs) as Tensor3D, dropout); // [B, T, E]
      const queries = gru(partOf("gru", params), x, { lengths, initial }).outputs;
      return { ...read(params, attend, queries, drop), queries };
    },
    step(params, attend, state, tokens) {
      const x = embed(partOf("embedding", params), tokens) as Tensor2D; // [B, E]
      const next = gruStep(partOf("gru", params), x, state);
      const { logits, alignment } = read(params, attend, tf.expandDims(next, 1));
      return { logits: tf.squeeze(logits, [1]), state: next, alignment: tf.squeeze(alignment, [1]) };
    },
    cost({ vocabulary, memoryWidth, encoderFinal, batch, steps }) {
      const recurrent = gruCost({ inputs: embedding, units, batch, steps });
      const bridge = encoderFinal === units ? 0 : 1;
      const joined = memoryWidth + units;
      return layerCost(
        vocabulary * embedding + recurrent.parameters + bridge * (encoderFinal + 1) * units + joined * units +
          units * vocabulary,
        recurrent.operations + bridge * batch * (2 * encoderFinal * units + 2 * units) +
          batch * steps * (2 * joined * units + units + 2 * units * vocabulary),
        // [c; h] for W_c's gradient, h̃ for tanh's and W_s's.
        recurrent.activations + bridge * batch * units + batch * steps * (joined + units),
      );
    },
  };
}

/**
 * Lets the K hypotheses of a beam share their example's memory: queries `[B K, 1, U]` are asked as `[B, K, U]`, so that
 * no memory is copied K times. For attentions in which a query's result doesn't depend on its place t.
 */
export function attendFromBeams(attend: Attend, beams: number): Attend {
  return (queries) => {
    const [rows, , units] = queries.shape;
    const { context, alignment } = attend(queries.reshape([rows / beams, beams, units]) as Tensor3D);
    const apart = (tensor: Tensor) => tensor.reshape([rows, 1, tensor.shape[2]!]) as Tensor3D;
    return { context: apart(context), alignment: apart(alignment) };
  };
}
