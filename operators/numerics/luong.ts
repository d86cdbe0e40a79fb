/**
 * Luong's decoder path: recur first, attend after.
 *
 *     h_t = RNN(E y_{t-1}, h_{t-1})      the query; with input feeding RNN([E y_{t-1}; h̃_{t-1}], h_{t-1})
 *     c_t = Σ_s a_t(s) h̄_s               by the attention that the caller gives
 *     h̃_t = tanh(W_c [c_t; h_t])         attentional vector
 *     p(y_t) = softmax(W_s h̃_t)
 *
 * Without input feeding no step waits for an attention: training runs the layers over all steps and one attention over all
 * queries. With it a step needs the vector of the step before (zeros at first), and training goes through time.
 *
 * Source: Luong, Pham & Manning 2015, sections 3, 3.1 and 3.3, equations 5 and 6 (there with a stack of LSTMs).
 *
 * @module
 */
import type { Attend } from "./attention.ts";
import { type Cell, gru } from "./cell.ts";
import { addCosts, bridge, type Decoder, type DecoderOptions, Stack, stackSteps, withinLengths } from "./decoder.ts";
import { type Drop, dropSteps } from "./dropout.ts";
import { embed, embeddingParameters, embedSteps } from "./embedding.ts";
import { partOf, under } from "./groups.ts";
import { glorotUniform, seedFrom } from "./random.ts";
import { layerCost } from "./recurrence.ts";
import { assertShape, type TensorMap } from "./shape.ts";
import { type Tensor, type Tensor2D, type Tensor3D, tf } from "./tf.ts";

export type { Decoder, DecoderOptions } from "./decoder.ts";

/** What is Luong's own. */
export interface LuongOptions extends DecoderOptions {
  /** @default {gru()} */
  readonly cell?: Cell;
  /** Whether the attentional vector is part of the next step's input. @default {false} */
  readonly inputFeeding?: boolean;
}

/**
 * Luong's path. When the encoder's final state is as wide as all states of the decoder together it is the first state as
 * it stands, as in the paper; otherwise a learnt bridge `tanh(W_b final + b_b)` makes it fit (the paper has no such case;
 * Bahdanau et al. 2015, A.2.2, start their decoder so).
 */
