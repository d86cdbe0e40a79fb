/**
 * The score functions, as THEORY.md 3.2 has them, and two more. Sources:
 *
 * 1. Luong, Pham & Manning 2015, "Effective Approaches to Attention-based Neural Machine Translation", section 3.1:
 *    dot, general, concat (equation 8) and location (equation 9).
 * 2. Bahdanau, Cho & Bengio 2015, "Neural Machine Translation by Jointly Learning to Align and Translate", appendix
 *    A.1.2: the additive score v_a^T tanh(W_a s + U_a h), which is Luong's concat with W_a cut in two.
 * 3. Vaswani et al. 2017, "Attention Is All You Need", equation 1: scaled dot.
 * 4. Britz et al. 2017, "Massive Exploration of Neural Machine Translation Architectures", section 4.4: low-rank.
 * 5. Graves, Wayne & Danihelka 2014, "Neural Turing Machines", equations 5 and 6: cosine.
 *
 * Shapes: query `[B, T, l_d]`, keys `[B, S, l_e]`, logits `[B, T, S]`.
 *
 * @module
 */
import { concatCost, cosineCost, dotCost, generalCost, locationCost, lowRankCost, projectsQueries } from "./costs.ts";
import { hasKernels, runKernel } from "./device_kernels.ts";
import { glorotUniform, seedFrom } from "./random.ts";
import type { ContentScore, PositionScore, ScoreDims } from "./score.ts";
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
const dot: ContentScore = {
  name: "dot",
  citation: "Luong et al. 2015, equation 8 (dot)",
  parameters: () => ({}),
  refuses: refusesUnequal,
  apply: (_params, query, keys) => products(query, keys),
  cost: dotCost,
};

/** h_t^T hbar_s / sqrt(d_k). No parameter; l_d = l_e. Keeps the variance of the logits at 1 whatever the width. */
const scaledDot: ContentScore = {
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
const general: ContentScore = {
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
const concat: ContentScore = {
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
 * <W_2 h_t, W_1 hbar_s>, W_2 `[l_d, d_a]`, W_1 `[l_e, d_a]`: general with a W_a of rank d_a at most, unscaled as in the paper.
 */
const lowRank: ContentScore = {
  name: "lowRank",
  label: "low-rank",
  citation: "Britz et al. 2017, section 4.4 (multiplicative)",
  parameters: ({ query, key, hidden }, seed) => ({
    W_1: glorotUniform([key, hidden], seedFrom(seed, "W_1")),
    W_2: glorotUniform([query, hidden], seedFrom(seed, "W_2")),
  }),
  prepare: ({ W_1 }, keys) => project(keys, W_1), // [B, S, d_a]
  apply: ({ W_1, W_2 }, query, keys, prepared = project(keys, W_1)) =>
    products(project(query, W_2), prepared as Tensor3D),
  cost: lowRankCost,
};

/** Added to a vector's squared length, so that a vector of zeros (padding) has a direction without a NaN. */
const LEAST = 1e-12;

function directions(x: Tensor3D): Tensor3D {
  return tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), -1, true), LEAST))) as Tensor3D;
}

/**
 * β cos(h_t, hbar_s), β a learnt number (one for all, where the paper's controller says one a step): without it logits lie in
 * [-1, 1], and no weight could be more than e² times another. β begins at 5.
 */
const cosine: ContentScore = {
  name: "cosine",
  citation: "Graves, Wayne & Danihelka 2014, equations 5 and 6",
  parameters: () => ({ beta: { shape: [1], values: new Float32Array([5]) } }),
  refuses: refusesUnequal,
  prepare: (_params, keys) => directions(keys),
  apply: ({ beta }, query, keys, prepared = directions(keys)) =>
    tf.mul(products(directions(query), prepared as Tensor3D), beta) as Tensor3D,
  cost: cosineCost,
};

/** A logit whose weight is 0 beside any that a model gives, and that a masked softmax takes. */
const UNSEEN = -1e30;

/** What becomes of positions beyond S_max. */
export interface LocationOptions {
  /**
   * `refuse`: a longer memory is an error, so that no word is dropped unseen. `ignore`: Luong et al.'s rule, "for long
   * sentences, we ignore words near the end": positions from S_max on get weight 0.
   * @default {"refuse"}
   */
  readonly beyond?: "refuse" | "ignore";
}

/**
 * a_t = softmax(W_a h_t): logits by position, blind to what the keys hold. W_a is stored as `[l_d, S_max]`.
 *
 * A sentence shorter than S_max uses the top part of a_t only, as Luong et al. do: here the logits of the first S
 * positions, which the masked softmax that follows makes sum to 1 over the visible ones. {@linkcode LocationOptions} says
 * what becomes of longer ones.
 */
export function location({ beyond = "refuse" }: LocationOptions = {}): PositionScore {
  const ignores = beyond === "ignore";
  return {
    name: ignores ? "location (ignoring)" : "location",
    basis: "position",
    citation: "Luong et al. 2015, equation 9",
    parameters: ({ query, positions }, seed) => ({ W_a: glorotUniform([query, positions], seedFrom(seed, "W_a")) }),
    refuses: ({ positions }, keys = 1) =>
      ignores || keys <= positions
        ? undefined
        : `a memory may have at most ${positions} positions: current value is ${keys}`,
    apply({ W_a }, query, keys) {
      const [batch, length] = query.shape;
      const [positions, visible] = [W_a.shape[1]!, keys.shape[1]];
      if (visible > positions && !ignores) {
        throw new RangeError(
          `Cannot apply the score "location" as a memory may have at most ${positions} positions: current value is ${visible}`,
        );
      }
      const logits = project(query, W_a); // [B, T, S_max]
      if (visible > positions) return tf.pad(logits, [[0, 0], [0, 0], [0, visible - positions]], UNSEEN) as Tensor3D;
      return visible === positions ? logits : logits.slice([0, 0, 0], [batch, length, visible]);
    },
    cost: locationCost,
  };
}

/** The score functions that Heed knows by name. */
export const scores: {
  readonly dot: ContentScore;
  readonly general: ContentScore;
  readonly concat: ContentScore;
  readonly location: PositionScore;
  readonly scaledDot: ContentScore;
  readonly lowRank: ContentScore;
  readonly cosine: ContentScore;
} = {
  dot,
  general,
  concat,
  location: location(),
  scaledDot,
  lowRank,
  cosine,
};
