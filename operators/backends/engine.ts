/**
 * Which device computes: picks a TensorFlow.js backend, readies it without a word on the console, and puts the kernel pack
 * over the wasm backend's slow kernels. Works in the main thread and in workers, without network.
 *
 * @module
 */
import { tf } from "../numerics/tf.ts";
import { InputError } from "../records.ts";
import type { Build } from "./build_names.ts";
import { type Meter, meterTensors, meterWasm } from "./meter.ts";
import { installedBuild, installPack, releaseScratch, removePack, supports } from "./pack.ts";
import { registerPlainSegmentSum } from "./plain_segment_sum.ts";

export { type KernelRate, kernelRates } from "./kernel_rates.ts";
export { FUNCTION_OPERATIONS } from "./kernel_cases.ts";

/** The backends that can be asked for. */
export const BACKENDS = ["wasm", "webgpu", "cpu"] as const;

/** The name of a backend. */
export type BackendName = typeof BACKENDS[number];

/** What {@linkcode useEngine} takes. */
export interface EngineOptions {
  /** @default "wasm" */
  readonly backend?: BackendName;
  /**
   * The kernel pack, on the wasm backend only: `true` is the best build that the host runs, `"simd"` the one without
   * relaxed SIMD, `false` stock kernels alone.
   *
   * @default what the environment variable HEED_PACK says ("relaxed", "simd" or "off") where it may be read, else true
   */
  readonly pack?: boolean | Build | "off";
}

/** The device in use. */
export interface Engine {
  readonly name: BackendName;
  /** The build of the kernel pack that is in place. */
  readonly pack: Build | "off";
  /** Most bytes in use at once since {@linkcode Engine.resetPeak}: tensors and the pack's scratch together. */
  peakBytes(): number;
  /** Starts {@linkcode Engine.peakBytes} anew from what is in use now. */
  resetPeak(): void;
  /** Gives the pack's scratch back, so that the next peak holds what is needed from then on and no more. */
  releaseScratch(): void;
}

/** The build of the kernel pack that is in place on the current backend. */
export function packInPlace(): Build | "off" {
  return tf.getBackend() === "wasm" ? installedBuild() : "off";
}

const WASM_BINARY = "npm:@tensorflow/tfjs-backend-wasm@4.22.0/dist/tfjs-backend-wasm-simd.wasm";

const meters = new Map<BackendName, Meter>();
let wasmReady: Promise<unknown> | undefined;

/**
 * Readies a backend and makes it the current one. May be called again with other settings; tensors made before live on
 * the backend that they were made on.
 *
 * @throws InputError when the backend is unknown, or this host has no device for it.
 */
export async function useEngine(options: EngineOptions = {}): Promise<Engine> {
  const { backend = "wasm", pack = packFromEnvironment() } = options;
  if (!BACKENDS.includes(backend)) {
    throw new InputError(
      `Cannot use the backend as it must be one of ${BACKENDS.join(", ")}: current value is ${backend}`,
    );
  }
  await start(backend);
  let meter = meters.get(backend);
  if (!meter) meters.set(backend, meter = backend === "wasm" ? meterWasm() : meterTensors());
  if (backend === "wasm") {
    const build = chooseBuild(pack);
    if (build === "off") removePack();
    else await installPack(build);
  }
  meter.resetPeak();
  return { name: backend, pack: backend === "wasm" ? installedBuild() : "off", releaseScratch, ...meter };
}

/**
 * Starts a backend under IS_TEST, which silences TensorFlow.js's banner (the cpu backend prints it at its first tensor).
 * The flag is put back: it also checks every kernel for leaked buffers, and wrongly accuses `logSoftmax` inside a tape.
 */
async function start(backend: BackendName): Promise<void> {
  const before = tf.env().getBool("IS_TEST");
  tf.env().set("IS_TEST", true);
  try {
    if (backend === "wasm") await readyWasm();
    if (backend === "webgpu") await readyWebgpu();
    if (!await tf.setBackend(backend)) {
      throw new InputError(`Cannot use the backend as it must start on this host: current value is ${backend}`);
    }
    await tf.ready();
    if (backend === "wasm") registerPlainSegmentSum();
    if (backend === "cpu") tf.scalar(0).dispose();
  } finally {
    tf.env().set("IS_TEST", before);
  }
}

/** The switch for a whole run: any program or test runs on another build, or on none, as it stands. */
function packFromEnvironment(): Build | "off" | true {
  const variable = "HEED_PACK";
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return true;
  const value = Deno.env.get(variable) ?? "";
  if (value === "") return true;
  if (value === "relaxed" || value === "simd" || value === "off") return value;
  throw new InputError(`Cannot start as HEED_PACK must be relaxed, simd or off: current value is ${value}`);
}

function chooseBuild(pack: boolean | Build | "off"): Build | "off" {
  if (pack === false || pack === "off") return "off";
  if (pack !== "simd" && supports("relaxed")) return "relaxed";
  return supports("simd") ? "simd" : "off";
}

function readyWasm(): Promise<unknown> {
  return wasmReady ??= import("@tensorflow/tfjs-backend-wasm").then(({ setWasmPaths }) => {
    // One build only, SIMD without threads: the pack's kernels run on the caller's thread.
    const path = toPath(import.meta.resolve(WASM_BINARY));
    setWasmPaths({
      "tfjs-backend-wasm.wasm": toPath(import.meta.resolve(WASM_BINARY.replace("-simd", ""))),
      "tfjs-backend-wasm-simd.wasm": path,
      "tfjs-backend-wasm-threaded-simd.wasm": path,
    });
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  });
}

function toPath(url: string): string {
  const path = decodeURIComponent(new URL(url).pathname);
  return Deno.build.os === "windows" ? path.slice(1).replaceAll("/", "\\") : path;
}

async function readyWebgpu(): Promise<void> {
  if (!globalThis.navigator?.gpu) {
    throw new InputError(
      "Cannot use the backend webgpu as Deno must run with --unstable-webgpu: current value is without",
    );
  }
  if (!await navigator.gpu.requestAdapter()) {
    throw new InputError("Cannot use the backend webgpu as the host must have an adapter: current value is none");
  }
  await import("@tensorflow/tfjs-backend-webgpu");
}
