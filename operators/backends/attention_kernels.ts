/**
 * Softmax attention as one kernel each way, under the names by which operators/numerics/softmax_attention.ts asks for
 * them. Shapes are read here; arithmetic is in wasm/attention.ts and wasm/attention_gradient.ts.
 *
 * @module
 */
import { checkFloats } from "./float_inputs.ts";
import type { Inputs, PackKernel } from "./pack.ts";

/** B, H, N, S, D, M and the settings, in the order in which the module takes them. */
function sizes({ q, k, v }: Inputs, { causal, scale }: Record<string, unknown>): number[] {
  const [batches, heads, queries, depth] = q.shape;
  return [batches, heads, queries, k.shape[2], depth, v.shape[3], Number(Boolean(causal)), scale as number];
}

/**
 * Inputs q `[B, H, N, D]`, k `[B, H, S, D]`, v `[B, H, S, M]` and mask `[B, S]` or none; outputs `[B, H, N, M]`, and for
 * the way back the greatest score and the sum of powers of each query, `[B, H, N]`.
 */
const attention: PackKernel = {
  name: "HeedAttention",
  run({ backend, functions, address, scratch }, inputs, attrs) {
    checkFloats("attend", inputs);
    const { q, k, v, mask } = inputs;
    const [batches, heads, queries, depth] = q.shape;
    const width = v.shape[3];
    const made = [[batches, heads, queries, width], [batches, heads, queries], [batches, heads, queries]]
      .map((shape) => backend.makeOutput(shape, "float32"));
    const room = scratch(functions.attentionScratch(queries, depth, width));
    functions.attention(
      ...[q, k, v].map(address),
      mask ? address(mask) : 0,
      ...made.map(address),
      ...sizes(inputs, attrs),
      room,
    );
    return made;
  },
};

/** Inputs as {@linkcode attention} took and gave them, and dOut `[B, H, N, M]`; outputs the gradients at q, k and v. */
const attentionGradient: PackKernel = {
  name: "HeedAttentionGrad",
  run({ backend, functions, address, scratch }, inputs, attrs) {
    checkFloats("attend", inputs);
    const { q, k, v, mask, out, maxima, totals, dOut } = inputs;
    const made = [q, k, v].map(({ shape }) => backend.makeOutput(shape, "float32"));
    const room = scratch(functions.attentionGradientScratch(q.shape[3], v.shape[3]));
    functions.attentionGradient(
      ...[q, k, v].map(address),
      mask ? address(mask) : 0,
      ...[out, maxima, totals, dOut, ...made].map(address),
      ...sizes(inputs, attrs),
      room,
    );
    return made;
  },
};

/** Kernels of this file. */
export const attentionKernels: readonly PackKernel[] = [attention, attentionGradient];
