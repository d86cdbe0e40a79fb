/**
 * Bahdanau's decoder path: attend with the state before, then recur.
 *
 *     s_0 = tanh(W_s h̄←_1)                                the encoder's backward state after position 1
 *     c_i = Σ_j α_ij h̄_j                                  asked with s_{i-1}
 *     s_i = GRU([E y_{i-1}; c_i], s_{i-1})                the context enters every gate
 *     t̃_i = U_o s_{i-1} + V_o E y_{i-1} + C_o c_i         deep output, `[2 l]`
 *     t_i,j = max(t̃_i,2j-1, t̃_i,2j)                       maxout
 *     p(y_i) = softmax(W_o t_i)
 *
 * The GRU is in the paper's form unless another cell is asked for (reset before the product, update gate weighing the
 * candidate), so that the cell can be held fixed while the path changes. Every step waits for an attention, so training
 * goes through time; what depends on the true previous symbols alone, and the whole readout, is computed for all steps at
 * once. The kernel's rows are those of E y, then those of c (W and C of the paper on top of each other); the readout's are
 * those of s, E y and c.
 *
 * Source: Bahdanau, Cho & Bengio 2015, section 3.1 and appendix A.1.1, A.1.2 and A.2.2. The appendix reads t̃ off s_{i-1},
 * although p is written as a function of s_i; many programs use s_i: an option.
 *
 * @module
 */
