/**
 * Synchronous data-parallel training: one model on several cores, with the answer that one core would give.
 *
 * A batch is cut by row into parts, one a core. The thread that runs `train` takes the gradient of the first part while
 * workers take those of the others; every gradient is that of the loss *summed* over target tokens, so that
 *
 *     ∂ mean = (∂ sum_0 + ∂ sum_1 + …) / (tokens_0 + tokens_1 + …)
 *
 * holds exactly, whatever the parts' lengths. Gradients are added in the order of the parts, never in that of arrival, so
 * a run repeats to the last bit. Clipping and the optimiser run once, where `train` runs. Parameters and gradients lie in
 * shared memory, one flat row of float32 in the order of the parameters' names.
 *
 * Source: Goyal et al. 2017, "Accurate, large minibatch SGD", section 3 (what a distributed sum must be divided by).
 *
 * @module
 */
import type { Loan } from "./loan.ts";
import type { Model } from "./model.ts";
import { announcedBuild } from "./numerics/device.ts";
import { flatten } from "./numerics/flat.ts";
import type { SummedLoss } from "./numerics/loss.ts";
import type { Parameters } from "./numerics/parameters.ts";
import { tf } from "./numerics/tf.ts";
import type { ParameterShape, Part, PartSums, Reply, Start } from "./parallel_messages.ts";
import { type Batch, InputError, type Padded, type TrainStep } from "./records.ts";

/** A model with the loss that it is learnt by: what the module of {@linkcode ParallelOptions} makes. */
export interface Learner<T> {
  readonly model: Model<T>;
  /** Summed over target tokens, and their number: `sequenceLoss`. */
  readonly loss: (tensors: T, loan: Loan<T, Batch>) => SummedLoss;
}

/**
 * How to train on several cores. A model is a function and can't be sent to another thread, so a module says how to make
 * it, and the caller makes its own from the same module and options:
 *
 * ```ts ignore
 * // speller.ts
 * export function learner({ units }: { units: number }): Learner<Decoded> {
 *   return { model: pipe(encode(…), attend(…), decode(…)), loss: sequenceLoss };
 * }
 * // the caller
 * const { model, loss } = learner(options);
 * const parallel = { workers: 2, module: import.meta.resolve("./speller.ts"), options };
 * train(model, { parameters, optimiser: adam(), learningRate: constantRate(1e-3), loss, parallel });
 * ```
 */
export interface ParallelOptions {
  /**
   * Parts of a batch, and so cores that work: the thread that runs `train`, and one worker less. A batch with fewer rows
   * has a part a row.
   */
  workers: number;
  /**
   * Absolute address of the module: `import.meta.resolve("./speller.ts")`. Its model must have the parameters that
   * `train` is given, all of them and no others.
   */
  module: string | URL;
  /**
   * The module's export that makes a {@linkcode Learner} (or a promise of one) from the options.
   * @default {"learner"}
   */
  export?: string;
  /** What it is given: plain data. */
  options?: unknown;
}

/** A part's contribution to a step: gradients of the summed loss, flat `[P]`, with the sums that belong to them. */
export interface Share extends PartSums {
  readonly gradients: Float32Array;
}

/**
 * Checks the options before anything runs.
 *
 * @throws RangeError when `workers` isn't a whole number of at least 1, or the module's address isn't absolute.
 */
export function checkParallel({ workers, module }: ParallelOptions): void {
  if (!Number.isInteger(workers) || workers < 1) {
    throw new RangeError(
      `Cannot train in parallel as workers must be a whole number of at least 1: current value is ${workers}`,
    );
  }
  if (!URL.canParse(module)) {
    throw new RangeError(
      `Cannot train in parallel as module must be an absolute address (import.meta.resolve): current value is ${module}`,
    );
  }
}

/**
 * Cuts a batch by row into at most `count` parts whose sizes differ by at most one. The rule depends on sizes alone, and
 * rows keep their padding: every part is as wide as the batch.
 */
export function partsOf(batch: Batch, count: number): Batch[] {
  const parts = Math.min(count, batch.size);
  const cut = (part: number) => Math.floor(part * batch.size / parts);
  return Array.from({ length: parts }, (_, part) => rows(batch, cut(part), cut(part + 1)));
}

function rows({ examples, source, target }: Batch, from: number, to: number): Batch {
  const side = ({ ids, lengths, width }: Padded): Padded => ({
    ids: ids.slice(from * width, to * width),
    lengths: lengths.slice(from, to),
    width,
  });
  return { examples: examples.slice(from, to), size: to - from, source: side(source), target: side(target) };
}

/** What all parts together say of a batch: the gradients of its mean loss, flat `[P]`, and what is reported. */
export interface Whole extends Pick<TrainStep, "loss" | "watched"> {
  readonly gradients: Float32Array;
}

/**
 * Adds the parts' shares in their order, the gradients in float32 as one core would, and divides by all tokens. The sum is
 * written over the first share's gradients.
 */
