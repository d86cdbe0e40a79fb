/**
 * Tests of the kernel pack: each on every build that this host runs, beside the stock backend.
 *
 * @module
 */
import { useEngine } from "../../operators/backends/engine.ts";
import { supports } from "../../operators/backends/pack.ts";
import { normal } from "../../operators/numerics/random.ts";
import { type Tensor, tf } from "../../operators/numerics/tf.ts";

/** The builds that this host runs. */
export const BUILDS = (["relaxed", "simd"] as const).filter(supports);

/** Without the pack, and with each build that this host runs. */
export const ENGINES = ["off", ...BUILDS] as const;

/** A test with a build in place, for each build; it also fails when it leaves a tensor or bytes behind. */
export function packTest(name: string, body: (build: typeof BUILDS[number]) => void | Promise<void>): void {
  for (const build of BUILDS) {
    Deno.test(`${build}: ${name}`, async () => {
      await useEngine({ pack: build });
      const before = tf.memory();
      await body(build);
      const { numTensors, numBytes } = tf.memory();
      if (numTensors !== before.numTensors || numBytes !== before.numBytes) {
        throw new Error(
          `${numTensors - before.numTensors} tensors, ${numBytes - before.numBytes} bytes were left behind`,
        );
      }
    });
  }
}

/** What a function of tensors gives without the pack and with it. */
export async function stockAndPack<R>(build: typeof BUILDS[number], f: () => R): Promise<{ stock: R; pack: R }> {
  await useEngine({ pack: false });
  const stock = f();
  await useEngine({ pack: build });
  return { stock, pack: f() };
}

/** Seeded normal values. */
export function normals(shape: readonly number[], seed: number, deviation = 1): Float32Array {
  return normal(shape, deviation, seed).values;
}

/** Makes the backend's memory grow, which detaches every view of it. */
export function growMemory(): void {
  const { memory } = (tf.backend() as unknown as { wasm: { asm: { memory: WebAssembly.Memory } } }).wasm.asm;
  const bytes = memory.buffer.byteLength;
  const large: Tensor = tf.zeros([bytes / 4 + 1]);
  large.dispose();
  if (memory.buffer.byteLength === bytes) throw new Error("the memory did not grow");
}
