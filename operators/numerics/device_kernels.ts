/**
 * Whether numerics may hand a whole computation to one fused kernel of the current backend, or must compose it from stock
 * operations. They know such kernels by registered name alone.
 *
 * @module
 */
import { type Tensor, tf } from "./tf.ts";

let composing = false;

/** Whether the current backend has all of these kernels, and fused kernels are in use. */
export function hasKernels(...names: readonly string[]): boolean {
  const backend = tf.getBackend();
  return !composing && names.every((name) => tf.getKernel(name, backend) !== undefined);
}

/** Whether {@linkcode composed} is at work. */
export function isComposing(): boolean {
  return composing;
}

/**
 * Runs a synchronous function with every fused kernel left aside: the same results from stock operations. Counting runs so
 * (a fused kernel hides what it does, and computes some things twice), and a fused result can be checked against it.
 */
export function composed<R>(f: () => R): R {
  const before = composing;
  composing = true;
  try {
    return f();
  } finally {
    composing = before;
  }
}

/**
 * Runs a synchronous function beside the tape, as a kernel runs: what it computes is no step of the way back. For choices
 * (which tree) that a gradient takes as given.
 */
export function beside<R>(f: () => R): R {
  const { state } = tf.engine();
  state.kernelDepth++;
  try {
    return f();
  } finally {
    state.kernelDepth--;
  }
}

/** Runs a kernel by name; `undefined` inputs are left out. */
export function runKernel<R>(name: string, inputs: Readonly<Record<string, unknown>>, attributes: object = {}): R {
  const given = Object.fromEntries(Object.entries(inputs).filter(([, tensor]) => tensor !== undefined));
  return tf.engine().runKernel(name, given as never, attributes as never) as R;
}

/**
 * A computation with several results and a gradient by hand: what `tf.customGrad` is for one result. What `forward` saves
 * for the way back is no result, so that the tape doesn't fill zeros in for gradients that never arrive there (a copy of
 * all gates of a recurrent layer, say).
 *
 * @param forward gives the results; `save` does nothing outside a tape
 * @param backward gives the gradients at the inputs, in their order, from those at the results and from what was saved
 */
export function withGradient(
  inputs: Readonly<Record<string, Tensor>>,
  forward: (save: (tensors: Tensor[]) => void) => Tensor[],
  backward: (dys: Tensor[], saved: Tensor[]) => Tensor[],
): Tensor[] {
  // The engine's own way under customGrad, which refuses more than one result.
  const engine = tf.engine() as unknown as { runKernelFunc(call: object): Tensor[] };
  return engine.runKernelFunc({
    inputs,
    forwardFunc: (_backend: unknown, save: (tensors: Tensor[]) => void) => forward(save),
    backwardsFunc(dys: Tensor | Tensor[], saved: Tensor[]) {
      const found = backward(Array.isArray(dys) ? dys : [dys], saved);
      return Object.fromEntries(Object.keys(inputs).map((name, index) => [name, () => found[index]]));
    },
  });
}
