/**
 * Softmax attention of queries over keys and values, by head (Vaswani et al. 2017, equation 1; THEORY.md, section 5).
 *
 *     O = softmax(scale Q K^T, over the keys that a query may see) V
 *
 * Sizes: B sequences, H heads, N queries, S keys, D their width, M the width of a value.
 *
 * Composed of stock operations it holds the scores of all pairs, B H N S of them, and again their softmax. Where the
 * backend has the fused kernels it holds two numbers a query, forwards and backwards, and gives the same values.
 *
 * @module
 */
import { hasKernels, runKernel } from "./device_kernels.ts";
import { checkMask, hideMasked } from "./masks.ts";
import { InputError } from "../records.ts";
import { materialisedSoftmax } from "./materialised_softmax.ts";
import { scoped } from "./scope.ts";
import { assertShape } from "./shape.ts";
import { visiblePairs } from "./visible.ts";
import { maskedSoftmax } from "./softmax.ts";
import { type Tensor, type Tensor2D, type Tensor4D, tf } from "./tf.ts";

/** Names of the device kernels; {@linkcode softmaxAttention} uses them where the backend has both. */
export const ATTENTION_KERNELS = ["HeedAttention", "HeedAttentionGrad"] as const;

/** Who sees whom, and how scores are scaled. */
export interface SoftmaxAttentionOptions {
  /** Query i sees keys 0 to i (counted from the start also where N and S differ). @default false */
  readonly causal?: boolean;
  /** Keys to see, `[B, S]`: 1 = attend, 0 = do not look. @default all */
  readonly mask?: Tensor2D;
  /** What scores are multiplied by. @default 1 / sqrt(D) */
  readonly scale?: number;
  /**
   * `streaming`: one fused kernel that holds no scores, where the backend has it (else the stock softmax). `materialised`:
   * all scores and their powers, as the textbook writes it, on every backend. @default "streaming"
   */
  readonly route?: "streaming" | "materialised";
}

/**
 * Attention's output for every query, `[B, H, N, M]`. A query that sees no key gets zeros, and passes none back.
 *
 * Keys and values that the mask hides may hold anything, and change nothing; those that causality alone hides, anything
 * finite. NaN and infinity that are seen come out as the stock operations give them. A score of +Infinity takes all weight
 * (scores are cut at 1.7e38).
 *
 * @param q `[B, H, N, D]`
 * @param keys `[B, H, S, D]`
 * @param values `[B, H, S, M]`
 * @throws RangeError when a shape doesn't fit.
 */
export function softmaxAttention(
  q: Tensor4D,
  keys: Tensor4D,
  values: Tensor4D,
  options: SoftmaxAttentionOptions = {},
): Tensor4D {
  const [batch, heads, , depth] = q.shape;
  assertShape("k", keys, [batch, heads, null, depth]);
  assertShape("v", values, [batch, heads, keys.shape[2], null]);
  const { causal = false, mask, scale = 1 / Math.sqrt(depth), route = "streaming" } = options;
  if (mask) checkMask(mask, batch, keys.shape[2]);
  if (route !== "streaming" && route !== "materialised") {
    throw new InputError(`Cannot attend as route must be streaming or materialised: current value is ${route}`);
  }
  const [k, v] = mask ? [hideMasked(keys, mask), hideMasked(values, mask)] : [keys, values];
  if (route === "materialised") {
    const visible = visiblePairs(q.shape[2], k.shape[2], causal, mask);
    return scoped(() => [materialisedSoftmax(q, k, v, { visible, scale, masked: mask !== undefined })])[0];
  }
  return hasKernels(...ATTENTION_KERNELS)
    ? fused(q, k, v, mask, { causal, scale })
    : composed(q, k, v, mask, { causal, scale });
}

interface Settings {
  readonly causal: boolean;
  readonly scale: number;
}

function composed(q: Tensor4D, k: Tensor4D, v: Tensor4D, mask: Tensor2D | undefined, settings: Settings): Tensor4D {
  const logits = tf.matMul(q.mul(settings.scale), k, false, true); // [B, H, N, S]
  return tf.matMul(maskedSoftmax(logits, visibility(q.shape[2], k.shape[2], mask, settings.causal)), v) as Tensor4D;
}

/** 1 where a query sees a key, shaped to broadcast to `[B, H, N, S]`. */
function visibility(queries: number, keys: number, mask: Tensor2D | undefined, causal: boolean): Tensor {
  const seen = mask?.reshape([mask.shape[0], 1, 1, keys]);
  if (!causal) return seen ?? tf.ones([keys]);
  const positions = (count: number) => tf.range(0, count, 1, "float32");
  const past = tf.lessEqual(positions(keys).expandDims(0), positions(queries).expandDims(1)).toFloat(); // [N, S]
  return seen ? past.mul(seen) : past;
}

function fused(
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  mask: Tensor2D | undefined,
  settings: Settings,
): Tensor4D {
  const [forward, backward] = ATTENTION_KERNELS;
  const attend = tf.customGrad((...args) => {
    const [q, k, v, save] = args as unknown as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void];
    const [out, maxima, totals] = runKernel<Tensor[]>(forward, { q, k, v, mask }, settings);
    save([q, k, v, out, maxima, totals, ...(mask ? [mask] : [])]);
    return {
      value: out,
      gradFunc: (dOut: Tensor, [q, k, v, out, maxima, totals, mask]: Tensor[]) =>
        runKernel<Tensor[]>(backward, { q, k, v, out, maxima, totals, mask, dOut }, settings),
    };
  });
  return attend(q, k, v) as Tensor4D;
}
