/** @module minimise: learn from all batches at once, by L-BFGS */
import { defer, from, map, mergeMap, type Observable, type OperatorFunction, toArray } from "rxjs";
import type { Loan } from "./loan.ts";
import { Callable, type Model } from "./model.ts";
import { lbfgs, type LbfgsOptions, type Slope } from "./numerics/lbfgs.ts";
import type { SummedLoss } from "./numerics/loss.ts";
import type { Parameters } from "./numerics/parameters.ts";
import type { Scalar } from "./numerics/tf.ts";
import type { Batch } from "./records.ts";
import { dryRun, shareOf } from "./train.ts";

/** Options of {@linkcode minimise}. */
export interface MinimiseOptions<T> extends LbfgsOptions {
  readonly parameters: Parameters;
  /** The sum of a batch's losses, with the number of its items (`recursiveSum`, `sequenceLoss`). */
  readonly loss: (tensors: T, loan: Loan<T, Batch>) => Scalar | SummedLoss;
}

/** One accepted step of {@linkcode minimise}. */
export interface MinimiseStep {
  readonly step: number;
  /** Mean loss over all items. */
  readonly loss: number;
  /** Largest entry of the gradient. */
  readonly slope: number;
  /** Passes over the data so far. */
  readonly evaluations: number;
}

/**
 * Learns by L-BFGS: gathers every batch (records, no tensors), and takes each gradient over all of them, as Socher et al.
 * 2011 trained. Emits one record a step; the parameters then hold that step's values. Without dropout a step repeats to
 * the last digit; use a loss without it. A composer that chooses trees anew makes the function jump, which the line
 * search takes for an end: its greedy trees are chosen once a step in the paper, too.
 */
export function minimise<T>(model: Model<T>, options: MinimiseOptions<T>): OperatorFunction<Batch, MinimiseStep> {
  const { parameters, loss } = options;
  return (source): Observable<MinimiseStep> =>
    source.pipe(
      toArray(),
      mergeMap((batches) =>
        defer(() => {
          if (batches.length === 0) return from([]);
          const chain = new Callable(model);
          dryRun(chain, batches[0], parameters);
          const evaluate = async (x: Float64Array): Promise<Slope> => {
            write(parameters, x);
            const gradient = new Float64Array(x.length);
            let sum = 0, items = 0;
            for (const batch of batches) {
              const share = await shareOf(chain, batch, { parameters, loss });
              share.gradients.forEach((value, at) => gradient[at] += value);
              sum += share.sum;
              items += share.tokens;
            }
            return { value: sum / items, gradient: gradient.map((value) => value / items) };
          };
          const steps = async function* () {
            try {
              for await (const step of lbfgs(evaluate, await read(parameters), options)) {
                write(parameters, step.x);
                parameters.steps++;
                yield step;
              }
            } finally {
              chain.unsubscribe();
            }
          };
          return from(steps());
        })
      ),
      map(({ step, value, slope, evaluations }) => ({ step, loss: value, slope, evaluations })),
    );
}

/** All learnt numbers, flat, in the order of the parameters' names. */
async function read(parameters: Parameters): Promise<Float64Array> {
  const flat = new Float64Array(parameters.count());
  let at = 0;
  for (const variable of parameters.variables) {
    flat.set(await variable.data(), at);
    at += variable.size;
  }
  return flat;
}

function write(parameters: Parameters, x: Float64Array): void {
  let at = 0;
  const values = Object.fromEntries(
    parameters.learnt.map(([name, { shape, size }]) =>
      [name, { shape, data: Float32Array.from(x.subarray(at, at += size)) }] as const
    ),
  );
  parameters.restore({ steps: parameters.steps, values });
}
