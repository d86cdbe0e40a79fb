/**
 * Decoding with softmax attention: all keys and values so far, n (D + M) numbers a head after n positions.
 *
 * @module
 */
import { type AttentionState, checkChunk } from "./attention_mechanism.ts";
import { hideMasked } from "./masks.ts";
import { materialisedSoftmax } from "./materialised_softmax.ts";
import { scoped } from "./scope.ts";
import { type Tensor, type Tensor2D, type Tensor4D, tf } from "./tf.ts";
import { visiblePairs } from "./visible.ts";

/** Options of {@linkcode keyValueCache}. */
export interface KeyValueCacheOptions {
  /** What scores are multiplied by. @default 1 / sqrt(D) */
  readonly scale?: number;
}

/**
 * The cache before the first position. Its `step` gives what causal {@linkcode softmaxAttention} gives, up to rounding. A
 * step copies the cache, which costs less than attending over it.
 */
export function keyValueCache(options: KeyValueCacheOptions = {}): AttentionState {
  return after(options, 0, []);
}

/** Keys, values and, from the first masked chunk on, the mask `[B, 1, n, 1]` of those seen. */
function after(options: KeyValueCacheOptions, position: number, tensors: readonly Tensor[]): AttentionState {
  return {
    position,
    tensors,
    with: (others) => after(options, position, others),
    step(q, k, v, mask) {
      const [batch, , length, depth] = q.shape;
      checkChunk(q, k, v, mask);
      const [output, ...next] = scoped(() => {
        const [keys, values] = [k, v].map((x, at) => {
          const own = mask ? hideMasked(x, mask) : x;
          return position === 0 ? own.clone() : tf.concat([tensors[at], own], 2);
        });
        const seen = seenSoFar(tensors[2], mask, batch, position, length);
        const visible = visiblePairs(length, position + length, true, seen, position);
        const scale = options.scale ?? 1 / Math.sqrt(depth);
        const masked = seen !== undefined;
        const found = materialisedSoftmax(q, keys as Tensor4D, values as Tensor4D, { visible, scale, masked });
        return [found, keys, values, ...(seen ? [seen] : [])];
      });
      return { output: output as Tensor4D, next: after(options, position + length, next) };
    },
  };
}

function seenSoFar(
  before: Tensor | undefined,
  mask: Tensor2D | undefined,
  batch: number,
  position: number,
  length: number,
): Tensor | undefined {
  if (!before && !mask) return undefined;
  const all = (count: number) => tf.ones([batch, 1, count, 1]);
  const own = mask ? mask.toFloat().reshape([batch, 1, length, 1]) : all(length);
  return position === 0 ? own : tf.concat([before ?? all(position), own], 2);
}
