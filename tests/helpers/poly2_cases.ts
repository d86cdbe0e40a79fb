/**
 * Cases of degree-2 kernel attention: seeded values, both directions on the engine in place, and the float64 reference.
 *
 * @module
 */
import { poly2Attention, type Poly2Options } from "../../operators/numerics/poly2_attention.ts";
import { drawAttention, type DrawnAttention, runAttention } from "./attention_cases.ts";
import { assertClose, tolerances } from "./close.ts";
import { type Poly2Case, poly2GradientReference, poly2Reference } from "../reference/poly2_attention.ts";

/** The two ways to the same values. */
export const ROUTES = ["linear", "quadratic"] as const;

/** A case with its values. */
export type Drawn = DrawnAttention<Poly2Case>;

/** Seeded values as {@linkcode drawAttention} draws them, with queries so small that 1 + q·k seldom comes near 0. */
export function draw(sizes: number[], causal: boolean, masking: number, seed: number): Drawn {
  const { at: { scale, ...at }, q, ...rest } = drawAttention(sizes, causal, masking, seed);
  return { at: { ...at, eps: 1e-6 }, q: q.map((value) => 0.3 * scale * value), ...rest };
}

/** A route, or none given. */
export type Route = Poly2Options["route"];

/** Output and gradients at q, k and v, on the engine in place. */
export function attend(
  drawn: Drawn,
  route?: Route,
  wrap: <T>(f: () => T) => T = (f) => f(),
): Float32Array[] {
  const { causal, eps } = drawn.at;
  return runAttention(drawn, (q, k, v, mask) => wrap(() => poly2Attention(q, k, v, { causal, mask, route, eps })));
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
