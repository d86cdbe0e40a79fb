/**
 * Tensors for tests: two backends, seeded values, and a check that nothing leaks.
 *
 * @module
 */
import { useEngine } from "../../operators/backends/engine.ts";
import { normal } from "../../operators/numerics/random.ts";
import type { InitialValues, TensorMap } from "../../operators/numerics/shape.ts";
import { type Tensor, tf } from "../../operators/numerics/tf.ts";

/** A test on the cpu backend and on wasm with the kernel pack; it also fails when it leaves a tensor behind. */
export function tensorTest(name: string, body: () => void): void {
  for (const backend of ["cpu", "wasm"] as const) {
    Deno.test(`${name} (${backend})`, async () => {
      await useEngine({ backend });
      const before = tf.memory().numTensors;
      tf.tidy(body);
      const left = tf.memory().numTensors - before;
      if (left !== 0) throw new Error(`${left} tensors were left behind`);
    });
  }
}

/** Seeded normal values as a tensor. */
export function randomTensor<T extends Tensor>(shape: number[], seed: number, deviation = 1): T {
  return tf.tensor(normal(shape, deviation, seed).values, shape) as T;
}

/** Initial values as tensors. */
export function toTensors(values: InitialValues): TensorMap {
  return Object.fromEntries(
    Object.entries(values).map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
  );
}

/** A tensor's values as float64 numbers. */
export function valuesOf(tensor: Tensor): number[] {
  return Array.from(tensor.dataSync());
}
