/**
 * Local attention: a window of positions around p_t, softmax inside it.
 *
 *     local-m    p_t = t
 *     local-p    p_t = S σ(v_pᵀ tanh(W_p h_t)),  a_t(s) = softmax(s) exp(-(s - p_t)² / (2 σ²)),  σ = D / 2
 *
 * S is a sequence's true length, not the padded one. Positions are counted from 1, as in the paper. After the Gaussian
 * local-p's weights aren't normalised again, so that they sum to less than 1. The window [p_t - D, p_t + D] leaves out what
 * lies outside the sentence. The paper doesn't say what local-m does when a target outgrows its source by more than D: here
 * p_t stays at the last position, so that there is always something in the window.
 *
 * Source: Luong, Pham & Manning 2015, section 3.2, equations 9 and 10.
 *
 * @module
 */
import { InputError } from "../records.ts";
import { type Attention, logitsOver, SOFTMAX_OPERATIONS, visibleMemory, weighed } from "./attention.ts";
import { glorotUniform, seedFrom } from "./random.ts";
import type { ContentScore } from "./score.ts";
import { maskedSoftmax } from "./softmax.ts";
import { type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** Options of {@linkcode local}. */
export interface LocalOptions {
  /** `monotone`: p_t = t (local-m). `predictive`: p_t is predicted from the query (local-p). */
  readonly scope: "monotone" | "predictive";
  /** D: positions on each side of p_t. */
  readonly window: number;
  /** A score that looks at content; the place is the window's business. */
  readonly score: ContentScore;
}

/**
 * Attention to a window.
 *
 * @throws InputError when the window isn't a whole number over 0, or the score looks at positions.
 */
export function local({ scope, window, score }: LocalOptions): Attention {
  if (!Number.isSafeInteger(window) || window < 1) {
    throw new InputError(
      `Cannot attend locally as window must be a positive integer: current value is ${window}`,
    );
  }
  refusePositions("local", score);
  const predictive = scope === "predictive";
  const name = predictive ? "local-p" : "local-m";
  return {
    name: `${name}(${score.name})`,
    label: `${name}, ${score.label ?? score.name}`,
    citation: `Luong et al. 2015, section 3.2; ${score.citation}`,
    parameters: (dims, seed) => ({
      ...score.parameters(dims, seed),
      ...(predictive
        ? {
          W_p: glorotUniform([dims.query, dims.hidden], seedFrom(seed, "W_p")),
          v_p: glorotUniform([dims.hidden, 1], seedFrom(seed, "v_p")),
        }
        : {}),
    }),
    refuses: (dims, keys) => score.refuses?.(dims, keys),
    over(params, given) {
      const { mask } = given;
      const memory = visibleMemory(given);
      const ask = logitsOver(score, params, memory);
      const visible = mask.expandDims(1) as Tensor3D; // [B, 1, S]
      const lengths = tf.sum(visible, 2, true) as Tensor3D; // [B, 1, 1]
      const positions = tf.range(1, memory.shape[1] + 1, 1, "float32").reshape([1, 1, -1]) as Tensor3D;
      const from = (centre: Tensor3D) => tf.sub(positions, centre) as Tensor3D; // [B, T, S]
      return (query, place) => {
        const logits = ask(query);
        const [batch, steps, width] = query.shape;
        if (!predictive) {
          const t = place
            ? tf.fill([1, 1, 1], place.step + 1)
            : tf.range(1, steps + 1, 1, "float32").reshape([1, steps, 1]);
          const distance = from(tf.minimum(t, lengths) as Tensor3D);
          const alignment = maskedSoftmax(logits, tf.mul(inWindow(distance, window), visible));
          return { context: tf.matMul(alignment, memory), alignment };
        }
        const hidden = tf.tanh(tf.matMul(query.reshape([batch * steps, width]) as Tensor2D, params.W_p as Tensor2D));
        const share = tf.sigmoid(tf.matMul(hidden as Tensor2D, params.v_p as Tensor2D));
        const centre = tf.mul(lengths, share.reshape([batch, steps, 1])) as Tensor3D; // p_t, [B, T, 1]
        const distance = from(centre);
        const inside = maskedSoftmax(logits, tf.mul(inWindow(distance, window), visible));
        const gaussian = tf.exp(tf.mul(tf.square(distance), -2 / window ** 2)); // 1 / (2 σ²) = 2 / D²
        const alignment = tf.mul(inside, gaussian) as Tensor3D;
        return { context: tf.matMul(alignment, memory), alignment };
      };
    },
    cost(dims) {
      const { query, hidden, queries, keys, batch = 1 } = dims;
      const own = score.cost(dims);
      // A mask for every query, not one for all; |s - p_t| ≤ D and its product with the mask; a sequence's length. local-m:
      // the end that p_t stays at. local-p: the Gaussian and its product with the weights, and below the prediction.
      const window = queries * keys * (1 + 4 + (predictive ? 3 : 0)) - keys + (keys - 1) + (predictive ? 0 : queries);
      const cost = weighed(own, dims, SOFTMAX_OPERATIONS, window);
      if (!predictive) return cost;
      const predicted = batch * queries * (2 * query * hidden + hidden + 2 * hidden + 2);
      return { ...cost, parameters: own.parameters + query * hidden + hidden, operations: cost.operations + predicted };
    },
  };
}

/** Refuses a score that looks at positions, from whoever could not be told by its type. @throws InputError in one line. */
export function refusePositions(attention: string, score: { readonly name: string; readonly basis?: string }): void {
  if (score.basis === "position") {
    throw new InputError(
      `Cannot use the score "${score.name}" in ${attention} attention as it must look at content: ` +
        `current value looks at positions alone`,
    );
  }
}

/** 1 where |distance| ≤ D, else 0. */
function inWindow(distance: Tensor3D, window: number): Tensor3D {
  return tf.cast(tf.lessEqual(tf.abs(distance), window), "float32") as Tensor3D;
}
