/**
 * Kernel attention of degree 2 as one kernel each way, under the names by which operators/numerics/poly2_attention.ts asks
 * for them. Shapes are read here; arithmetic is in wasm/poly2.ts and wasm/poly2_gradient.ts.
 *
 * @module
 */
import { checkFloats } from "./float_inputs.ts";
import type { Inputs, PackKernel } from "./pack.ts";

/** B, H, N, S, D, M and the settings, in the order in which the module takes them. */
function sizes({ q, k, v }: Inputs, { causal, linear, eps }: Record<string, unknown>): number[] {
  const [batches, heads, queries, depth] = q.shape;
  return [
    ...[batches, heads, queries, k.shape[2], depth, v.shape[3]],
    ...[Number(Boolean(causal)), Number(Boolean(linear)), eps as number],
  ];
}

/**
 * Inputs q `[B, H, N, D]`, k `[B, H, S, D]`, v `[B, H, S, M]`, mask `[B, S]` or none, and state `[B, H, C, M + 1]` or,
 * with what rounding took from it, `[B, H, 2 C, M + 1]`, or none; outputs `[B, H, N, M]`, for the way back the denominators `[B, H, N]`, and where a state came in, the state behind
 * the last key.
 */
const attention: PackKernel = {
  name: "HeedPoly2Attention",
  run({ backend, functions, address, scratch }, inputs, attrs) {
    checkFloats("attend", inputs);
    const { q, k, v, mask, state } = inputs;
    const [batches, heads, queries, depth] = q.shape;
    const keys = k.shape[2], width = v.shape[3];
    const made = [[batches, heads, queries, width], [batches, heads, queries], ...(state ? [state.shape] : [])]
      .map((shape) => backend.makeOutput(shape, "float32"));
    const settings = sizes(inputs, attrs);
    const [causal, linear] = settings.slice(6);
    const room = scratch(functions.poly2Scratch(queries, keys, depth, width, linear, causal));
    functions.poly2Attention(
      ...[q, k, v].map(address),
      mask ? address(mask) : 0,
      state ? address(state) : 0,
      ...made.slice(0, 2).map(address),
      state ? address(made[2]) : 0,
      ...settings,
      Number(state?.shape[2] === (depth + 1) * (depth + 2)),
      room,
    );
    return made;
  },
};

/** Inputs as {@linkcode attention} took and gave them, no state, and dOut `[B, H, N, M]`; outputs the gradients at q, k and v. */
const attentionGradient: PackKernel = {
  name: "HeedPoly2AttentionGrad",
  run({ backend, functions, address, scratch }, inputs, attrs) {
    checkFloats("attend", inputs);
    const { q, k, v, mask, out, totals, dOut } = inputs;
    const made = [q, k, v].map(({ shape }) => backend.makeOutput(shape, "float32"));
    const settings = sizes(inputs, attrs);
    const room = scratch(functions.poly2GradientScratch(q.shape[3], v.shape[3], settings[7]));
    functions.poly2Gradient(
      ...[q, k, v].map(address),
      mask ? address(mask) : 0,
      ...[out, totals, dOut, ...made].map(address),
      ...settings,
      room,
    );
    return made;
  },
};

/** Kernels of this file. */
export const poly2Kernels: readonly PackKernel[] = [attention, attentionGradient];