import { type Cell, gru } from "./cell.ts";
import {
  addCosts,
  bridge,
  type Decoder,
  type DecoderDims,
  type DecoderOptions,
  Stack,
  stackSteps,
  withinLengths,
} from "./decoder.ts";
import { dropSteps } from "./dropout.ts";
import { embed, embeddingParameters } from "./embedding.ts";
import { partOf, under } from "./groups.ts";
import { glorotUniform, seedFrom } from "./random.ts";
import { layerCost } from "./recurrence.ts";
import { assertShape, type TensorMap } from "./shape.ts";
import { type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** What is Bahdanau's own. */
export interface BahdanauOptions extends DecoderOptions {
  /** M: width of the context, which the first layer's kernel takes. */
  readonly memoryWidth: number;
  /** @default {gru({ form: "reset-before" })} */
  readonly cell?: Cell;
  /** Which state the deep output reads. @default {"previous"} */
  readonly reads?: "previous" | "current";
  /**
   * Which of the encoder's states the first state is made of. `backward` is the paper's and needs a bidirectional encoder;
   * with `final` any encoder will do, so that the path can be compared with all else held fixed.
   * @default {"backward"}
   */
  readonly begins?: "backward" | "final";
  /** l: units after the maxout. @default half of the units, rounded up */
  readonly maxout?: number;
}

/** Bahdanau's path. It needs an encoder with a backward direction. */
export function bahdanauDecoder(options: BahdanauOptions): Decoder {
  const {
    units,
    embedding,
    memoryWidth,
    cell = gru({ form: "reset-before" }),
    reads = "previous",
    begins = "backward",
    layers = 1,
  } = options;
  const { maxout = Math.ceil(units / 2) } = options;
  const stack = new Stack(cell, units, embedding, memoryWidth, layers);
  const joined = units + embedding + memoryWidth;

  const from = ({ encoderBackward = 0, encoderFinal }: Pick<DecoderDims, "encoderBackward" | "encoderFinal">) =>
    begins === "final" ? encoderFinal : encoderBackward;

  /** Logits `[N, V]` of rows `[N, ·]`. */
  const say = (params: TensorMap, state: Tensor2D, x: Tensor2D, context: Tensor2D, dropped = (t: Tensor2D) => t) => {
    const deep = tf.matMul(tf.concat([state, x, context], 1), params["readout/kernel"] as Tensor2D); // [N, 2l]
    const best = tf.max(deep.reshape([deep.shape[0], maxout, 2]), 2) as Tensor2D; // [N, l]
    return tf.matMul(dropped(best), params["output/kernel"] as Tensor2D) as Tensor2D;
  };

  return {
    name: "bahdanau",
    citation: "Bahdanau, Cho & Bengio 2015, appendix A.1 and A.2.2",
    units,
    refuses: ({ encoderBackward, memoryWidth: width }) =>
      begins === "backward" && encoderBackward === undefined
        ? "it begins with the encoder's backward state and so needs a bidirectional encoder: current value is unidirectional"
        : width !== memoryWidth
        ? `its memory must be ${memoryWidth} wide: current value is ${width}`
        : undefined,
    parameters: ({ vocabulary, ...dims }, seed) => ({
      ...under("embedding", embeddingParameters(vocabulary, embedding, seedFrom(seed, "embedding"))),
      ...stack.parameters(seed),
      ...bridge.parameters(from(dims), stack.states * units, seed, false),
      "readout/kernel": glorotUniform([joined, 2 * maxout], seedFrom(seed, "readout/kernel")),
      "output/kernel": glorotUniform([maxout, vocabulary], seedFrom(seed, "output/kernel")),
    }),
    initial(params, { backward, final }) {
      if (begins === "final") return stack.named(bridge.apply(params, final, stack.states));
      if (!backward) throw new RangeError("Cannot begin Bahdanau's path as the encoder must be bidirectional");
      return stack.named(bridge.apply(params, backward, stack.states));
    },
    teacher(params, attend, initial, inputs, lengths, drop) {
      const x = dropSteps(drop, embed(partOf("embedding", params), inputs) as Tensor3D, options); // [B, T, E]
      const [batch, steps] = inputs.shape;
      const next = stack.stepping(params, x, drop, options);
      const rows = { queries: [] as Tensor2D[], after: [] as Tensor2D[], context: [] as Tensor2D[] };
      const alignments: Tensor2D[] = [];
      let state = initial;
      let previous: Tensor3D | undefined;
      for (let at = 0; at < steps; at++) {
        const query = stack.top(state);
        const attended = attend(tf.expandDims(query, 1), { step: at, previous });
        assertShape("context", attended.context, [batch, 1, memoryWidth]);
        const context = tf.squeeze(attended.context, [1]) as Tensor2D;
        state = next(at, state, context);
        previous = attended.alignment;
        rows.queries.push(query);
        if (reads === "current") rows.after.push(stack.top(state));
        rows.context.push(context);
        alignments.push(tf.squeeze(previous, [1]));
      }
      const flat = (list: readonly Tensor2D[]) => stackSteps(list).reshape([batch * steps, -1]) as Tensor2D;
      const logits = say(
        params,
        flat(reads === "current" ? rows.after : rows.queries),
        x.reshape([batch * steps, embedding]) as Tensor2D,
        flat(rows.context),
        (best) =>
          dropSteps(drop, best.reshape([batch, steps, maxout]) as Tensor3D, options).reshape(best.shape) as Tensor2D,
      );
      return {
        logits: logits.reshape([batch, steps, logits.shape[1]!]) as Tensor3D,
        alignment: stackSteps(alignments),
        queries: withinLengths(stackSteps(rows.queries), lengths),
      };
    },
    step(params, attend, state, tokens) {
      const x = embed(partOf("embedding", params), tokens) as Tensor2D; // [B, E]
      const query = stack.top(state);
      const attended = attend(tf.expandDims(query, 1));
      const context = tf.squeeze(attended.context, [1]) as Tensor2D;
      const next = stack.advance(params, tf.concat([x, context], 1), state);
      return {
        logits: say(params, reads === "current" ? stack.top(next) : query, x, context),
        state: next,
        alignment: tf.squeeze(attended.alignment, [1]),
      };
    },
    cost({ vocabulary, batch, steps, ...dims }) {
      const own = layerCost(
        vocabulary * embedding + joined * 2 * maxout + maxout * vocabulary,
        batch * steps * (2 * joined * 2 * maxout + maxout + 2 * maxout * vocabulary),
        batch * steps * (joined + 3 * maxout),
      );
      return addCosts(
        own,
        stack.cost(batch, steps),
        bridge.cost(from(dims), stack.states * units, batch, false),
      );
    },
  };
}
