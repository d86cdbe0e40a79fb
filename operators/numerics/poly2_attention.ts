/**
 * Kernel attention with the degree-2 polynomial similarity (Katharopoulos et al. 2020, section 3.2.1; THEORY.md 6):
 *
 *     o_i = sum_j (1 + q_i k_j)^2 v_j / sum_j (1 + q_i k_j)^2 = phi(q_i)^T S / phi(q_i)^T z
 *
 * with S = sum of phi(k_j) v_j^T and z = sum of phi(k_j) over the keys that query i may see, phi as in
 * {@linkcode poly2Features}. Sizes: B sequences, H heads, N queries, S keys, D their width, M the width of a value, C
 * features.
 *
 * Two routes give the same values. The linear route holds the state C (M + 1) and works 4 N C M operations; where queries
 * see the past alone it goes chunk by chunk, each chunk's own keys by the other route, and holds no prefix but the newest.
 * The quadratic route works 2 N S (D + M) operations (half of it, causal) on tiles of pairs, without an exponential: the
 * one to take at short lengths.
 *
 * Nothing scales q here: (1 + q k)^2 is near exp(2 q k), so that q / (2 sqrt D) comes nearest to softmax's usual weights,
 * and q / sqrt D gives (1 + s)^2 of the usual scores s. The temperature is the caller's choice.
 *
 * @module
 */
import { hasKernels, runKernel } from "./device_kernels.ts";
import { composedAttention, composedChunk, type ComposedSettings } from "./poly2_composed.ts";
import { poly2Width } from "./poly2_features.ts";
import { assertShape } from "./shape.ts";
import { type Tensor, type Tensor2D, type Tensor4D, tf } from "./tf.ts";

export { poly2Features, poly2Width } from "./poly2_features.ts";

/** Names of the device kernels; {@linkcode poly2Attention} uses them where the backend has both. */
export const POLY2_KERNELS = ["HeedPoly2Attention", "HeedPoly2AttentionGrad"] as const;

/** Below this a denominator counts as this: sums of (1 + q k)^2 that vanish give finite results. */
export const POLY2_EPS = 1e-6;

/** The ways to the same values. */
export const POLY2_ROUTES = ["linear", "quadratic", "auto"] as const;

/** Who sees whom, and by which way. */
export interface Poly2Options {
  /** Query i sees keys 0 to i (counted from the start also where N and S differ). @default false */
  readonly causal?: boolean;
  /** Keys to see, `[B, S]`: 1 = attend, 0 = do not look. @default all */
  readonly mask?: Tensor2D;
  /** A denominator below this counts as this; the gradient takes it as constant there. @default 1e-6 */
  readonly eps?: number;
  /** `auto` takes the way of fewer operations. @default "auto" */
  readonly route?: typeof POLY2_ROUTES[number];
}

/**
 * The route of fewer operations for N queries and S keys (THEORY.md 6.3).
 *
 * @param dims N, S, D and M
 */
export function poly2Route(
  dims: { queries: number; keys: number; depth: number; width: number },
  causal: boolean,
): "linear" | "quadratic" {
  const { queries, keys, depth, width } = dims;
  const features = poly2Width(depth);
  const seen = Math.min(queries, keys);
  const pairs = causal ? seen * (seen + 1) / 2 + (queries - seen) * keys : queries * keys;
  const linear = (queries + (causal ? seen : keys)) * (2 * features * width + 2 * features) + features * queries;
  return pairs * (2 * depth + 2 * width + 2) < linear ? "quadratic" : "linear";
}

/**
 * Attention's output for every query, `[B, H, N, M]`. A query that sees no key gets zeros, and passes none back.
 *
 * Keys and values that are hidden may hold anything finite, and change nothing. NaN and infinity that are seen come out as
 * the same route gives them from stock operations. Denominators below `eps` count as `eps`: where q k = -1 for all that a
 * query sees, the quadratic route gives zeros, and the linear route what rounding left of zero, over `eps`: finite, but
 * of no meaning.
 *
 * @param q `[B, H, N, D]`, scaled by the caller
 * @param k `[B, H, S, D]`
 * @param v `[B, H, S, M]`
 * @throws RangeError when a shape or an option doesn't fit.
 */
