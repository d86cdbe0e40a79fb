/** @module train: gradient steps, the only place where a gradient is taken */
import { Observable, type OperatorFunction } from "rxjs";
import { borrow, lendingAbove, release } from "./demand.ts";
import { type Loan, type LoanContext, loanOf } from "./loan.ts";
import { type BatchTensors, batchTensors, Callable, type Model } from "./model.ts";
import { clipByGlobalNorm, globalNorm, type Optimiser } from "./numerics/adam.ts";
import type { Parameters } from "./numerics/parameters.ts";
import type { Schedule } from "./numerics/schedules.ts";
import { type NamedTensorMap, type Scalar, type Tensor, tf, type Variable } from "./numerics/tf.ts";
import type { Batch, TrainStep } from "./records.ts";

/** Options of {@linkcode train}. */
export interface TrainOptions<T> {
  /** What is learnt. The parameters belong to the caller's subscription: `using(() => new Parameters(seed), …)`. */
  parameters: Parameters;
  /** How parameters follow their gradients: `adam()`. */
  optimiser: Optimiser;
  /** Learning rate by step, from 0: `constantRate(0.001)`, `linearDecay(0.005, 600)`. */
  learningRate: Schedule;
  /** Mean loss of a batch, a scalar: what the gradient is taken of. */
  loss: (tensors: T, loan: Loan<T, Batch>) => Scalar;
  /**
   * Largest global gradient norm (Pascanu et al. 2013).
   * @default {Infinity} no clipping
   */
  clip?: number;
  /**
   * Whether to report the norms of the gradients at the tensors that the chain watches.
   * @default {false}
   */
  watch?: boolean;
}

/**
 * Learns: one gradient step a batch. The chain runs inside the gradient tape exactly as `evaluate` runs it.
 *
 * A step is synchronous, and batches are taken one after the other. A batch gives its place back when its step has been
 * reported. A loss that is not finite ends the stream with an error that names the step.
 */
export function train<T>(model: Model<T>, options: TrainOptions<T>): OperatorFunction<Batch, TrainStep> {
  return (source) =>
    new Observable((subscriber) => {
      const chain = new Callable(model);
      let previous: Promise<unknown> = Promise.resolve();
      subscriber.add(chain);
      subscriber.add(lendingAbove(() =>
        source.subscribe({
          next(batch) {
            borrow(batch);
            const started = performance.now();
            let report: StepReport;
            try {
              report = step(chain, batch, options);
            } catch (error) {
              release(batch);
              subscriber.error(error);
              return;
            }
            const taken = options.parameters.steps;
            previous = Promise.all([read(report), previous]).then(([{ loss, gradientNorm, watched }]) => {
              if (!Number.isFinite(loss)) {
                throw new RangeError(
                  `Cannot go on training as the loss must be finite: at step ${taken} it is ${loss}`,
                );
              }
              subscriber.next({
                step: taken,
                loss,
                gradientNorm,
                watched,
                examples: batch.size,
                tokens: sum(batch.source.lengths) + sum(batch.target.lengths),
                seconds: (performance.now() - started) / 1000,
              });
            }).catch((error) => subscriber.error(error)).finally(() => release(batch));
          },
          error: (error) => void previous.then(() => subscriber.error(error)),
          complete: () => void previous.then(() => subscriber.complete()),
        })
      ));
    });
}

/** What a step leaves behind to be read: one small tensor, kept, with the names of its entries. */
interface StepReport {
  readonly names: readonly string[];
  readonly numbers: Tensor;
}

function step<T>(chain: Callable<T>, batch: Batch, options: TrainOptions<T>): StepReport {
  const { parameters, optimiser, clip = Infinity, learningRate } = options;
  return tf.tidy(() => {
    const taps = new Taps();
    const tensors = batchTensors(batch);
    const context: LoanContext = { parameters, watch: options.watch ? taps.watch : undefined };
    // Parameters are made when first asked for, and a tape must know them beforehand: so the first batch runs once dry.
    if (parameters.variables.length === 0) chain.call(loanOf(batch, tensors, { parameters }));
    const { value, grads } = gradients(parameters.variables, () => {
      const output = chain.call(loanOf<BatchTensors, Batch>(batch, tensors, context));
      return options.loss(output.tensors, output);
    });
    const { gradients: clipped, norm } = Number.isFinite(clip)
      ? clipByGlobalNorm(grads, clip)
      : { gradients: grads, norm: globalNorm(grads) };
    follow(parameters, clipped, optimiser, learningRate(parameters.steps));
    const watched = taps.norms();
    return {
      names: Object.keys(watched),
      numbers: tf.keep(tf.stack([value, norm, ...Object.values(watched)])),
    };
  }) as unknown as StepReport;
}

/** Moves every parameter by one step, and the optimiser's slots with it. */
function follow(parameters: Parameters, gradients: Tensor[], optimiser: Optimiser, learningRate: number): void {
  const at = { step: ++parameters.steps, learningRate };
  parameters.variables.forEach((variable, index) => {
    const slots = optimiser.slots.map((slot) => parameters.slot(`${optimiser.name}/${slot}`, variable));
    const next = optimiser.update(variable, gradients[index], slots, at);
    variable.assign(next.value);
    slots.forEach((slot, index) => slot.assign(next.slots[index]));
  });
}

/**
 * The loss and its gradients, in the order of `variables`. A throw inside a tape leaves the tape open, so failures are
 * carried past its end.
 */
function gradients(variables: Variable[], loss: () => Scalar): { value: Scalar; grads: Tensor[] } {
  let failure: { error: unknown } | undefined;
  const { value, grads } = tf.variableGrads(() => {
    try {
      return loss();
    } catch (error) {
      failure = { error };
      return tf.sum(variables[0]) as Scalar;
    }
  }, variables) as { value: Scalar; grads: NamedTensorMap };
  if (failure) throw failure.error;
  return { value, grads: variables.map((variable) => grads[variable.name] ?? tf.zerosLike(variable)) };
}

/** Collects the norms of gradients at watched tensors, while the tape runs backwards. */
class Taps {
  readonly #squares = new Map<string, Tensor[]>();

  watch = <X extends Tensor>(name: string, tensor: X): X =>
    tf.customGrad((x) => ({
      value: (x as Tensor).clone(),
      gradFunc: (dy: Tensor) => {
        // The tape's own scope ends before the step does.
        const square = tf.keep(tf.sum(tf.square(dy)));
        this.#squares.set(name, [...(this.#squares.get(name) ?? []), square]);
        return dy;
      },
    }))(tensor) as X;

  norms(): Record<string, Tensor> {
    return Object.fromEntries(
      [...this.#squares].map(([name, squares]) => {
        const norm = tf.sqrt(tf.addN(squares));
        for (const square of squares) square.dispose();
        return [name, norm];
      }),
    );
  }
}

async function read({ names, numbers }: StepReport) {
  try {
    const [loss, gradientNorm, ...norms] = await numbers.data();
    return { loss, gradientNorm, watched: Object.fromEntries(names.map((name, at) => [name, norms[at]])) };
  } finally {
    numbers.dispose();
  }
}

function sum(numbers: Int32Array): number {
  return numbers.reduce((total, number) => total + number, 0);
}
