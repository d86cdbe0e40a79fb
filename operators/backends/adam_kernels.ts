/**
 * The optimiser's kernels, under the names by which operators/numerics/adam.ts asks for them: `HeedAdam`, a whole step of
 * one parameter, and `HeedGlobalNorm`, the norm of all gradients together. Arithmetic is in wasm/adam.ts.
 *
 * @module
 */
import type { tf } from "../numerics/tf.ts";
import type { PackKernel } from "./pack.ts";

const sizeOf = ({ shape }: tf.TensorInfo) => shape.reduce((product, side) => product * side, 1);

/**
 * Inputs value, gradient, m, v of one shape, and scale (a scalar that the gradient is multiplied by first, or none);
 * outputs the new value, m and v.
 */
const adam: PackKernel = {
  name: "HeedAdam",
  run({ backend, functions, address }, inputs, attrs) {
    const { value, gradient, m, v, scale } = inputs;
    const { beta1, beta2, rate, floor } = attrs as Record<string, number>;
    for (const tensor of [value, gradient, m, v]) {
      if (tensor.dtype !== "float32" || `${tensor.shape}` !== `${value.shape}`) {
        throw new Error(
          `Cannot run Adam as all tensors must be float32 [${value.shape}]: current value is ${tensor.dtype} ` +
            `[${tensor.shape}]`,
        );
      }
    }
    const made = [value, m, v].map(({ shape }) => backend.makeOutput(shape, "float32"));
    functions.adam(
      ...[value, gradient, m, v, ...made].map(address),
      sizeOf(value),
      scale ? address(scale) : 0,
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      rate,
      floor,
    );
    return made;
  },
};

/** Inputs any number of float32 tensors; output the Euclidean norm of all their values, a scalar. */
const globalNorm: PackKernel = {
  name: "HeedGlobalNorm",
  run({ backend, functions, address }, inputs) {
    // Tensors in a fixed order, each summed in float64: the norm does not depend on timing, nor on other work.
    let sum = 0;
    for (const tensor of Object.values(inputs)) {
      if (tensor.dtype !== "float32") {
        throw new Error(`Cannot take the norm as tensors must be float32: current value is ${tensor.dtype}`);
      }
      sum += functions.squares(address(tensor), sizeOf(tensor));
    }
    const norm = backend.makeOutput([], "float32");
    new Float32Array(backend.wasm.asm.memory.buffer, address(norm), 1)[0] = Math.sqrt(sum);
    return norm;
  },
};

/** Kernels of this file. */
export const adamKernels: readonly PackKernel[] = [adam, globalNorm];
