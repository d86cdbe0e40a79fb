/** @module train: gradient steps, the only place where a gradient is taken */
import { Observable, type OperatorFunction } from "rxjs";
import { borrow, lendingAbove, release } from "./demand.ts";
import { type LoanContext, loanOf } from "./loan.ts";
import { type BatchTensors, batchTensors, Callable, type Model, tokensIn } from "./model.ts";
import { clipFactor, globalNorm, type Optimiser } from "./numerics/adam.ts";
import { flatten, unflatten } from "./numerics/flat.ts";
import type { SummedLoss } from "./numerics/loss.ts";
import { droppingFrom } from "./numerics/dropout.ts";
import type { Parameters } from "./numerics/parameters.ts";
import { seedFrom } from "./numerics/random.ts";
import { type NamedTensorMap, type Scalar, type Tensor, tf, type Variable } from "./numerics/tf.ts";
import { total } from "./numerics/total.ts";
import { checkParallel, Crew, type Share } from "./parallel.ts";
import type { Batch, Gathered, TrainStep } from "./records.ts";
import { subscribeWithin } from "./subscribe_within.ts";
import type { TrainOptions } from "./train_options.ts";

export type { TrainOptions } from "./train_options.ts";

/**
 * Learns: one gradient step a batch. The chain runs inside the gradient tape exactly as `evaluate` runs it.
 *
 * Batches are taken one after the other, each as it comes; a step is synchronous but in parallel training, where batches
 * wait for their turn. A batch gives its place back when its step has been reported. A loss that is not finite ends the
 * stream with an error that names the step, and so does a worker that fails.
 *
 * @throws RangeError when `clip` isn't over 0, or an option of `parallel` is out of its range.
 */
export function train<T, I = BatchTensors, R extends Gathered = Batch>(
  model: Model<T, I, R>,
  options: TrainOptions<T, I, R>,
): OperatorFunction<R, TrainStep> {
  const { clip = Infinity, parallel, parameters, watch = false } = options;
  if (parallel) checkParallel(parallel);
  if (parallel && options.lend) {
    throw new RangeError(
      "Cannot train in parallel as records must be batches of sequences: current value has its own lend",
    );
  }
  if (!(clip > 0)) throw new RangeError(`Cannot train as clip must be over 0: current value is ${clip}`);
  return (source) =>
    new Observable((subscriber) => {
      const chain = new Callable(model);
      let previous: Promise<unknown> = Promise.resolve();
      // Parameters are made when first asked for, and a tape must know them beforehand: the first batch runs once dry.
      let prepare = (batch: R) => {
        dryRun(chain, batch, parameters, options.lend);
        prepare = () => {};
      };
      subscriber.add(chain);
      const crew = parallel && new Crew(parallel, { seed: parameters.seed, watch }, (error) => subscriber.error(error));
      if (crew) subscriber.add(crew);
      const waitThenStep = async (crew: Crew, batch: R): Promise<StepNumbers | undefined> => {
        await previous;
        if (subscriber.closed) return;
        prepare(batch);
        // Without a lend of its own, a record is a batch.
        return await stepTogether(chain as never, batch as never, options as never, crew);
      };
      lendingAbove(() =>
        subscribeWithin(subscriber, source, {
          next(batch) {
            borrow(batch);
            let numbers: Promise<StepNumbers | undefined>;
            try {
              if (!crew) prepare(batch);
              numbers = crew ? waitThenStep(crew, batch) : readStep(step(chain, batch, options));
            } catch (error) {
              release(batch);
              subscriber.error(error);
              return;
            }
            previous = Promise.all([numbers, previous]).then(([numbers]) => {
              if (!numbers) return;
              const { started, ...reported } = numbers;
              if (!Number.isFinite(reported.loss)) {
                throw new RangeError(
                  `Cannot go on training as the loss must be finite: at step ${reported.step} it is ${reported.loss}`,
                );
              }
              subscriber.next({
                ...reported,
                examples: batch.size,
                tokens: tokensIn(batch),
                seconds: (performance.now() - started) / 1000,
              });
            }).catch((error) => subscriber.error(error)).finally(() => release(batch));
          },
          error: (error) => void previous.then(() => subscriber.error(error)),
          complete: () => void previous.then(() => subscriber.complete()),
        })
      );
    });
}

/** What a step says of itself, and when it started. */
type StepNumbers = Pick<TrainStep, "step" | "loss" | "gradientNorm" | "watched"> & { readonly started: number };

/** Numbers on their way out of a scope: one tensor, kept, with the names of its last entries. */
interface Report {
  readonly names: readonly string[];
  readonly numbers: Tensor;
}

