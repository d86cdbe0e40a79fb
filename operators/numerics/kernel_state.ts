/**
 * Decoding with kernel attention: S `[B, H, C, M]` and z `[B, H, C, 1]` are all that is kept, however long the sequence
 * (Katharopoulos et al. 2020, equations 16 to 20; THEORY.md 6.6).
 *
 * @module
 */
import { type AttentionState, checkChunk } from "./attention_mechanism.ts";
import { DEFAULT_EPS, divide } from "./denominators.ts";
import { checkFeatureMap, type FeatureMap, featuresOf, hasFused, scaledQueries } from "./feature_map.ts";
import { CAUSAL_CHUNK, causalRows, keysOf } from "./kernel_rows.ts";
import { addKeys, joinCompensated } from "./kernel_sums.ts";
import { scoped } from "./scope.ts";
import type { Tensor, Tensor4D } from "./tf.ts";

/** Options of {@linkcode kernelState}. */
export interface KernelStateOptions {
  readonly map: FeatureMap;
  /** The least denominator, by the rule of {@linkcode ./denominators.ts}; 0 for none. @default the map's own, else 1e-12 */
  readonly eps?: number;
  /** The most positions that the sequence will have, for maps that know positions by number. */
  readonly positions?: number;
  /**
   * Carry what each addition to S and z rounds off beside them, and put it back at the next (Kahan 1965): the error then
   * doesn't grow with the number of steps, for twice the state. At N = 2^20, keys uniform in ±1/2 and elu + 1, z is 6e-7 of
   * itself off float64's by chunks of 128, 9e-5 position by position, and 2.4e-9 compensated. @default false
   */
  readonly compensated?: boolean;
}

/**
 * The state before the first position. Its `step` takes one position, or a chunk: then pairs within the chunk are computed
 * as pairs. Either way the outputs are those of causal {@linkcode kernelAttention} up to rounding.
 *
 * @throws InputError when the map refuses the width or the number of positions
 */
export function kernelState(options: KernelStateOptions): AttentionState {
  return after(options, 0, []);
}

function after(options: KernelStateOptions, position: number, tensors: readonly Tensor[]): AttentionState {
  const { map, eps = map.eps ?? DEFAULT_EPS, positions, compensated = false } = options;
  const half = compensated ? tensors.length - 2 : tensors.length;
  const [sums, lost] = [tensors.slice(0, half), tensors.slice(half)];
  return {
    position,
    tensors,
    with: (others) => after(options, position, others),
    step(q, k, v, mask) {
      const first = position, length = q.shape[2];
      // A state goes on as it began: S and z apart, or in one tensor of the device kernel's.
      const fused = tensors.length === 1 || (first === 0 && !compensated && eps > 0 && hasFused(map));
      checkChunk(q, k, v, mask);
      checkFeatureMap(map, q.shape[3], Math.max(first + length, positions ?? 0));
      const [output, ...next] = scoped(() => {
        const keys = keysOf(map, k, v, mask, positions);
        if (fused) {
          const options = { mask: mask?.toFloat(), eps };
          const made = map.fused!.step(
            tensors[0] as Tensor4D | undefined,
            scaledQueries(map, q),
            keys.k,
            keys.v,
            options,
          );
          return [made.out, made.state];
        }
        const rows = causalRows(q, keys, {
          sums,
          first,
          chunk: CAUSAL_CHUNK,
          recurrent: length === 1,
          carries: !compensated,
        }, (found) => divide(found, eps, map.positive ?? false));
        if (!compensated) return [rows.rows, ...rows.sums];
        const made = featuresOf(map, keys.k, { first, count: positions, side: "key" });
        const own = addKeys([], made, keys.v, keys.seen);
        return [rows.rows, ...joinCompensated(sums, lost, own)];
      });
      return { output: output as Tensor4D, next: after(options, first + length, next) };
    },
  };
}
