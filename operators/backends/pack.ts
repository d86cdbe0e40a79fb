/**
 * The kernel pack in place: a second WebAssembly module on the memory of TensorFlow.js's wasm backend, so that its kernels
 * read and write tensors where they lie, and the registration of those kernels over the stock ones.
 *
 * The module owns nothing in that memory: scratch space is one arena from the backend's own allocator, grown rarely and
 * freed when the pack is taken out. The module takes addresses, never views, so that growth of the memory (which detaches
 * every view) can't reach it.
 *
 * @module
 */
import { announceBuild } from "../numerics/device.ts";
import { tf } from "../numerics/tf.ts";
import { adamKernels } from "./adam_kernels.ts";
import { arrayKernels } from "./array_kernels.ts";
import { attentionKernels } from "./attention_kernels.ts";
import { type Build, BUILDS } from "./build_names.ts";
import { dropoutKernels } from "./dropout_kernels.ts";
import { flatKernels } from "./flat_kernels.ts";
import { gruKernels } from "./gru_kernels.ts";
import { lossKernels } from "./loss_kernels.ts";
import { poly2Kernels } from "./poly2_kernels.ts";
import { productKernels } from "./product_kernels.ts";
import { scoreKernels } from "./score_kernels.ts";
import { segmentKernels } from "./segment_kernels.ts";
import { unaryKernels } from "./unary_kernels.ts";

/** What the pack uses of the wasm backend. */
export interface WasmBackend {
  readonly wasm: {
    readonly asm: { readonly memory: WebAssembly.Memory };
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  readonly dataIdMap: { get(id: object): { memoryOffset: number } };
  makeOutput(shape: readonly number[], dtype: string): tf.TensorInfo;
  disposeData(id: object): boolean;
}

/** Functions of the compiled module, by name; every argument is a number (addresses are unsigned). */
export type PackFunctions = Readonly<Record<string, (...args: number[]) => number>>;

/** What a kernel of the pack is given. */
export interface PackContext {
  readonly backend: WasmBackend;
  readonly functions: PackFunctions;
  /** Address of a tensor's first value. */
  address(tensor: tf.TensorInfo): number;
  /** Address of at least `bytes` bytes of scratch, a multiple of 16, good until the next call. */
  scratch(bytes: number): number;
  /** The stock kernel of this name, for what the pack leaves to it. */
  stock(name: string): tf.KernelFunc | undefined;
}

/** The tensors that a kernel is given, by name; the kernel's contract says which are there. */
export type Inputs = Readonly<Record<string, tf.TensorInfo>>;

/** A kernel that the pack registers: its name, and what runs. */
export interface PackKernel {
  readonly name: string;
  run(
    context: PackContext,
    inputs: Inputs,
    attrs: Record<string, unknown>,
  ): tf.TensorInfo | tf.TensorInfo[];
}

/** `(module (func (result v128) ... ))` with `i8x16.splat`, then with `f32x4.relaxed_madd`: valid where the host has it. */
const PROBES: Readonly<Record<Build, readonly number[]>> = {
  simd: [65, 0, 253, 15, 253, 98, 11],
  relaxed: [65, 0, 253, 17, 65, 0, 253, 17, 65, 0, 253, 17, 253, 133, 2, 11],
};

/** Whether this host runs a build. */
export function supports(build: Build): boolean {
  const code = PROBES[build];
  const header = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0];
  return WebAssembly.validate(new Uint8Array([...header, 10, code.length + 3, 1, code.length + 1, 0, ...code]));
}

/** Every kernel of the pack, in the order of registration. */
export const packKernels: readonly PackKernel[] = [
  ...[...productKernels, ...segmentKernels, ...gruKernels],
  ...[...adamKernels, ...lossKernels, ...scoreKernels, ...arrayKernels, ...unaryKernels],
  ...[...attentionKernels, ...poly2Kernels, ...flatKernels, ...dropoutKernels],
];

let installed:
  | { readonly build: Build; readonly functions: PackFunctions; release(): void; remove(): void }
  | undefined;

/** The build that is in place now. */
export function installedBuild(): Build | "off" {
  return installed?.build ?? "off";
}

/** The module's functions, for benchmarks: undefined when the pack is off. */
export function packFunctions(): PackFunctions | undefined {
  return installed?.functions;
}

/** Takes the pack out: stock kernels back in place, scratch freed. */
export function removePack(): void {
  installed?.remove();
  installed = undefined;
  announceBuild("off");
}

/** Gives the scratch arena back; the next kernel that needs one makes its own. */
export function releaseScratch(): void {
  installed?.release();
}

/** Puts a build of the pack over the stock kernels of the wasm backend, which must be the current one. */
export async function installPack(build: Build): Promise<void> {
  if (installed?.build === build) return;
  const backend = tf.backend() as unknown as WasmBackend;
  const binary = await Deno.readFile(new URL(BUILDS[build], import.meta.url));
  const { instance } = await WebAssembly.instantiate(binary, { env: { memory: backend.wasm.asm.memory } });
  // Nothing was touched before the last await, so that calls at the same time don't take each other's kernels for stock.
  removePack();
  const functions = instance.exports as unknown as PackFunctions;
  functions.prepare(1);
  const stock = new Map<string, tf.KernelConfig>();
  let arena = { address: 0, bytes: 0 };

  const context: PackContext = {
    backend,
    functions,
    address: (tensor) => backend.dataIdMap.get(tensor.dataId).memoryOffset,
    scratch(bytes) {
      if (bytes > arena.bytes) {
        if (arena.address) backend.wasm._free(arena.address);
        const wanted = Math.ceil(bytes / 65536) * 65536;
        // Nothing is held should the allocator refuse.
        arena = { address: 0, bytes: 0 };
        const address = backend.wasm._malloc(wanted) >>> 0;
        if (address === 0) {
          throw new Error(
            `Cannot run a kernel as its scratch must fit into the backend's memory: current value is ${wanted} bytes`,
          );
        }
        arena = { address, bytes: wanted };
      }
      return arena.address;
    },
    stock: (name) => stock.get(name)?.kernelFunc,
  };

  for (const kernel of packKernels) {
    const replaced = tf.getKernel(kernel.name, "wasm");
    if (replaced) {
      stock.set(kernel.name, replaced);
      tf.unregisterKernel(kernel.name, "wasm");
    }
    tf.registerKernel({
      kernelName: kernel.name,
      backendName: "wasm",
      kernelFunc: ({ inputs, attrs }) =>
        kernel.run(context, inputs as Inputs, (attrs ?? {}) as Record<string, unknown>),
    });
  }
  const release = () => {
    if (arena.address) backend.wasm._free(arena.address);
    arena = { address: 0, bytes: 0 };
  };
  installed = {
    build,
    functions,
    release,
    remove() {
      for (const { name } of packKernels) {
        if (tf.getKernel(name, "wasm")) tf.unregisterKernel(name, "wasm");
        const replaced = stock.get(name);
        if (replaced) tf.registerKernel({ ...replaced, setupFunc: undefined });
      }
      release();
    },
  };
  announceBuild(build);
}
