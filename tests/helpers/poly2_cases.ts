/**
 * Cases of degree-2 kernel attention: seeded values, both directions on the engine in place, and the float64 reference.
 *
 * @module
 */
import { supports } from "../../operators/backends/pack.ts";
import { poly2Attention, type Poly2Options } from "../../operators/numerics/poly2_attention.ts";
import { normal } from "../../operators/numerics/random.ts";
import { type Tensor, type Tensor4D, tf } from "../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "./close.ts";
import { type Poly2Case, poly2GradientReference, poly2Reference } from "../reference/poly2_attention.ts";

/** Without the pack, and with each build that this host runs. */
export const ENGINES = ["off", ...(["relaxed", "simd"] as const).filter(supports)] as const;
/** The two ways to the same values. */
export const ROUTES = ["linear", "quadratic"] as const;

/** Sizes and values of a case. */
export interface Drawn {
  readonly at: Poly2Case;
  readonly q: Float32Array;
  readonly k: Float32Array;
  readonly v: Float32Array;
  readonly dOut: Float32Array;
}

/** A case with seeded values; `masking` 0 hides nothing, 1 some keys, 2 every key of the first sequence, too. */
export function draw(sizes: number[], causal: boolean, masking: number, seed: number): Drawn {
  const [batch, heads, queries, keys, depth, width] = sizes;
  const values = (size: number, part: number, by = 1) => normal([size], by, 7 * seed + part).values;
  const mask = masking
    ? Array.from(values(batch * keys, 4), (value, i) => Number(value > 0 && !(masking === 2 && i < keys)))
    : undefined;
  return {
    at: { batch, heads, queries, keys, depth, width, causal, mask, eps: 1e-6 },
    q: values(batch * heads * queries * depth, 0, 0.3 / Math.sqrt(depth)),
    k: values(batch * heads * keys * depth, 1),
    v: values(batch * heads * keys * width, 2),
    dOut: values(batch * heads * queries * width, 3),
  };
}

/** A route, or none given. */
export type Route = Poly2Options["route"];

/** Output and gradients at q, k and v, on the engine in place. */
export function attend(
  { at, q, k, v, dOut }: Drawn,
  route?: Route,
  wrap: <T>(f: () => T) => T = (f) => f(),
): Float32Array[] {
  const { batch, heads, queries, keys, depth, width } = at;
  return tf.tidy(() => {
    const tensors = [
      tf.tensor(q, [batch, heads, queries, depth]),
      tf.tensor(k, [batch, heads, keys, depth]),
      tf.tensor(v, [batch, heads, keys, width]),
    ];
    const mask = at.mask && tf.tensor2d(Array.from(at.mask), [batch, keys]);
    const options: Poly2Options = { causal: at.causal, mask, route, eps: at.eps };
    const forward = (q: Tensor, k: Tensor, v: Tensor) =>
      wrap(() => poly2Attention(q as Tensor4D, k as Tensor4D, v as Tensor4D, options));
    const out = forward(tensors[0], tensors[1], tensors[2]);
    const gradients = tf.grads(forward)(tensors, tf.tensor(dOut, out.shape) as Tensor4D);
    return [out, ...gradients].map((tensor) => tensor.dataSync() as Float32Array);
  });
}

/**
 * How much greater than its denominator the features' products of a query may be that sum to it, at most: the linear route
 * loses as much where similarities come near 0.
 */
function conditionOf({ at, q, k }: Drawn): number {
  const { batch, heads, queries, keys, depth } = at;
  const norms = (x: Float32Array, rows: number) =>
    Array.from({ length: batch * heads * rows }, (_, row) => Math.hypot(...x.subarray(row * depth, (row + 1) * depth)));
  const ofQ = norms(q, queries), ofK = norms(k, keys);
  let worst = 1;
  for (let row = 0; row < ofQ.length; row++) {
    const head = Math.floor(row / queries), i = row % queries;
    let total = 0, terms = 0;
    for (let j = 0; j < keys; j++) {
      if (at.causal && j > i || at.mask && !at.mask[Math.floor(head / heads) * keys + j]) continue;
      const key = head * keys + j;
      let base = 1;
      for (let d = 0; d < depth; d++) base += q[row * depth + d] * k[key * depth + d];
      total += base ** 2, terms += (1 + ofQ[row] * ofK[key]) ** 2;
    }
    if (terms > 0) worst = Math.max(worst, terms / Math.max(total, at.eps));
  }
  return worst;
}

/** Asserts that output and gradients are the float64 reference's. */
export function check(drawn: Drawn, route?: Route): void {
  const { at, q, k, v, dOut } = drawn;
  const found = attend(drawn, route);
  const wanted = [poly2Reference(at, q, k, v), ...poly2GradientReference(at, q, k, v, dOut)];
  const lost = conditionOf(drawn);
  const bounds = [tolerances.forward * 2 * lost, ...new Array(3).fill(tolerances.gradientAgainstFloat64 * lost ** 1.5)];
  ["out", "dQ", "dK", "dV"].forEach((name, i) => assertClose(found[i], wanted[i], bounds[i], name));
}
