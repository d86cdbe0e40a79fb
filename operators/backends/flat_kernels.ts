/**
 * Tensors to one flat row of float32 and back, under the names by which operators/numerics/flat.ts asks for them:
 * `HeedFlatten` and `HeedUnflatten`. A value is copied once, between the backend's memory and the row.
 *
 * @module
 */
import type { PackContext, PackKernel } from "./pack.ts";

const sizeOf = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

/** The values of a tensor where they lie: good until the memory grows. */
const valuesAt = ({ backend }: PackContext, address: number, size: number) =>
  new Float32Array(backend.wasm.asm.memory.buffer, address, size);

/** Inputs any number of float32 tensors; no output, but `row` is written from its start. */
const flatten: PackKernel = {
  name: "HeedFlatten",
  run(context, inputs, attrs) {
    const { row } = attrs as { row: Float32Array };
    let at = 0;
    for (const tensor of Object.values(inputs)) {
      if (tensor.dtype !== "float32") {
        throw new Error(`Cannot flatten as tensors must be float32: current value is ${tensor.dtype}`);
      }
      const size = sizeOf(tensor.shape);
      row.set(valuesAt(context, context.address(tensor), size), at);
      at += size;
    }
    return [];
  },
};

/** No input; outputs float32 tensors of the given `shapes` with the values of `row`. */
const unflatten: PackKernel = {
  name: "HeedUnflatten",
  run(context, _inputs, attrs) {
    const { row, shapes } = attrs as unknown as { row: Float32Array; shapes: number[][] };
    let at = 0;
    return shapes.map((shape) => {
      const out = context.backend.makeOutput(shape, "float32");
      const size = sizeOf(shape);
      valuesAt(context, context.address(out), size).set(row.subarray(at, at += size));
      return out;
    });
  },
};

/** Kernels of this file. */
export const flatKernels: readonly PackKernel[] = [flatten, unflatten];
