/**
 * The additive score as one kernel each way, under the names by which operators/numerics/scores.ts asks for them.
 * Arithmetic is in wasm/concat_score.ts; the other scores are matrix products.
 *
 * @module
 */
import type { Inputs, PackKernel } from "./pack.ts";

/** A kernel reads where these shapes say, so they are checked before it does. */
function check({ query, keys, v }: Inputs): void {
  const [batch, , width] = query.shape;
  if (keys.shape[0] !== batch || keys.shape[2] !== width || v.shape[0] !== width) {
    throw new Error(
      `Cannot score pairs as query, keys and v must be [B, T, D], [B, S, D] and [D]: current value is ` +
        `[${query.shape}], [${keys.shape}] and [${v.shape}]`,
    );
  }
}

/** Inputs query `[B, T, D]` and keys `[B, S, D]`, both projected, and v `[D]`; output logits `[B, T, S]`. */
const concatScore: PackKernel = {
  name: "HeedConcatScore",
  run({ backend, functions, address }, inputs) {
    check(inputs);
    const { query, keys, v } = inputs;
    const [batch, queries, width] = query.shape;
    const logits = backend.makeOutput([batch, queries, keys.shape[1]], "float32");
    functions.concatScore(...[query, keys, v, logits].map(address), batch, queries, keys.shape[1], width);
    return logits;
  },
};

/** Inputs as {@linkcode concatScore}'s, and dy `[B, T, S]`; outputs the gradients at query, keys and v. */
const concatScoreGradient: PackKernel = {
  name: "HeedConcatScoreGrad",
  run({ backend, functions, address }, inputs) {
    check(inputs);
    const { query, keys, v, dy } = inputs;
    const [batch, queries, width] = query.shape;
    const made = [query, keys, v].map(({ shape }) => backend.makeOutput(shape, "float32"));
    functions.concatScoreGradient(
      ...[query, keys, v, dy, ...made].map(address),
      batch,
      queries,
      keys.shape[1],
      width,
    );
    return made;
  },
};

/** Kernels of this file. */
export const scoreKernels: readonly PackKernel[] = [concatScore, concatScoreGradient];
