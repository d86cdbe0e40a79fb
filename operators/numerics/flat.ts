/**
 * Tensors and one flat row of float32, one after another: how parameters and gradients reach another thread. Where the
 * backend has the kernels, each value is copied once, also from and to shared memory.
 *
 * @module
 */
import { hasKernels, runKernel } from "./device_kernels.ts";
import { sizeOf } from "./shape.ts";
import { type Tensor, tf } from "./tf.ts";

/** Name of the device kernel that copies tensors into one row. */
export const FLATTEN_KERNEL = "HeedFlatten";
/** Name of the device kernel that makes tensors of one row. */
export const UNFLATTEN_KERNEL = "HeedUnflatten";

/**
 * Writes float32 tensors one after another into `row`.
 *
 * @param row Float32 `[P]`, at least as long as all of them together; may lie in shared memory.
 */
export async function flatten(tensors: readonly Tensor[], row: Float32Array): Promise<void> {
  if (hasKernels(FLATTEN_KERNEL)) {
    runKernel(FLATTEN_KERNEL, { ...tensors }, { row });
    return;
  }
  let at = 0;
  for (const values of await Promise.all(tensors.map((tensor) => tensor.data()))) {
    row.set(values, at);
    at += values.length;
  }
}

/** Tensors of these shapes from one row `[P]`, whose values are copied. */
export function unflatten(row: Float32Array, shapes: readonly (readonly number[])[]): Tensor[] {
  if (hasKernels(UNFLATTEN_KERNEL)) return runKernel<Tensor[]>(UNFLATTEN_KERNEL, {}, { row, shapes });
  let at = 0;
  // A backend may keep the array that it is given, and some refuse shared memory.
  return shapes.map((shape) => tf.tensor(row.slice(at, at += sizeOf(shape)), [...shape]));
}
