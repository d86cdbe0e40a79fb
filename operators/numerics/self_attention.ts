/**
 * What a block of self-attention asks of an attention mechanism.
 *
 * @module
 */
import { softmaxAttention } from "./softmax_attention.ts";
import type { Tensor2D, Tensor4D } from "./tf.ts";

/** Who sees whom. */
export interface SelfAttentionOptions {
  /** Position i sees positions 0 to i. */
  readonly causal?: boolean;
  /** `[B, T]`: 1 = attend, 0 = do not look. */
  readonly mask?: Tensor2D;
}

/** An attention by head, `[B, H, T, D]` each, with nothing to learn of its own. */
export interface SelfAttention {
  readonly name: string;
  readonly citation: string;
  apply(q: Tensor4D, k: Tensor4D, v: Tensor4D, options: SelfAttentionOptions): Tensor4D;
}

/** Softmax attention. */
export const softmax: SelfAttention = {
  name: "softmax",
  citation: "Vaswani et al. 2017, equation 1",
  apply: (q, k, v, options) => softmaxAttention(q, k, v, options),
};