export function wholeOf([first, ...others]: readonly Share[]): Whole {
  const { gradients } = first;
  const squares = { ...first.squares };
  let { sum, tokens } = first;
  for (const share of others) {
    const more = share.gradients;
    for (let index = 0; index < gradients.length; index++) gradients[index] += more[index];
    for (const [name, square] of Object.entries(share.squares)) squares[name] = (squares[name] ?? 0) + square;
    sum += share.sum;
    tokens += share.tokens;
  }
  for (let index = 0; index < gradients.length; index++) gradients[index] /= tokens;
  // A watched tensor has the batch as its first axis: the parts hold rows of their own, and their squares add.
  const watched = Object.entries(squares).map(([name, square]) => [name, Math.sqrt(square) / tokens]);
  return { gradients, loss: sum / tokens, watched: Object.fromEntries(watched) };
}

/** The workers of one subscription of `train`, from its beginning to its end. */
export class Crew {
  readonly #workers: Hand[] = [];
  readonly #parts: number;
  #layout: readonly ParameterShape[] = [];
  #values = new SharedArrayBuffer(0);
  #ended = false;

  /** @param fail Told once when a worker fails or dies, also between steps. */
  constructor(
    options: ParallelOptions,
    { seed, watch }: { readonly seed: number; readonly watch: boolean },
    fail: (error: Error) => void,
  ) {
    this.#parts = options.workers;
    const start: Start = {
      kind: "start",
      module: `${options.module}`,
      maker: options.export ?? "learner",
      options: options.options,
      seed,
      watch,
      engine: { backend: tf.getBackend(), pack: announcedBuild() },
    };
    try {
      for (let part = 1; part < this.#parts; part++) {
        const named = `worker ${part} of ${this.#parts - 1}`;
        this.#workers.push(
          new Hand(start, (error) => {
            if (this.#ended) return;
            this.unsubscribe();
            fail(errorFrom(error, named));
          }),
        );
      }
    } catch (error) {
      this.unsubscribe();
      throw error;
    }
  }

  /**
   * The whole batch: `lead` takes the first part on this thread while the workers take the others.
   *
   * @param parameters All made, as the workers get their values from here.
   */
  async gradients(batch: Batch, parameters: Parameters, lead: (part: Batch) => Promise<Share>): Promise<Whole> {
    const [first, ...others] = partsOf(batch, this.#parts);
    await this.#publish(parameters);
    if (this.#ended) throw ENDED;
    const { steps } = parameters;
    const shares = others.map((part, index) =>
      this.#workers[index].take({ batch: part, steps, layout: this.#layout, values: this.#values })
    );
    // Whoever fails first speaks; the others are told by unsubscription, and nobody listens to them.
    for (const share of shares) share.catch(() => {});
    const all = [await lead(first), ...await Promise.all(shares)];
    if (this.#ended) throw ENDED;
    return wholeOf(all);
  }

  /** Ends every worker, whatever it does; a share that is being waited for is rejected. */
  unsubscribe(): void {
    this.#ended = true;
    for (const worker of this.#workers) worker.end();
  }

  /** Copies parameter values into shared memory, which grows when the model has made more of them. */
  async #publish(parameters: Parameters): Promise<void> {
    const learnt = parameters.learnt;
    if (learnt.length !== this.#layout.length) {
      this.#layout = learnt.map(([name, { shape }]) => ({ name, shape }));
      this.#values = new SharedArrayBuffer(4 * parameters.count());
    }
    await flatten(parameters.variables, new Float32Array(this.#values));
  }
}

const ENDED = new Error("Cannot go on training as the stream must still be listened to: current value is left");

/** One worker: takes a part at a time. */
class Hand {
  readonly #worker: Worker;
  #gradients = new SharedArrayBuffer(0);
  #waiting?: { resolve(share: Share): void; reject(error: Error): void };

  constructor(start: Start, fail: (error: { name: string; message: string }) => void) {
    this.#worker = new Worker(new URL("./parallel_worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if (data.kind === "error") return fail(data);
      const { sum, tokens, squares } = data;
      this.#waiting?.resolve({ sum, tokens, squares, gradients: new Float32Array(this.#gradients) });
      this.#waiting = undefined;
    };
    this.#worker.onmessageerror = () => fail({ name: "Error", message: "it sent what can't be read" });
    this.#worker.onerror = (event) => {
      // Without this Deno ends the whole program with the worker.
      event.preventDefault();
      fail({ name: "Error", message: event.message.replace(/^Uncaught (\(in promise\) )?/, "") });
    };
    try {
      this.#worker.postMessage(start);
    } catch (error) {
      this.end();
      throw new RangeError(
        `Cannot train in parallel as options must be plain data: current value is ${(error as Error).message}`,
      );
    }
  }

  take(part: Omit<Part, "kind" | "gradients">): Promise<Share> {
    if (this.#gradients.byteLength !== part.values.byteLength) {
      this.#gradients = new SharedArrayBuffer(part.values.byteLength);
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker.postMessage({ kind: "part", ...part, gradients: this.#gradients } satisfies Part);
    });
  }

  end(): void {
    this.#worker.onmessage = this.#worker.onerror = this.#worker.onmessageerror = null;
    this.#worker.terminate();
    this.#waiting?.reject(ENDED);
    this.#waiting = undefined;
  }
}

function errorFrom({ name, message }: { name: string; message: string }, worker: string): Error {
  const [line] = message.split("\n");
  const told = `Cannot go on training as ${worker} failed: ${
    name === "Error" || name === "InputError" ? line : `${name}: ${line}`
  }`;
  return name === "InputError" ? new InputError(told) : new Error(told);
}
