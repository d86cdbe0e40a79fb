/**
 * Operations of a mechanism as an instrumented execution counts them, at a length that plain loops can go through.
 *
 * @module
 */
import {
  type AttentionDims,
  countedMaps,
  countKernel,
  countQuadratic,
  countSoftmax,
  normal,
} from "../../operators/mod.ts";

/** Operations of one head, counted; nothing for a mechanism that has no instrumented form. */
export function countedOperations(name: string, dims: AttentionDims, seed: number): number | undefined {
  const { n, d, m, causal } = dims;
  const draw = (width: number, which: number) => normal([n, width], 1, seed + which).values;
  const inputs = { n, d, m, causal, q: draw(d, 1), k: draw(d, 2), v: draw(m, 3) };
  if (name === "softmax" || name === "softmax-materialised") return countSoftmax(inputs).operations;
  if (name === "poly2-quadratic") return countQuadratic(inputs).operations;
  if (!Object.hasOwn(countedMaps, name)) return undefined;
  return countKernel(inputs, countedMaps[name as keyof typeof countedMaps]).operations;
}
