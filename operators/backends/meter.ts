/**
 * How many bytes a backend has in use, and the most it had: tensors and scratch together, so that reports can state
 * measured memory.
 *
 * @module
 */
import { tf } from "../numerics/tf.ts";
import type { WasmBackend } from "./pack.ts";

/** Bytes in use, watched. */
export interface Meter {
  /** Most bytes in use at once since the last reset. */
  peakBytes(): number;
  /** Starts the peak anew from what is in use now. */
  resetPeak(): void;
}

/**
 * Watches the wasm backend's allocator as JavaScript calls it: every tensor, every intermediate result of a kernel and
 * all scratch of the kernel pack. What stock kernels allocate inside the backend's own module is out of sight.
 */
export function meterWasm(): Meter {
  const { wasm } = tf.backend() as unknown as WasmBackend;
  // Emscripten's first call of an export puts the bare function in the wrapper's place: make that call first.
  wasm._free(wasm._malloc(1));
  const sizes = new Map<number, number>();
  const malloc = wasm._malloc, free = wasm._free;
  let live = tf.memory().numBytes, peak = live;
  wasm._malloc = (bytes) => {
    const address = malloc(bytes) >>> 0;
    sizes.set(address, bytes);
    live += bytes;
    if (live > peak) peak = live;
    return address;
  };
  wasm._free = (address) => {
    live -= sizes.get(address) ?? 0;
    sizes.delete(address);
    free(address);
  };
  return { peakBytes: () => peak, resetPeak: () => peak = live };
}

/** Watches TensorFlow.js's own count of tensors, for backends whose allocator is out of reach. */
export function meterTensors(): Meter {
  const engine = tf.engine();
  let peak = engine.memory().numBytes;
  const track = engine.trackTensor;
  engine.trackTensor = function (tensor, backend) {
    track.call(engine, tensor, backend);
    peak = Math.max(peak, engine.state.numBytes);
  };
  return { peakBytes: () => peak, resetPeak: () => peak = engine.state.numBytes };
}
