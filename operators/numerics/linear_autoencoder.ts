/**
 * The regularised linear autoencoder: x̂ = W₂ (W₁ x + b₁) + b₂, with an L2 penalty on its weights.
 *
 * Sources: Kunin, Bloom, Goeva & Seed 2019 (sum and product penalty); Bao, Lucas, Sachdeva & Grosse 2020 (non-uniform
 * penalty, nested dropout in expectation). λ is in the source notes' normalisation, where the squared error is a mean
 * over n vectors (see {@linkcode fromKunin} for others).
 *
 *     none         0
 *     sum          λ (‖W₁‖² + ‖W₂‖²)
 *     product      λ ‖W₂ W₁‖²
 *     non-uniform  Σ_k λ_k (‖row k of W₁‖² + ‖column k of W₂‖²)
 *     nested       0, but codes beyond a random prefix are dropped: the loss is the mean over prefixes, in closed form
 *
 * Everything that the squared error needs of a batch is three moments, so the same formula serves vectors and moments:
 * with y = x - b₂ and q_k = P(code k is kept),
 *
 *     E‖y - W₂ D z‖² = E‖y‖² - 2 Σ_k q_k (E z yᵀ W₂)_kk + Σ_kl q_max(k,l) (W₂ᵀW₂)_kl (E z zᵀ)_kl
 *
 * @module
 */
import { InputError } from "../records.ts";
import { normal, zeros } from "./random.ts";
import type { InitialValues, TensorMap } from "./shape.ts";
import { type Scalar, type Tensor1D, type Tensor2D, tf } from "./tf.ts";

/** What keeps the weights small. */
export type Penalty =
  | { readonly kind: "none" }
  | { readonly kind: "sum" | "product"; readonly lambda: number }
  | { readonly kind: "non-uniform"; readonly lambdas: readonly number[] }
  /** `prefixes[k]` is the probability that the first k + 1 codes are kept and the others dropped. */
  | { readonly kind: "nested"; readonly prefixes: readonly number[] };

/** Options of {@linkcode linearAutoencoder}. */
export interface LinearAutoencoderOptions {
  /** m, the width of a vector. */
  readonly width: number;
  /** K, the width of the code. */
  readonly code: number;
  /** @default { kind: "none" } */
  readonly penalty?: Penalty;
  /** Biases of encoder and decoder, not penalised: the data's mean then costs nothing. @default false */
  readonly bias?: boolean;
  /** Standard deviation of initial weights. @default 0.1 / √code */
  readonly deviation?: number;
}

/** Moments of a batch as tensors. */
export interface MomentTensors {
  /** S = E x xᵀ, `[m, m]`. */
  readonly second: Tensor2D;
  /** `[m]` */
  readonly mean: Tensor1D;
  /** E‖x‖², the trace of S. */
  readonly trace: Scalar;
}

/** Vectors of a batch as a tensor, `[B, m]`. */
export interface VectorTensors {
  readonly vectors: Tensor2D;
}

/** The mechanism: parameters `W1` `[K, m]` and `W2` `[m, K]` (and `b1`, `b2`), and pure functions on tensors. */
export interface LinearAutoencoder {
  readonly name: string;
  readonly citation: string;
  readonly width: number;
  readonly code: number;
  readonly penalty: Penalty;
  readonly bias: boolean;
  parameters(seed: number): InitialValues;
  /** `[B, m]` to `[B, K]`. */
  encode(params: TensorMap, vectors: Tensor2D): Tensor2D;
  /** `[B, K]` to `[B, m]`. */
  decode(params: TensorMap, codes: Tensor2D): Tensor2D;
  /** Mean squared error of a vector, summed over its m entries; under nested dropout the mean over prefixes. */
  error(params: TensorMap, batch: MomentTensors | VectorTensors): Scalar;
  /** What the penalty adds to the loss. */
  regularise(params: TensorMap): Scalar;
  /** Exact parameters, and operations of reconstructing `batch` vectors. */
  cost(batch: number): { readonly parameters: number; readonly operations: number };
}