type StepReport = Report & Pick<StepNumbers, "started" | "step">;

function step<T, I, R extends Gathered>(
  chain: Callable<T, I, R>,
  batch: R,
  options: TrainOptions<T, I, R>,
): StepReport {
  const started = performance.now();
  return tf.tidy(() => {
    const { value, grads, squares } = slopes(chain, batch, options, mean);
    const norms = Object.values(squares).map((square) => tf.sqrt(square));
    const numbers = tf.stack([value, descend(grads, options), ...norms]);
    return { started, step: options.parameters.steps, names: Object.keys(squares), numbers: tf.keep(numbers) };
  }) as unknown as StepReport;
}

const mean = (loss: Scalar | SummedLoss): Scalar =>
  loss instanceof tf.Tensor ? loss : tf.div(loss.sum, loss.tokens) as Scalar;

/** The step of {@linkcode step}, with parts of the batch on other threads. */
async function stepTogether<T>(
  chain: Callable<T>,
  batch: Batch,
  options: TrainOptions<T>,
  crew: Crew,
): Promise<StepNumbers> {
  const started = performance.now();
  const { parameters } = options;
  const lead = (part: Batch) => shareOf(chain, part, options);
  const { gradients, loss, watched } = await crew.gradients(batch, parameters, lead);
  const numbers = tf.tidy(() =>
    tf.keep(descend(unflatten(gradients, parameters.variables.map(({ shape }) => shape)), options))
  );
  const { steps } = parameters;
  const [gradientNorm] = await read(numbers);
  return { started, step: steps, loss, gradientNorm, watched };
}

/**
 * One part's share of a step in parallel training: the gradients of its summed loss, flat.
 *
 * @param room Float32 `[P]` that the gradients are written to; may lie in shared memory.
 */
export async function shareOf<T>(
  chain: Callable<T>,
  batch: Batch,
  options: Pick<TrainOptions<T>, "parameters" | "loss" | "watch">,
  room: Float32Array = new Float32Array(options.parameters.count()),
): Promise<Share> {
  const { names, numbers, grads } = tf.tidy(() => {
    let tokens: Tensor | undefined;
    try {
      const { value, grads, squares } = slopes(chain, batch, options, (loss) => {
        if (loss instanceof tf.Tensor) {
          throw new RangeError(
            "Cannot train in parallel as the loss must give { sum, tokens } (sequenceLoss): current value is a tensor",
          );
        }
        tokens = tf.keep(loss.tokens.clone());
        return loss.sum;
      }, batch.size);
      const numbers = tf.keep(tf.stack([value, tokens!, ...Object.values(squares)]));
      return { names: Object.keys(squares), numbers, grads: grads.map((gradient) => tf.keep(gradient)) };
    } finally {
      tokens?.dispose();
    }
  }) as unknown as Report & { readonly grads: Tensor[] };
  try {
    await flatten(grads, room);
  } finally {
    tf.dispose(grads);
  }
  const [sum, tokens, ...squares] = await read(numbers);
  const named = Object.fromEntries(names.map((name, at) => [name, squares[at]]));
  return { gradients: room, sum, tokens, squares: named };
}

/** Runs a batch without learning, so that the chain makes its parameters. */
export function dryRun<T, I, R extends Gathered>(
  chain: Callable<T, I, R>,
  batch: R,
  parameters: Parameters,
  lend?: (record: R) => I,
): void {
  tf.tidy(() => void chain.call(loanOf(batch, tensorsOf(batch, lend), { parameters })));
}

/** A record's tensors; a record without a lend of its own is a batch. */
function tensorsOf<I, R>(record: R, lend?: (record: R) => I): I {
  return lend ? lend(record) : batchTensors(record as Batch) as I;
}

/**
 * Runs the chain on a batch inside a tape.
 *
 * @param scalar What of the loss the gradient is taken of.
 * @param rows The first side that watched tensors must have, where that matters.
 * @returns The value, its gradients in the order of the parameters, and the squared norms of watched gradients.
 */
function slopes<T, I, R extends Gathered>(
  chain: Callable<T, I, R>,
  batch: R,
  { parameters, loss, watch, lend }: Pick<TrainOptions<T, I, R>, "parameters" | "loss" | "watch" | "lend">,
  scalar: (loss: Scalar | SummedLoss) => Scalar,
  rows?: number,
) {
  const taps = new Taps(rows);
  const tensors = tensorsOf(batch, lend);
  // A part of a batch on another thread draws for itself.
  const drop = droppingFrom(
    seedFrom(
      parameters.seed,
      `dropout ${parameters.steps} ${"examples" in batch ? (batch as unknown as Batch).examples[0]?.id : ""}`,
    ),
  );
  const context: LoanContext = { parameters, drop, watch: watch ? taps.watch : undefined };
  const { value, grads } = taps.during(() =>
    gradients(parameters.variables, () => {
      const output = chain.call(loanOf<I, R>(batch, tensors, context));
      return scalar(loss(output.tensors, output));
    })
  );
  return { value, grads, squares: taps.squares() };
}