export function poly2Attention(q: Tensor4D, k: Tensor4D, v: Tensor4D, options: Poly2Options = {}): Tensor4D {
  const [batch, heads, queries, depth] = q.shape;
  assertShape("k", k, [batch, heads, null, depth]);
  assertShape("v", v, [batch, heads, k.shape[2], null]);
  const { causal = false, mask, eps = POLY2_EPS, route = "auto" } = options;
  if (mask) assertShape("mask", mask, [batch, k.shape[2]]);
  checkEps(eps);
  if (!POLY2_ROUTES.includes(route)) {
    throw new RangeError(
      `Cannot attend as the route must be one of ${POLY2_ROUTES.join(", ")}: current value is ${route}`,
    );
  }
  const width = v.shape[3];
  const chosen = route === "auto" ? poly2Route({ queries, keys: k.shape[2], depth, width }, causal) : route;
  if (chosen === "linear") checkState(depth, width);
  const settings = { causal, eps, linear: chosen === "linear" };
  return hasKernels(...POLY2_KERNELS) ? fused(q, k, v, mask, settings) : composedAttention(q, k, v, mask, settings);
}

/**
 * The state of an empty sequence, `[B, H, C, M + 1]`: S, and z as its last column. Compensated, `[B, H, 2 C, M + 1]`: what
 * each addition rounded off is carried behind the sums and put back at the next (Kahan 1965), so that the error doesn't
 * grow with the number of chunks.
 */
export function poly2State(
  batch: number,
  heads: number,
  depth: number,
  width: number,
  { compensated = false }: { compensated?: boolean } = {},
): Tensor4D {
  return tf.zeros([batch, heads, poly2Width(depth) * (compensated ? 2 : 1), width + 1]);
}

/**
 * The next chunk of a sequence: query i of it sees every key of earlier chunks and the chunk's own keys 0 to i. Chunks of
 * any lengths give what {@linkcode poly2Attention} gives for the whole sequence, causal, to rounding. For inference: it
 * has no gradient.
 *
 * @param state `[B, H, C, M + 1]` or `[B, H, 2 C, M + 1]`, from {@linkcode poly2State} or from the chunk before
 * @param q `[B, H, N, D]`
 * @param k `[B, H, N, D]`
 * @param v `[B, H, N, M]`
 * @returns out `[B, H, N, M]`, and the state behind the chunk; the state given is the caller's to dispose of
 * @throws RangeError when a shape or an option doesn't fit.
 */
export function poly2Chunk(
  state: Tensor4D,
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  options: Pick<Poly2Options, "mask" | "eps"> = {},
): { out: Tensor4D; state: Tensor4D } {
  const [batch, heads, length, depth] = q.shape;
  assertShape("k", k, [batch, heads, length, depth]);
  assertShape("v", v, [batch, heads, length, null]);
  const features = poly2Width(depth), compensated = state.shape[2] === 2 * features;
  assertShape("state", state, [batch, heads, compensated ? 2 * features : features, v.shape[3] + 1]);
  const { mask, eps = POLY2_EPS } = options;
  if (mask) assertShape("mask", mask, [batch, length]);
  checkEps(eps);
  if (!hasKernels(...POLY2_KERNELS)) return composedChunk(state, q, k, v, mask, eps);
  const settings = { causal: true, linear: true, eps };
  const [out, , after] = runKernel<Tensor4D[]>(POLY2_KERNELS[0], { q, k, v, mask, state }, settings);
  return { out, state: after };
}

/** Most bytes of sums that the linear route holds of one head. */
const MOST_BYTES = 2 ** 29;

function checkState(depth: number, width: number): void {
  const bytes = 4 * poly2Width(depth) * (width + 1);
  if (bytes <= MOST_BYTES) return;
  throw new RangeError(
    `Cannot attend by the linear route as its state must take at most ${MOST_BYTES} bytes a head: current value is ${bytes}`,
  );
}

function checkEps(eps: number): void {
  if (!(eps > 0 && Number.isFinite(eps))) {
    throw new RangeError(`Cannot attend as eps must be above 0 and finite: current value is ${eps}`);
  }
}

function fused(
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  mask: Tensor2D | undefined,
  settings: ComposedSettings,
): Tensor4D {
  const [forward, backward] = POLY2_KERNELS;
  const attend = tf.customGrad((...args) => {
    const [q, k, v, save] = args as unknown as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void];
    const [out, totals] = runKernel<Tensor[]>(forward, { q, k, v, mask }, settings);
    save([q, k, v, out, totals, ...(mask ? [mask] : [])]);
    return {
      value: out,
      gradFunc: (dOut: Tensor, [q, k, v, out, totals, mask]: Tensor[]) =>
        runKernel<Tensor[]>(backward, { q, k, v, out, totals, mask, dOut }, settings),
    };
  });
  return attend(q, k, v) as Tensor4D;
}