/**
 * Refuses a penalty that is none.
 *
 * @throws InputError when a penalty is negative or doesn't fit the code's width.
 */
export function checkPenalty(penalty: Penalty, code: number): void {
  const values = penalty.kind === "none"
    ? []
    : "lambda" in penalty
    ? [penalty.lambda]
    : penalty.kind === "nested"
    ? penalty.prefixes
    : penalty.lambdas;
  const what = penalty.kind === "nested" ? "a prefix's probability" : "λ";
  for (const value of values) {
    if (!(Number.isFinite(value) && value >= 0)) {
      throw new InputError(`Cannot penalise weights as ${what} must be at least 0: current value is ${value}`);
    }
  }
  const listed = penalty.kind === "nested" || penalty.kind === "non-uniform";
  if (listed && values.length !== code) {
    throw new InputError(
      `Cannot penalise weights as a ${penalty.kind} penalty needs one number a code (${code}): current value is ${values.length}`,
    );
  }
  const total = values.reduce((sum, value) => sum + value, 0);
  if (penalty.kind === "nested" && Math.abs(total - 1) > 1e-9) {
    throw new InputError(
      `Cannot penalise weights as prefixes must have a total probability of 1: current value is ${total}`,
    );
  }
}

/** Prefixes of 1 to K codes, all equally likely. */
export function uniformPrefixes(code: number): Penalty {
  return { kind: "nested", prefixes: Array<number>(code).fill(1 / code) };
}

/** q_k, the probability that code k is kept: 1 for all but nested dropout. */
export function keepProbabilities(penalty: Penalty, code: number): number[] {
  if (penalty.kind !== "nested") return Array<number>(code).fill(1);
  return penalty.prefixes.map((_, k) => penalty.prefixes.slice(k).reduce((sum, p) => sum + p, 0));
}

/**
 * Makes a regularised linear autoencoder.
 *
 * @throws InputError when the penalty doesn't fit.
 * @throws RangeError when a size is not a whole number of at least 1.
 */
export function linearAutoencoder(options: LinearAutoencoderOptions): LinearAutoencoder {
  const { width, code, penalty = { kind: "none" }, bias = false, deviation = 0.1 / Math.sqrt(code) } = options;
  for (const [name, value] of Object.entries({ width, code })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(
        `Cannot make an autoencoder as ${name} must be a whole number of at least 1: current value is ${value}`,
      );
    }
  }
  checkPenalty(penalty, code);
  const keep = keepProbabilities(penalty, code);
  return {
    name: penalty.kind,
    citation: penalty.kind === "nested" || penalty.kind === "non-uniform" ? "Bao et al. 2020" : "Kunin et al. 2019",
    width,
    code,
    penalty,
    bias,
    parameters: (seed) => ({
      W1: normal([code, width], deviation, seed),
      W2: normal([width, code], deviation, seed + 1),
      ...(bias ? { b1: zeros([code]), b2: zeros([width]) } : {}),
    }),
    encode(params, vectors) {
      const codes = tf.matMul(vectors, params.W1 as Tensor2D, false, true); // [B, K]
      return (bias ? tf.add(codes, params.b1) : codes) as Tensor2D;
    },
    decode(params, codes) {
      const vectors = tf.matMul(codes, params.W2 as Tensor2D, false, true); // [B, m]
      return (bias ? tf.add(vectors, params.b2) : vectors) as Tensor2D;
    },
    error(params, batch) {
      const { size, cross, codes } = "vectors" in batch ? ofVectors(params, batch) : ofMoments(params, batch);
      const decoder = params.W2 as Tensor2D;
      const gram = tf.matMul(decoder, decoder, true); // [K, K]
      const products = tf.mul(cross, tf.transpose(decoder)); // [K, m]: its rows add up to the diagonal of E z yᵀ W₂
      if (penalty.kind !== "nested") {
        return tf.add(tf.sub(size, tf.mul(2, tf.sum(products))), tf.sum(tf.mul(gram, codes))) as Scalar;
      }
      const agreement = tf.sum(products, 1); // [K]
      const both = tf.tensor2d(keep.flatMap((_, k) => keep.map((_, l) => keep[Math.max(k, l)])), [code, code]);
      return tf.add(
        tf.sub(size, tf.mul(2, tf.sum(tf.mul(agreement, tf.tensor1d(keep))))),
        tf.sum(tf.mul(tf.mul(gram, codes), both)),
      ) as Scalar;
    },
    regularise({ W1, W2 }) {
      switch (penalty.kind) {
        case "none":
        case "nested":
          return tf.scalar(0);
        case "sum":
          return tf.mul(penalty.lambda, tf.add(tf.sum(tf.square(W1)), tf.sum(tf.square(W2)))) as Scalar;
        case "product": {
          // ‖W₂W₁‖² = tr(W₂ᵀW₂ W₁W₁ᵀ): K × K instead of m × m.
          const decoder = tf.matMul(W2 as Tensor2D, W2 as Tensor2D, true);
          const encoder = tf.matMul(W1 as Tensor2D, W1 as Tensor2D, false, true);
          return tf.mul(penalty.lambda, tf.sum(tf.mul(decoder, encoder))) as Scalar;
        }
        case "non-uniform": {
          const rows = tf.add(tf.sum(tf.square(W1), 1), tf.sum(tf.square(W2), 0)); // [K]
          return tf.sum(tf.mul(rows, tf.tensor1d([...penalty.lambdas]))) as Scalar;
        }
      }
    },
    cost: (batch) => ({
      parameters: 2 * width * code + (bias ? width + code : 0),
      operations: batch * (code * (2 * width - 1) + width * (2 * code - 1) + (bias ? width + code : 0)),
    }),
  };
}

