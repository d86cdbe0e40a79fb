/**
 * Softmax over the visible positions of each row.
 *
 *     weights_s = mask_s exp(l_s - max) / sum_r mask_r exp(l_r - max),   max over visible positions
 *
 * The gradient is stated once, in closed form, from the weights alone (the Jacobian diag(w) - w w^T of THEORY.md 3.3):
 * `dl = w * (dw - sum(w * dw))`. Masked positions have w = 0, so nothing flows through them, whatever they held.
 *
 * @module
 */
import { hasKernels, runKernel } from "./device_kernels.ts";
import { sizeOf } from "./shape.ts";
import { type Tensor, tf } from "./tf.ts";

/** Names of the device kernels that take a pass each; {@linkcode maskedSoftmax} uses them where the backend has both. */
export const SOFTMAX_KERNELS = ["HeedMaskedSoftmax", "HeedMaskedSoftmaxGrad"] as const;

// Half of float32's greatest value: finite, and so are the sums and differences below.
const FAR = 1.7e38;

/**
 * Attention weights from logits: masked positions get exactly 0, a row without a visible position is all zeros (in the
 * gradient too), and every other row sums to 1. Adding a constant to a row changes nothing.
 *
 * Masked logits may be any number, infinities included, but not NaN; visible logits must lie within ±8e37.
 *
 * @param logits `[..., S]`
 * @param mask 1 = attend, 0 = do not look; any shape that broadcasts to that of `logits`, such as `[B, 1, S]`
 * @returns weights, shaped as `logits`
 */
export function maskedSoftmax<T extends Tensor>(logits: T, mask: Tensor): T {
  const plain = logits.dtype === "float32" && mask.dtype === "float32" && logits.size > 0 && mask.rank <= logits.rank;
  return plain && hasKernels(...SOFTMAX_KERNELS) ? fused(logits, mask) : composed(logits, mask);
}

/**
 * One kernel each way. Its mask may leave out leading axes, or have them with side 1 before and after those that it
 * shares with the logits (`[B, 1, S]`, `[1, H, 1, S]`, `[S]`); any other mask is first spelt out.
 */
function fused<T extends Tensor>(logits: T, mask: Tensor): T {
  const [forward, backward] = SOFTMAX_KERNELS;
  return tf.customGrad((input, save) => {
    const layout = rowsOf(logits.shape, mask.shape);
    const weights = runKernel<Tensor>(
      forward,
      { logits: input, mask: layout ? mask : tf.broadcastTo(mask, logits.shape) },
      { repeat: layout?.repeat ?? 1 },
    );
    (save as (tensors: Tensor[]) => void)([weights]);
    return {
      value: weights as T,
      gradFunc: (dWeights: Tensor, [weights]: Tensor[]) => runKernel<Tensor>(backward, { weights, dWeights }),
    };
  })(logits) as T;
}

/** How many rows of the logits in turn share a row of the mask, when those rows follow each other and then start anew. */
function rowsOf(logits: readonly number[], mask: readonly number[]): { repeat: number } | undefined {
  if (mask.at(-1) !== logits.at(-1)) return undefined;
  const outer = logits.slice(0, -1);
  const own = [...new Array(logits.length - mask.length).fill(1), ...mask.slice(0, -1)];
  const first = own.findIndex((side) => side !== 1);
  const last = own.findLastIndex((side) => side !== 1);
  for (let axis = first; axis >= 0 && axis <= last; axis++) {
    if (own[axis] !== outer[axis]) return undefined;
  }
  return { repeat: sizeOf(outer.slice(last + 1)) };
}

function composed<T extends Tensor>(logits: T, mask: Tensor): T {
  return tf.customGrad((input, save) => {
    const scores = input as Tensor;
    // Small kernels (on the mask and on one value a row) are cheap: the large ones are min, max, sub, exp, sum and div.
    const ceiling = mask.sub(0.5).mul(2 * FAR); // +FAR where visible, -FAR where masked
    const visible = tf.minimum(scores, ceiling);
    // Without a visible position the maximum would be -FAR itself and exp(0) = 1: the floor keeps such rows at exp(-FAR/2) = 0.
    const greatest = visible.max(-1, true).maximum(-FAR / 2);
    const powers = visible.sub(greatest).exp();
    // A row with a visible position holds exp(0) = 1, so its sum is at least 1 and the floor touches empty rows only.
    const weights = powers.div(powers.sum(-1, true).maximum(1));
    (save as (tensors: Tensor[]) => void)([weights]);
    return {
      value: weights as T,
      gradFunc: (upstream: Tensor, saved: Tensor[]) => {
        const [held] = saved;
        const share = held.mul(upstream);
        return share.sub(held.mul(share.sum(-1, true)));
      },
    };
  })(logits) as T;
}
