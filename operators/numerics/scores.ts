/**
 * The five score functions, as THEORY.md 3.2 has them. Sources:
 *
 * 1. Luong, Pham & Manning 2015, "Effective Approaches to Attention-based Neural Machine Translation", section 3.1:
 *    dot, general, concat (equation 8) and location (equation 9).
 * 2. Bahdanau, Cho & Bengio 2015, "Neural Machine Translation by Jointly Learning to Align and Translate", appendix
 *    A.1.2: the additive score v_a^T tanh(W_a s + U_a h), which is Luong's concat with W_a cut in two.
 * 3. Vaswani et al. 2017, "Attention Is All You Need", equation 1: scaled dot.
 *
 * Shapes: query `[B, T, l_d]`, keys `[B, S, l_e]`, logits `[B, T, S]`.
 *
 * @module
 */
import { concatCost, dotCost, generalCost, locationCost, projectsQueries } from "./costs.ts";
import { hasKernels, runKernel } from "./device_kernels.ts";
import { glorotUniform, seedFrom } from "./random.ts";
import type { Score, ScoreDims } from "./score.ts";
import { type Tensor, type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** Names of the device kernels of the additive score; `concat` uses them where the backend has both. */
export const CONCAT_KERNELS = ["HeedConcatScore", "HeedConcatScoreGrad"] as const;

/** `x W` for x `[B, N, I]` and W `[I, O]`, as one two-dimensional product: `[B, N, O]`. */
function project(x: Tensor3D, weights: Tensor): Tensor3D {
  const [batch, length, width] = x.shape;
  const flat = x.reshape([batch * length, width]) as Tensor2D; // [B N, I]
  return flat.matMul(weights as Tensor2D).reshape([batch, length, weights.shape[1]!]);
}

/** Every query with every key of its sequence: `[B, T, D]` and `[B, S, D]` give `[B, T, S]`. */
function products(query: Tensor3D, keys: Tensor3D): Tensor3D {
  return tf.matMul(query, keys, false, true);
}

function refusesUnequal({ query, key }: ScoreDims): string | undefined {
  return query === key ? undefined : `query and key widths must be equal: current value is ${query} and ${key}`;
}

/** h_t^T hbar_s. No parameter; l_d = l_e. */
const dot: Score = {
  name: "dot",
  citation: "Luong et al. 2015, equation 8 (dot)",
  parameters: () => ({}),
  refuses: refusesUnequal,
  apply: (_params, query, keys) => products(query, keys),
  cost: dotCost,
};

/** h_t^T hbar_s / sqrt(d_k). No parameter; l_d = l_e. Keeps the variance of the logits at 1 whatever the width. */
const scaledDot: Score = {
  name: "scaledDot",
  label: "scaled dot",
  citation: "Vaswani et al. 2017, equation 1",
  parameters: () => ({}),
  refuses: refusesUnequal,
  apply(_params, query, keys) {
    const scale = 1 / Math.sqrt(keys.shape[2]);
    // The narrowest of the three tensors takes the factor; the matrix product is the same wherever it goes in.
    return query.size <= keys.size ? products(query.mul(scale), keys) : products(query, keys.mul(scale));
  },
  cost: dotCost,
};

/** h_t^T W_a hbar_s, W_a `[l_d, l_e]`. Bilinear; the shorter side is the one that is multiplied by W_a. */
const general: Score = {
  name: "general",
  citation: "Luong et al. 2015, equation 8 (general)",
  parameters: ({ query, key }, seed) => ({ W_a: glorotUniform([query, key], seedFrom(seed, "W_a")) }),
  apply({ W_a }, query, keys) {
    const sizes = { query: query.shape[2], key: keys.shape[2], queries: query.shape[1], keys: keys.shape[1] };
    return projectsQueries(sizes)
      ? products(project(query, W_a), keys)
      : products(query, project(keys, W_a.transpose() as Tensor2D));
  },
  cost: generalCost,
};

/**
 * v^T tanh(q_t + k_s) for q `[B, T, d_a]` and k `[B, S, d_a]`: `[B, T, S]`. Fused, the sums `[B, T, S, d_a]` are never
 * stored: their tanh is taken again on the way back.
 */
function additive(query: Tensor3D, keys: Tensor3D, v: Tensor): Tensor3D {
  const [forward, backward] = CONCAT_KERNELS;
  const plain = query.shape[0] === keys.shape[0] && [query, keys, v].every(({ dtype }) => dtype === "float32");
  if (!plain || !hasKernels(...CONCAT_KERNELS)) {
    return query.expandDims(2).add(keys.expandDims(1)).tanh().mul(v).sum(-1); // through [B, T, S, d_a]
  }
  return tf.customGrad((...args) => {
    const [query, keys, v, save] = args as unknown as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void];
    save([query, keys, v]);
    return {
      value: runKernel<Tensor>(forward, { query, keys, v }),
      gradFunc: (dy: Tensor, [query, keys, v]: Tensor[]) => runKernel<Tensor[]>(backward, { query, keys, v, dy }),
    };
  })(query, keys, v) as Tensor3D;
}

