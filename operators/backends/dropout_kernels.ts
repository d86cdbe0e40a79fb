/**
 * The factors of dropout in one pass, under the name by which operators/numerics/dropout.ts asks for them:
 * `HeedDropFactors`. Arithmetic is in wasm/dropout.ts.
 *
 * @module
 */
import type { PackKernel } from "./pack.ts";

/** No input; output float32 factors of `shape`. The generator's `state` (four 32-bit words, low before high) moves on. */
const dropFactors: PackKernel = {
  name: "HeedDropFactors",
  run({ backend, functions, address, scratch }, _inputs, attrs) {
    const { shape, state, limit, kept } = attrs as { shape: number[]; state: Int32Array; limit: number; kept: number };
    const out = backend.makeOutput(shape, "float32");
    const place = scratch(16);
    const words = () => new Int32Array(backend.wasm.asm.memory.buffer, place, 4);
    words().set(state);
    functions.dropFactors(address(out), shape.reduce((product, side) => product * side, 1), place, limit, kept);
    state.set(words());
    return out;
  },
};

/** Kernels of this file. */
export const dropoutKernels: readonly PackKernel[] = [dropFactors];
