/**
 * `Tanh`, `Sigmoid` and `Exp` four values at a time (wasm/math.ts says how exactly); the stock kernels compute them one by
 * one. Types other than float32 go to the stock kernel.
 *
 * @module
 */
import type { tf } from "../numerics/tf.ts";
import type { PackKernel } from "./pack.ts";

function unary(name: string, of: string): PackKernel {
  return {
    name,
    run({ backend, functions, address, stock }, inputs, attrs) {
      const { x } = inputs;
      if (x.dtype !== "float32") {
        return stock(name)!({ inputs: inputs as tf.NamedTensorInfoMap, attrs: attrs as tf.NamedAttrMap, backend });
      }
      const out = backend.makeOutput(x.shape, "float32");
      functions[of](address(x), address(out), x.shape.reduce((product, side) => product * side, 1));
      return out;
    },
  };
}

/** Kernels of this file. */
export const unaryKernels: readonly PackKernel[] = [
  unary("Tanh", "tanhOf"),
  unary("Sigmoid", "sigmoidOf"),
  unary("Exp", "expOf"),
];
