/**
 * Where softmax and poly-2 cost the same when operations are counted as the device kernels do them: an exponential as the
 * arithmetic that it takes, not as 1, and causal poly-2 by pairs within chunks and by sums between them, not by a
 * recurrence. Still operations and not time, and nearer to it.
 *
 * @module
 */
import { type AttentionDims, CAUSAL_CHUNK, cost, featureCost, FUNCTION_OPERATIONS } from "../../operators/mod.ts";
import type { Pass, Setting } from "./runs.ts";

/** What one exponential takes beside the operation that the closed form counts for it. */
const MORE = FUNCTION_OPERATIONS.exp - 1;
/** As far as is looked, in chunks. */
const FARTHEST = 2048;

/** Operations of streaming softmax: an exponential a pair, and in training, where weights are made again, two. */
export function executedSoftmax(dims: AttentionDims, pass: Pass): number {
  const { operations, backward } = cost.softmax(dims);
  const { n, causal = false } = dims;
  const more = MORE * (causal ? n * (n + 1) / 2 : n * n);
  return pass === "forward" ? operations + more : operations + backward + 2 * more;
}

/** Operations of poly-2, the scale of queries included. */
export function executedPoly2(dims: AttentionDims, pass: Pass): number {
  const features = { ...featureCost.poly2(dims.d), query: dims.d };
  const { operations, backward } = cost.kernel(
    dims.causal ? { ...dims, features, route: "chunked", chunk: CAUSAL_CHUNK } : { ...dims, features },
  );
  return pass === "forward" ? operations : operations + backward;
}

/**
 * N from which on poly-2 takes fewer operations than softmax; 0 where it does so at every length. Beyond one chunk, on a
 * straight line between lengths of whole chunks: between them causal counts rise in steps.
 */
export function executedCrossover({ d, causal }: Setting, pass: Pass = "forward"): number {
  const gap = (n: number) => {
    const dims = { n, d, m: d, causal };
    return executedSoftmax(dims, pass) - executedPoly2(dims, pass);
  };
  // From the far end: short causal sequences are one chunk, which has no sums and so costs less, too.
  let after = gap(FARTHEST * CAUSAL_CHUNK);
  for (let n = FARTHEST * CAUSAL_CHUNK; n > 1;) {
    const step = n > CAUSAL_CHUNK ? CAUSAL_CHUNK : 1, before = gap(n - step);
    if (before < 0) return n - step * after / (after - before);
    [n, after] = [n - step, before];
  }
  return 0;
}
