/**
 * Kernel attention: φ(q)·φ(k) in the place of exp(q·k / sqrt(D)), so that sums over keys can be taken once and shared by
 * all queries (Katharopoulos et al. 2020, equations 4 to 6; THEORY.md 6.2 to 6.6).
 *
 *     o_i = Σ_j φ(q_i)·φ(k_j) v_j / Σ_j φ(q_i)·φ(k_j)
 *
 * Sizes: B sequences, H heads, N queries, S keys, D their width, M the width of a value, C = `map.dimension(D)`.
 *
 * Routes, which give the same values up to rounding:
 *
 * - `linear`: S and z carried over chunks. Causal, each chunk's own pairs are computed as pairs, what came before comes
 *   from the sums. O(N C M); outside the gradient tape one chunk's features and about log2(N / chunk) states are held.
 * - `quadratic`: all pairs. O(N² max(D, M)); the right choice for short sequences.
 * - `recurrent`: causal, one position after the other; slow here, and what decoding does.
 *
 * @module
 */
import { InputError } from "../records.ts";
import { DEFAULT_EPS, divide, type Quotient } from "./denominators.ts";
import { checkFeatureMap, type FeatureMap, hasFused, scaledQueries } from "./feature_map.ts";
import { CAUSAL_CHUNK, causalRows, keysOf, OPEN_CHUNK, openRows, quadratic } from "./kernel_rows.ts";
import { checkMask } from "./masks.ts";
import { scoped } from "./scope.ts";
import { assertShape } from "./shape.ts";
import { type Tensor2D, type Tensor4D, tf } from "./tf.ts";

/** How kernel attention may be computed. */
export type KernelRoute = "linear" | "quadratic" | "recurrent";

/** Which kernel, who sees whom, and how it is computed. */
export interface KernelAttentionOptions {
  readonly map: FeatureMap;
  /** Query i sees keys 0 to i (counted from the start also where N and S differ). @default false */
  readonly causal?: boolean;
  /** Keys to see, `[B, S]`: 1 = attend, 0 = do not look. @default all */
  readonly mask?: Tensor2D;
  /** The least denominator, by the rule of {@linkcode ./denominators.ts}; 0 for none. @default the map's own, else 1e-12 */
  readonly eps?: number;
  /** @default "linear" */
  readonly route?: KernelRoute;
  /** Positions in a chunk of the linear route, composed. @default 128 causal, 512 not, or the device kernel's own */
  readonly chunk?: number;
}

/**
 * Attention's output for every query, `[B, H, N, M]`. Where the backend has kernels for the whole map (poly-2), they do it;
 * else it is composed of stock operations. A query that sees no key gets zeros, and passes none back.
 *
 * Keys and values that are hidden by the mask may hold anything, and change nothing.
 *
 * @param q `[B, H, N, D]`
 * @param k `[B, H, S, D]`
 * @param v `[B, H, S, M]`
 * @throws RangeError when a shape doesn't fit.
 * @throws InputError when the map can't take this width or length, or an option is out of its range.
 */
export function kernelAttention(q: Tensor4D, k: Tensor4D, v: Tensor4D, options: KernelAttentionOptions): Tensor4D {
  const { map, eps = map.eps ?? DEFAULT_EPS } = options;
  if (!check(q, k, v, options)) return tf.zeros(withWidth(q, v.shape[3]));
  return run(q, k, v, { ...options, fused: true }, (found) => divide(found, eps, map.positive ?? false));
}

/**
 * The denominators Σ_j φ(q_i)·φ(k_j) before any rule is applied to them, `[B, H, N, 1]`: how near they come to 0, and
 * whether they change their sign, is worth a line in every report.
 */
export function kernelDenominators(q: Tensor4D, k: Tensor4D, options: KernelAttentionOptions): Tensor4D {
  const v = tf.zeros(withWidth(k, 1)) as Tensor4D;
  if (!check(q, k, v, options)) return tf.zeros(withWidth(q, 1));
  return run(q, k, v, options, ({ denominator, log }) => log ? tf.mul(denominator, tf.exp(log)) : denominator);
}

const withWidth = ({ shape: [batch, heads, length] }: Tensor4D, width: number) =>
  [batch, heads, length, width] as Shape4;
type Shape4 = [number, number, number, number];

/** Refuses what can't be computed; false when there is nothing to compute. */
function check(q: Tensor4D, k: Tensor4D, v: Tensor4D, options: KernelAttentionOptions): boolean {
  const { map, mask, causal = false, eps = DEFAULT_EPS, route = "linear", chunk = 1 } = options;
  const [batch, heads, , depth] = q.shape;
  assertShape("q", q, [null, null, null, null]);
  assertShape("k", k, [batch, heads, null, depth]);
  assertShape("v", v, [batch, heads, k.shape[2], null]);
  checkFeatureMap(map, depth, Math.max(q.shape[2], k.shape[2]));
  if (mask) checkMask(mask, batch, k.shape[2]);
  const refuse = (rule: string, value: unknown): never => {
    throw new InputError(`Cannot attend by a kernel as ${rule}: current value is ${value}`);
  };
  if (!(Number.isFinite(eps) && eps >= 0)) refuse("eps must be a number from 0", eps);
  if (!["linear", "quadratic", "recurrent"].includes(route)) {
    refuse("route must be linear, quadratic or recurrent", route);
  }
  if (route === "recurrent" && !causal) refuse("only causal attention is recurrent", "not causal");
  if (!(Number.isSafeInteger(chunk) && chunk > 0)) refuse("chunk must be a positive integer", chunk);
  return q.size > 0 && k.size > 0 && v.size > 0;
}

function run(
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  options: KernelAttentionOptions & { readonly fused?: boolean },
  finish: (found: Quotient) => Tensor4D,
): Tensor4D {
  const { map, causal = false, mask, route = "linear", chunk, fused = false, eps = map.eps ?? DEFAULT_EPS } = options;
  const [out] = scoped(() => {
    const keys = keysOf(map, k, v, mask, Math.max(q.shape[2], k.shape[2]));
    if (fused && route !== "recurrent" && eps > 0 && chunk === undefined && hasFused(map)) {
      return [map.fused!.attend(scaledQueries(map, q), keys.k, keys.v, { causal, mask: mask?.toFloat(), eps, route })];
    }
    if (route === "quadratic") return [finish(quadratic(q, keys, causal))];
    if (!causal) return [openRows(q, keys, chunk ?? OPEN_CHUNK, finish)];
    return [causalRows(q, keys, { chunk: chunk ?? CAUSAL_CHUNK, recurrent: route === "recurrent" }, finish).rows];
  });
  return out;
}