/** Moves every parameter against its gradient, clipped; returns the global norm before clipping. */
function descend(
  gradients: Tensor[],
  options: Pick<TrainOptions<unknown>, "parameters" | "optimiser" | "clip" | "learningRate">,
): Scalar {
  const { parameters, optimiser, clip = Infinity, learningRate } = options;
  const norm = globalNorm(gradients);
  const scale = Number.isFinite(clip) ? clipFactor(norm, clip) : undefined;
  follow(parameters, gradients, optimiser, { learningRate: learningRate(parameters.steps), scale });
  return norm;
}

/** Moves every parameter by one step, and the optimiser's slots with it; `scale` is the factor of clipping. */
function follow(
  parameters: Parameters,
  gradients: Tensor[],
  optimiser: Optimiser,
  { learningRate, scale }: { learningRate: number; scale: Scalar | undefined },
): void {
  const { takesScale } = optimiser.update;
  const at = { step: ++parameters.steps, learningRate, scale: takesScale ? scale : undefined };
  const scaled = (gradient: Tensor) => scale === undefined || takesScale ? gradient : tf.mul(gradient, scale);
  parameters.variables.forEach((variable, index) => {
    const slots = optimiser.slots.map((slot) => parameters.slot(`${optimiser.name}/${slot}`, variable));
    const next = optimiser.update(variable, scaled(gradients[index]), slots, at);
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
  const { value, grads } = backward(() =>
    tf.variableGrads(() => {
      try {
        return loss();
      } catch (error) {
        failure = { error };
        return tf.sum(variables[0]) as Scalar;
      }
    }, variables) as { value: Scalar; grads: NamedTensorMap }
  );
  if (failure) throw failure.error;
  return { value, grads: variables.map((variable) => grads[variable.name] ?? tf.zerosLike(variable)) };
}

/** What a tape saved is freed at the end of its way back: when an operation has no gradient, it must be freed here. */
function backward<T>(gradients: () => T): T {
  try {
    return gradients();
  } catch (error) {
    const { state } = tf.engine();
    for (const { saved } of state.activeTape ?? []) saved?.forEach((tensor) => tensor.dispose());
    state.activeTape = undefined!;
    throw error;
  }
}

/** Collects the squared norms of gradients at watched tensors, while the tape runs backwards. */
class Taps {
  readonly #squares = new Map<string, Tensor[]>();

  /** @param rows The first side that a watched tensor must have; any when left out. */
  constructor(private readonly rows?: number) {}

  watch = <X extends Tensor>(name: string, tensor: X): X => {
    if (this.rows !== undefined && tensor.shape[0] !== this.rows) {
      throw new RangeError(
        `Cannot watch ${name} in parallel as its first axis must be the batch's ${this.rows}: ` +
          `current value is [${tensor.shape}]`,
      );
    }
    return tf.customGrad((x) => ({
      value: (x as Tensor).clone(),
      gradFunc: (dy: Tensor) => {
        // The tape's own scope ends before the step does.
        const square = tf.keep(tf.sum(tf.square(dy)));
        this.#squares.set(name, [...(this.#squares.get(name) ?? []), square]);
        return dy;
      },
    }))(tensor) as X;
  };

  /** Runs the tape; when that fails, what was collected so far is freed. */
  during<R>(tape: () => R): R {
    try {
      return tape();
    } catch (error) {
      this.squares();
      throw error;
    }
  }

  squares(): Record<string, Tensor> {
    return Object.fromEntries(
      [...this.#squares].map(([name, squares]) => {
        const square = tf.tidy(() => total(squares).clone());
        for (const part of squares) part.dispose();
        return [name, square];
      }),
    );
  }
}

async function readStep({ names, numbers, ...known }: StepReport): Promise<StepNumbers> {
  const [loss, gradientNorm, ...norms] = await read(numbers);
  return { ...known, loss, gradientNorm, watched: Object.fromEntries(names.map((name, at) => [name, norms[at]])) };
}

async function read(numbers: Tensor) {
  try {
    return await numbers.data();
  } finally {
    numbers.dispose();
  }
}