export function luongDecoder(options: LuongOptions): Decoder {
  const { units, embedding, cell = gru(), inputFeeding = false, layers = 1 } = options;
  const stack = new Stack(cell, units, embedding, inputFeeding ? units : 0, layers);
  const width = stack.states * units;
  const fits = (encoderFinal: number) => stack.states === 1 && encoderFinal === units;

  /** h̃ of contexts and queries, side by side in rows `[N, ·]`. */
  const attentional = (params: TensorMap, context: Tensor, queries: Tensor) =>
    tf.tanh(tf.matMul(tf.concat([context, queries], 1) as Tensor2D, params["combine/kernel"] as Tensor2D)) as Tensor2D;
  const flat = (x: Tensor) => x.reshape([x.shape[0] * x.shape[1]!, x.shape[2]!]) as Tensor2D;
  const say = (params: TensorMap, vectors: Tensor3D) => {
    const output = params["output/kernel"] as Tensor2D; // [U, V]
    return tf.matMul(flat(vectors), output).reshape([vectors.shape[0], vectors.shape[1], output.shape[1]]) as Tensor3D;
  };
  const checkContext = (params: TensorMap, context: Tensor3D, queries: Tensor3D) =>
    assertShape("context", context, [...queries.shape.slice(0, 2), params["combine/kernel"].shape[0] - units]);

  const read = (params: TensorMap, attend: Attend, queries: Tensor3D, drop?: Drop) => {
    const { context, alignment } = attend(queries);
    checkContext(params, context, queries);
    const vectors = attentional(params, flat(context), flat(queries)).reshape(queries.shape) as Tensor3D;
    return { logits: say(params, dropSteps(drop, vectors, options)), alignment };
  };

  return {
    name: inputFeeding ? "luong, input feeding" : "luong",
    citation: `Luong, Pham & Manning 2015, section 3.1, equations 5 and 6${inputFeeding ? ", and section 3.3" : ""}`,
    units,
    parameters: ({ vocabulary, memoryWidth, encoderFinal }, seed) => ({
      ...under("embedding", embeddingParameters(vocabulary, embedding, seedFrom(seed, "embedding"))),
      ...stack.parameters(seed),
      ...(fits(encoderFinal) ? {} : bridge.parameters(encoderFinal, width, seed, true)),
      "combine/kernel": glorotUniform([memoryWidth + units, units], seedFrom(seed, "combine/kernel")),
      "output/kernel": glorotUniform([units, vocabulary], seedFrom(seed, "output/kernel")),
    }),
    initial(params, { final }) {
      if (params["bridge/kernel"] === undefined) assertShape("encoderFinal", final, [null, units]);
      const states = params["bridge/kernel"] === undefined ? [final] : bridge.apply(params, final, stack.states);
      const fed: TensorMap = inputFeeding ? { attentional: tf.zeros([final.shape[0], units]) } : {};
      return { ...stack.named(states), ...fed };
    },
    teacher(params, attend, initial, inputs, lengths, drop) {
      const x = embedSteps(partOf("embedding", params), inputs, drop, options); // [B, T, E]
      if (!inputFeeding) {
        const queries = stack.run(params, x, initial, lengths, drop, options);
        return { ...read(params, attend, queries, drop), queries };
      }
      const [batch, steps] = inputs.shape;
      const next = stack.stepping(params, x, drop, options);
      const mask = drop && options.dropout
        ? tf.unstack(dropSteps(drop, tf.ones([batch, steps, units]), options), 1)
        : undefined;
      const rows = { vectors: [] as Tensor2D[], queries: [] as Tensor2D[], alignment: [] as Tensor2D[] };
      let state = initial;
      let vector = initial.attentional as Tensor2D;
      let previous: Tensor3D | undefined;
      for (let at = 0; at < steps; at++) {
        state = next(at, state, vector);
        const query = stack.top(state);
        const { context, alignment } = attend(tf.expandDims(query, 1), { step: at, previous });
        vector = attentional(params, tf.squeeze(context, [1]), query);
        if (mask) vector = tf.mul(vector, mask[at]) as Tensor2D;
        previous = alignment;
        rows.vectors.push(vector);
        rows.queries.push(query);
        rows.alignment.push(tf.squeeze(alignment, [1]));
      }
      return {
        logits: say(params, stackSteps(rows.vectors)),
        alignment: stackSteps(rows.alignment),
        queries: withinLengths(stackSteps(rows.queries), lengths),
      };
    },
    step(params, attend, state, tokens) {
      const x = embed(partOf("embedding", params), tokens) as Tensor2D; // [B, E]
      const next = inputFeeding
        ? stack.advance(params, tf.concat([x, state.attentional as Tensor2D], 1), state)
        : stack.advance(params, x, state);
      const query = stack.top(next);
      const { context, alignment } = attend(tf.expandDims(query, 1));
      const vector = attentional(params, tf.squeeze(context, [1]), query);
      return {
        logits: tf.matMul(vector, params["output/kernel"] as Tensor2D),
        state: inputFeeding ? { ...next, attentional: vector } : next,
        alignment: tf.squeeze(alignment, [1]),
      };
    },
    cost({ vocabulary, memoryWidth, encoderFinal, batch, steps }) {
      const joined = memoryWidth + units;
      const own = layerCost(
        vocabulary * embedding + joined * units + units * vocabulary,
        batch * steps * (2 * joined * units + units + 2 * units * vocabulary),
        // [c; h] for W_c's gradient, h̃ for tanh's and W_s's.
        batch * steps * (joined + units),
      );
      const bridged = fits(encoderFinal) ? [] : [bridge.cost(encoderFinal, width, batch, true)];
      return addCosts(own, stack.cost(batch, steps), ...bridged);
    },
  };
}

/**
 * Lets the K hypotheses of a beam share their example's memory: queries `[B K, 1, U]` are asked as `[B, K, U]`, so that
 * no memory is copied K times. All of them stand at one step, which the caller gives.
 */
export function attendFromBeams(attend: Attend, beams: number): Attend {
  return (queries, place = { step: 0 }) => {
    const [rows, , units] = queries.shape;
    const together = (x: Tensor3D) => x.reshape([rows / beams, beams, x.shape[2]]) as Tensor3D;
    const { context, alignment } = attend(queries.reshape([rows / beams, beams, units]) as Tensor3D, {
      step: place.step,
      previous: place.previous && together(place.previous),
    });
    const apart = (tensor: Tensor) => tensor.reshape([rows, 1, tensor.shape[2]!]) as Tensor3D;
    return { context: apart(context), alignment: apart(alignment) };
  };
}
