/**
 * About how many bytes a forward and a backward pass hold at most, beyond Q, K, V and the gradient at the output: enough to
 * leave out what wouldn't fit. What the tape keeps is counted, and what the way back makes of it, each about as much again;
 * a test holds the sums between the measured peak and three times that.
 *
 * @module
 */
import { type AttentionDims, CAUSAL_CHUNK, type FeatureMap } from "../../operators/mod.ts";

/** Softmax: the fused kernels keep rows alone, the materialised form about eleven N x N numbers, both ways. */
export function softmaxTrainingBytes(dims: AttentionDims, route: "streaming" | "materialised"): number {
  const { n, heads = 1, batch = 1, causal = false } = dims;
  const pairs = route === "materialised" ? (causal ? 14 : 11) * n * n : 0;
  return 4 * heads * batch * pairs + rows(dims);
}

/** A kernel: fused kernels keep rows alone; composed, the features of all positions, and causal the pairs of all chunks. */
export function kernelTrainingBytes(dims: AttentionDims, map: FeatureMap, route: "linear" | "quadratic") {
  const { n, d, m, heads = 1, batch = 1, causal = false } = dims;
  if (map.fused) return rows(dims);
  const told = map.workspace?.(d);
  if (!told) return undefined;
  const pairs = route === "quadratic" ? n * n : causal ? n * Math.min(n, CAUSAL_CHUNK) : 0;
  return 4 * heads * batch * (6 * n * told.vector + 24 * pairs + 6 * map.dimension(d) * (m + 1)) + rows(dims);
}

/** Inputs, output, gradients and their copies, and the scratch of the device kernels. */
function rows({ n, d, m, heads = 1, batch = 1 }: AttentionDims): number {
  return 4 * heads * batch * n * 8 * (d + m) + 4 * (d * d * (m + 1)) + 2 ** 20;
}
