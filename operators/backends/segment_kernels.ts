/**
 * `UnsortedSegmentSum` on the wasm backend, which lacks it: the gradient of `gather`, so that embeddings learn.
 *
 * @module
 */
import type { PackKernel } from "./pack.ts";

const unsortedSegmentSum: PackKernel = {
  name: "UnsortedSegmentSum",
  /** x `[N, ...]` float32, segmentIds `[N]` int32; result `[numSegments, ...]`. */
  run({ backend, functions, address }, { x, segmentIds }, attrs) {
    const segments = attrs.numSegments as number;
    if (x.dtype !== "float32" || segmentIds.dtype !== "int32" || segmentIds.shape.length !== 1) {
      throw new Error(
        `Cannot sum segments as x must be float32 and ids a list of int32: current value is ${x.dtype}, ` +
          `${segmentIds.dtype} [${segmentIds.shape}]`,
      );
    }
    const rows = segmentIds.shape[0];
    const shape = [segments, ...x.shape.slice(1)];
    const width = x.shape.slice(1).reduce((product, side) => product * side, 1);
    const out = backend.makeOutput(shape, "float32");
    functions.segmentSum(address(x), address(segmentIds), address(out), rows, width, segments);
    return out;
  },
};

/** Kernels of this file. */
export const segmentKernels: readonly PackKernel[] = [unsortedSegmentSum];