/**
 * v_a^T tanh(W_q h_t + W_k hbar_s), W_q `[l_d, d_a]`, W_k `[l_e, d_a]`, v_a `[d_a]`: Luong's v_a^T tanh(W_a [h_t; hbar_s])
 * with W_a cut at l_d, so that W_k hbar_s is computed once per memory. No bias.
 */
const concat: Score = {
  name: "concat",
  citation: "Bahdanau et al. 2015, appendix A.1.2; Luong et al. 2015, equation 8 (concat)",
  parameters({ query, key, hidden }, seed) {
    // Bahdanau starts from v_a = 0, where W_q and W_k get no gradient at first; we start it as the column [d_a, 1] that it is.
    const column = glorotUniform([hidden, 1], seedFrom(seed, "v_a"));
    return {
      W_q: glorotUniform([query, hidden], seedFrom(seed, "W_q")),
      W_k: glorotUniform([key, hidden], seedFrom(seed, "W_k")),
      v_a: { shape: [hidden], values: column.values },
    };
  },
  prepare: ({ W_k }, keys) => project(keys, W_k), // [B, S, d_a]
  apply({ W_q, W_k, v_a }, query, keys, prepared = project(keys, W_k)) {
    return additive(project(query, W_q), prepared as Tensor3D, v_a);
  },
  cost: concatCost,
};

/**
 * a_t = softmax(W_a h_t): logits by position, blind to what the keys hold. W_a is stored as `[l_d, S_max]`.
 *
 * A sentence shorter than S_max uses the top part of a_t only, as Luong et al. do: here the logits of the first S
 * positions, which the masked softmax that follows makes sum to 1 over the visible ones. For longer sentences Luong et al.
 * leave out the words near the end; here they are refused, so that no word is dropped unseen.
 */
const location: Score = {
  name: "location",
  citation: "Luong et al. 2015, equation 9",
  parameters: ({ query, positions }, seed) => ({ W_a: glorotUniform([query, positions], seedFrom(seed, "W_a")) }),
  refuses: ({ positions }, keys = 1) =>
    keys <= positions ? undefined : `a memory may have at most ${positions} positions: current value is ${keys}`,
  apply({ W_a }, query, keys) {
    const [batch, length] = query.shape;
    const [positions, visible] = [W_a.shape[1]!, keys.shape[1]];
    if (visible > positions) {
      throw new RangeError(
        `Cannot apply the score "location" as a memory may have at most ${positions} positions: current value is ${visible}`,
      );
    }
    const logits = project(query, W_a); // [B, T, S_max]
    return visible === positions ? logits : logits.slice([0, 0, 0], [batch, length, visible]);
  },
  cost: locationCost,
};

/** The score functions that Heed knows by name. */
export const scores = { dot, general, concat, location, scaledDot } as const satisfies Readonly<Record<string, Score>>;
