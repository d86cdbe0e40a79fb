/** @module measure: what one score function costs, predicted, counted and timed */
import { concatMap, map, type OperatorFunction, range, reduce } from "rxjs";
import { lend, transform } from "./loan.ts";
import { countScore, type ScoreCount } from "./numerics/counting.ts";
import { normal, seedFrom } from "./numerics/random.ts";
import type { CostDims, Score, ScoreCost } from "./numerics/score.ts";
import type { Initial, TensorMap } from "./numerics/shape.ts";
import { type Scalar, type Tensor, type Tensor3D, tf } from "./numerics/tf.ts";

/** The costs of one score at one size. */
export interface Measured {
  readonly score: Score;
  /** The closed form. */
  readonly predicted: ScoreCost;
  /** What an instrumented execution counted. */
  readonly counted: ScoreCount;
  /** Seconds of each repetition, scores alone. */
  readonly forward: readonly number[];
  /** Seconds of each repetition, scores and the gradients of their parameters, queries and keys. */
  readonly training: readonly number[];
}

/** Options of {@linkcode measure}. */
export interface MeasureOptions extends CostDims {
  /** Repetitions that are kept, after two to warm up. @default {15} */
  readonly repeats?: number;
  readonly seed?: number;
}

/**
 * Measures each score that comes in: closed form, counted operations, and time on the present device, on random queries
 * and keys. Times are of synchronous devices (wasm, cpu); on a GPU they tell how long it takes to ask.
 */
export function measure(options: MeasureOptions): OperatorFunction<Score, Measured> {
  const { batch = 1, queries, keys, query, key, seed = 1, repeats = 15 } = options;
  const warmUp = 2;
  return concatMap((score) => {
    const initial = score.parameters(options, seedFrom(seed, score.name));
    const inputs = {
      query: normal([batch, queries, query], 1, seedFrom(seed, "query")),
      keys: normal([batch, keys, key], 1, seedFrom(seed, "keys")),
    };
    const lent = lend((_: number) => ({ ...tensorsOf(inputs), params: tensorsOf(initial) }) as Inputs);
    return range(warmUp + repeats).pipe(
      lent,
      transform((tensors, { record }) => {
        // Counting slows an execution down, so the first one, which is not timed, is the one that counts.
        const counted = record === 0 ? countScore(score, tensors.params, tensors.query, tensors.keys) : undefined;
        const forward = seconds(() => apply(score, tensors));
        const training = seconds(() => gradients(score, tensors));
        return { counted, forward, training };
      }),
      // Plain numbers may leave a loan as they are.
      map(({ tensors, record }) => ({ ...tensors, record })),
      reduce(
        (seen, { counted, forward, training, record }) => ({
          counted: seen.counted ?? counted,
          forward: record < warmUp ? [] : [...seen.forward, forward],
          training: record < warmUp ? [] : [...seen.training, training],
        }),
        { counted: undefined, forward: [], training: [] } as {
          counted: ScoreCount | undefined;
          forward: number[];
          training: number[];
        },
      ),
      map(({ counted, forward, training }): Measured => ({
        score,
        predicted: score.cost(options),
        counted: counted!,
        forward,
        training,
      })),
    );
  });
}

interface Inputs {
  readonly query: Tensor3D;
  readonly keys: Tensor3D;
  readonly params: TensorMap;
}

function tensorsOf(initial: Readonly<Record<string, Initial>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(initial).map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
  );
}

function apply(score: Score, { params, query, keys }: Inputs): Tensor3D {
  return score.apply(params, query, keys, score.prepare?.(params, keys));
}

function gradients(score: Score, { params, query, keys }: Inputs): Tensor[] {
  const names = Object.keys(params);
  const loss = (query: Tensor, keys: Tensor, ...values: Tensor[]) => {
    const own = Object.fromEntries(names.map((name, index) => [name, values[index]]));
    const logits = apply(score, { params: own, query: query as Tensor3D, keys: keys as Tensor3D });
    // Nothing may drop out of the loss: a score that ignores its keys still has them, with weight 0.
    return tf.add(tf.sum(logits), tf.mul(tf.sum(keys), 0)) as Scalar;
  };
  return tf.grads(loss)([query, keys, ...names.map((name) => params[name])]);
}

function seconds(f: () => unknown): number {
  const started = performance.now();
  f();
  return (performance.now() - started) / 1000;
}