/** E‖y‖², E z yᵀ `[K, m]` and E z zᵀ `[K, K]`, where y = x - b₂ and z = W₁x + b₁. */
interface Statistics {
  readonly size: Scalar;
  readonly cross: Tensor2D;
  readonly codes: Tensor2D;
}

function ofMoments({ W1, b1, b2 }: TensorMap, { second, mean, trace }: MomentTensors): Statistics {
  const encoder = W1 as Tensor2D;
  const carried = tf.matMul(encoder, second); // [K, m]
  const codes = tf.matMul(carried, encoder, false, true) as Tensor2D;
  if (!b1) return { size: trace, cross: carried as Tensor2D, codes };
  const centre = tf.reshape(tf.matMul(encoder, tf.reshape(mean, [-1, 1]) as Tensor2D), [-1, 1]); // [K, 1], W₁x̄
  const column = tf.reshape(b1, [-1, 1]), row = tf.reshape(b2, [1, -1]);
  const across = tf.mul(centre, tf.transpose(column)); // [K, K]
  return {
    size: tf.add(tf.sub(trace, tf.mul(2, tf.sum(tf.mul(b2, mean)))), tf.sum(tf.square(b2))) as Scalar,
    cross: tf.sub(
      tf.add(carried, tf.mul(column, tf.reshape(mean, [1, -1]))),
      tf.mul(tf.add(centre, column), row),
    ) as Tensor2D,
    codes: tf.add(
      tf.add(codes, tf.add(across, tf.transpose(across))),
      tf.mul(column, tf.transpose(column)),
    ) as Tensor2D,
  };
}

function ofVectors({ W1, b1, b2 }: TensorMap, { vectors }: VectorTensors): Statistics {
  const count = vectors.shape[0];
  const targets = (b2 ? tf.sub(vectors, b2) : vectors) as Tensor2D;
  const plain = tf.matMul(vectors, W1 as Tensor2D, false, true);
  const codes = (b1 ? tf.add(plain, b1) : plain) as Tensor2D; // [B, K]
  return {
    size: tf.div(tf.sum(tf.square(targets)), count) as Scalar,
    cross: tf.div(tf.matMul(codes, targets, true), count) as Tensor2D,
    codes: tf.div(tf.matMul(codes, codes, true), count) as Tensor2D,
  };
}
