/**
 * Counting by instrumented execution: run the code, look at every kernel that it executes, and add up operations from the
 * shapes. It knows nothing of the closed forms that it is held against, and works for any function of tensors.
 *
 * What is counted is always the composition of stock operations, on every backend: a fused device kernel hides what it
 * does, and saves memory by computing some things twice. So counts are a property of the function, not of the device.
 *
 * @module
 */
import { composed } from "./device_kernels.ts";
import { isFolded, kernelCost, type KernelRun } from "./kernel_costs.ts";
import type { Score, ScoreCost } from "./score.ts";
import { sizeOf, type TensorMap } from "./shape.ts";
import { type Tensor, type Tensor3D, tf } from "./tf.ts";

/** The executions of one kernel. */
export interface KernelCount {
  readonly name: string;
  readonly executions: number;
  readonly operations: number;
}

/** What was executed. */
export interface OperationCount {
  readonly operations: number;
  /** Multiplications by one constant, left out of `operations` because a matrix product absorbs them. */
  readonly folded: number;
  /**
   * Every multiplication and addition once, as THEORY.md 6.3 counts: a matrix product of m x k by k x n is mn (2k - 1), one
   * less for each result than in `operations`, and what was folded counts.
   */
  readonly exact: number;
  /** By kernel, in the order of first execution. */
  readonly kernels: readonly KernelCount[];
}

type Observer = (name: string, run: KernelRun, inputs: readonly Tensor[], outputs: readonly Tensor[]) => void;

/**
 * Runs `f`, composed, with every kernel reported to `observer`. The engine is one object for all, so `f` must be synchronous: then
 * nobody else's kernels can be among those that are seen.
 */
function observe<R>(f: () => R, observer: Observer): R {
  const engine = tf.engine();
  const original = engine.runKernel;
  engine.runKernel = function <T>(name: string, inputs: Record<string, Tensor>, attributes: object = {}): T {
    const result = original.call(engine, name, inputs as never, attributes as never);
    const outputs = (Array.isArray(result) ? result : [result]) as Tensor[];
    const present = Object.entries(inputs).filter(([, tensor]) => tensor !== null && tensor !== undefined);
    const run: KernelRun = { inputs: Object.fromEntries(present), outputs, attributes: { ...attributes } };
    observer(name, run, present.map(([, tensor]) => tensor), outputs);
    return result as T;
  } as typeof engine.runKernel;
  try {
    return composed(f);
  } finally {
    engine.runKernel = original;
  }
}

function tally() {
  const kernels = new Map<string, { name: string; executions: number; operations: number }>();
  let folded = 0, products = 0;
  return {
    add(name: string, run: KernelRun): void {
      const operations = kernelCost(name).operations(run);
      const seen = kernels.get(name) ?? { name, executions: 0, operations: 0 };
      kernels.set(name, { name, executions: seen.executions + 1, operations: seen.operations + operations });
      if (name.endsWith("MatMul")) products += sizeOf(run.outputs[0].shape);
      if (name === "Multiply" && isFolded(run)) folded += sizeOf(run.outputs[0].shape);
    },
    total(): OperationCount {
      const list = [...kernels.values()];
      const operations = list.reduce((sum, kernel) => sum + kernel.operations, 0);
      return { operations, folded, exact: operations - products + folded, kernels: list };
    },
  };
}

/**
 * Counts the floating-point operations of a synchronous function of tensors, by executing it. The function's tensors are
 * the caller's to dispose of.
 *
 * @throws RangeError naming the first kernel that {@linkcode kernelCost} doesn't know
 */
export function countOperations(f: () => unknown): OperationCount {
  const counts = tally();
  observe(f, (name, run) => counts.add(name, run));
  return counts.total();
}

/** A score's cost as executed, to hold against its closed form. */
export type ScoreCount = ScoreCost & OperationCount;

const fromQuery = 1;
const fromKeys = 2;
const fromBoth = fromQuery | fromKeys;

/**
 * Executes a score once (its `prepare` included) and counts.
 *
 * Activations are counted so: every tensor is marked by whether it depends on the query, on the keys, or on both. Those
 * on both are the pairwise ones. Of these, the elements of the distinct tensors that some kernel's gradient needs are
 * added up. The logits always cost their own elements (the softmax keeps its weights in their place), so the count is
 * the greater of the two: B T S for a score that keeps nothing between its products and its logits, d_a B T S for concat.
 *
 * @param query `[B, T, l_d]`
 * @param keys `[B, S, l_e]`; a tensor other than `query`
 * @throws RangeError naming the first kernel that {@linkcode kernelCost} doesn't know
 */
export function countScore(score: Score, params: TensorMap, query: Tensor3D, keys: Tensor3D): ScoreCount {
  const counts = tally();
  const origins = new Map<object, number>([[query.dataId, fromQuery], [keys.dataId, fromKeys]]);
  const kept = new Map<object, number>();
  const keep = (tensor: Tensor) => {
    if (origins.get(tensor.dataId) === fromBoth) kept.set(tensor.dataId, tensor.size);
  };
  const logits = observe(
    () => score.apply(params, query, keys, score.prepare?.(params, keys)),
    (name, run, ins, outs) => {
      counts.add(name, run);
      const origin = ins.reduce((marks, input) => marks | (origins.get(input.dataId) ?? 0), 0);
      // A reshaped tensor shares its data, and so its mark, with the one that it was made from.
      for (const output of outs) origins.set(output.dataId, (origins.get(output.dataId) ?? 0) | origin);
      const { keeps } = kernelCost(name);
      const scalesOnly = name === "Multiply" && isFolded(run); // the gradient of c x needs c alone
      if ((keeps === "inputs" || keeps === "both") && !scalesOnly) ins.forEach(keep);
      if (keeps === "outputs" || keeps === "both") outs.forEach(keep);
    },
  );
  const pairwise = [...kept.values()].reduce((sum, size) => sum + size, 0);
  const activations = Math.max(pairwise, logits.size);
  const parameters = Object.values(params).reduce((sum, tensor) => sum + tensor.size, 0);
  return { ...counts.total(), parameters, activations, bytes: 4 * activations };
}
