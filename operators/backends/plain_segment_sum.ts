/**
 * `UnsortedSegmentSum` for the wasm backend without the kernel pack, in plain JavaScript: the stock backend has none, and
 * without it nothing with an embedding learns.
 *
 * @module
 */
import { tf } from "../numerics/tf.ts";
import type { Inputs, WasmBackend } from "./pack.ts";

/** Registers the kernel where there is none yet. The pack replaces it and puts it back. */
export function registerPlainSegmentSum(): void {
  if (tf.getKernel("UnsortedSegmentSum", "wasm")) return;
  tf.registerKernel({
    kernelName: "UnsortedSegmentSum",
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) => {
      const { x, segmentIds } = inputs as Inputs;
      const backend = tf.backend() as unknown as WasmBackend;
      const segments = (attrs as unknown as { numSegments: number }).numSegments;
      const width = x.shape.slice(1).reduce((product, side) => product * side, 1);
      const out = backend.makeOutput([segments, ...x.shape.slice(1)], "float32");
      // Views only after the output is made: making it may grow the memory, which detaches them.
      const { buffer } = backend.wasm.asm.memory;
      const at = (tensor: tf.TensorInfo) => backend.dataIdMap.get(tensor.dataId).memoryOffset;
      const rows = new Float32Array(buffer, at(x), segmentIds.shape[0] * width);
      const ids = new Int32Array(buffer, at(segmentIds), segmentIds.shape[0]);
      const sums = new Float32Array(buffer, at(out), segments * width).fill(0);
      ids.forEach((id, row) => {
        if (id < 0 || id >= segments) return; // as the stock cpu kernel: such rows are dropped
        for (let column = 0; column < width; column++) sums[id * width + column] += rows[row * width + column];
      });
      return out;
    },
  });
}
