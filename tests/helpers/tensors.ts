/**
 * Tensors for tests: the slow, exact cpu backend, seeded values, and a check that nothing leaks.
 *
 * @module
 */
import { normal } from "../../operators/numerics/random.ts";
import type { InitialValues, TensorMap } from "../../operators/numerics/shape.ts";
import { type Tensor, tf } from "../../operators/numerics/tf.ts";

/** A test on TensorFlow.js's cpu backend that also fails when it leaves a tensor behind. */
export function tensorTest(name: string, body: () => void): void {
  Deno.test(name, async () => {
    tf.env().set("IS_TEST", true);
    await tf.setBackend("cpu");
    const before = tf.memory().numTensors;
    tf.tidy(body);
    const left = tf.memory().numTensors - before;
    if (left !== 0) throw new Error(`${left} tensors were left behind`);
  });
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
