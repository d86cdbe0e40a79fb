/**
 * A whole recurrent layer as one kernel each way, under the names by which operators/numerics/recurrence.ts asks for them:
 * `HeedGru` and `HeedGruGrad`. Shapes are read here; the recurrence is in wasm/gru.ts and wasm/gru_gradient.ts.
 *
 * @module
 */
import type { PackKernel } from "./pack.ts";

/**
 * Inputs projected `[B, T, 3U]`, recurrent `[U, 3U]`, recurrentBias `[3U]`, initial `[B, U]`, lengths int32 `[B]`;
 * outputs `[B, T, U]`, final `[B, U]`, and r, z, n, q `[B, T, 4U]` for the way back.
 */
const gru: PackKernel = {
  name: "HeedGru",
  run({ backend, functions, address, scratch }, inputs, { reverse }) {
    const { projected, recurrent, recurrentBias, initial, lengths } = inputs;
    const [batch, steps] = projected.shape;
    const units = recurrent.shape[0];
    if (lengths.dtype !== "int32") {
      throw new Error(`Cannot run a recurrent layer as lengths must be int32: current value is ${lengths.dtype}`);
    }
    const outputs = backend.makeOutput([batch, steps, units], "float32");
    const final = backend.makeOutput([batch, units], "float32");
    const saved = backend.makeOutput([batch, steps, 4 * units], "float32");
    const room = scratch(functions.gruForwardScratch(units));
    functions.gruForward(
      ...[projected, recurrent, recurrentBias, initial, lengths, outputs, final, saved].map(address),
      batch,
      steps,
      units,
      Number(Boolean(reverse)),
      room,
    );
    return [outputs, final, saved];
  },
};

/** Gradients at projected, recurrent, recurrentBias and initial, from those at outputs and final. */
const gruGradient: PackKernel = {
  name: "HeedGruGrad",
  run({ backend, functions, address, scratch }, inputs, { reverse }) {
    const { recurrent, initial, lengths, outputs, saved0, dOutputs, dFinal } = inputs;
    const [batch, steps, units] = outputs.shape;
    const dProjected = backend.makeOutput([batch, steps, 3 * units], "float32");
    const dRecurrent = backend.makeOutput([units, 3 * units], "float32");
    const dBias = backend.makeOutput([3 * units], "float32");
    const dInitial = backend.makeOutput([batch, units], "float32");
    const room = scratch(functions.gruBackwardScratch(units, steps));
    functions.gruBackward(
      ...[recurrent, initial, lengths, outputs, saved0, dOutputs, dFinal].map(address),
      ...[dProjected, dRecurrent, dBias, dInitial].map(address),
      batch,
      steps,
      units,
      Number(Boolean(reverse)),
      room,
    );
    return [dProjected, dRecurrent, dBias, dInitial];
  },
};

/** Kernels of this file. */
export const gruKernels: readonly PackKernel[] = [gru, gruGradient];
