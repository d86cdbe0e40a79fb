/**
 * Models: a piped chain of loans, learnt as it stands.
 *
 * `pipe(encode(…), attend(…), decode(…))` is one value. `evaluate` runs it, and `train` runs the same chain inside the
 * gradient tape, so everything in it is synchronous.
 *
 * @module
 */
import { type OperatorFunction, Subject } from "rxjs";
import type { Loan } from "./loan.ts";
import type { Parameters } from "./numerics/parameters.ts";
import { type Tensor1D, type Tensor2D, tf } from "./numerics/tf.ts";
import type { Batch, Gathered, Padded } from "./records.ts";
import { SPECIAL } from "./vocabulary.ts";

/** A batch as tensors, targets framed by sentence marks. */
export interface BatchTensors {
  /** Source ids, int32 `[B, S]`. */
  readonly source: Tensor2D;
  /** True source lengths, int32 `[B]`. */
  readonly sourceLengths: Tensor1D;
  /** What the decoder reads: begin mark, then the target; int32 `[B, T]`, T one more than the longest target. */
  readonly inputs: Tensor2D;
  /** What it should say: the target, then the end mark; int32 `[B, T]`. */
  readonly targets: Tensor2D;
  /** True lengths of `inputs` and `targets`, int32 `[B]`. */
  readonly targetLengths: Tensor1D;
}

/**
 * A chain from the tensors of a record to whatever the last operator gives: of batches of sequences, unless the model is
 * one of other records (vectors, say) and the tensors that they are lent as.
 */
export type Model<T, I = BatchTensors, R = Batch> = OperatorFunction<Loan<I, R>, Loan<T, R>>;

/** Makes a batch's tensors: the first thing in every model's life. */
export function batchTensors({ size, source, target }: Batch): BatchTensors {
  const framed = frame(size, target);
  return {
    source: tf.tensor2d(source.ids, [size, source.width], "int32"),
    sourceLengths: tf.tensor1d(source.lengths, "int32"),
    inputs: tf.tensor2d(framed.inputs, [size, target.width + 1], "int32"),
    targets: tf.tensor2d(framed.targets, [size, target.width + 1], "int32"),
    targetLengths: tf.tensor1d(target.lengths.map((length) => length + 1), "int32"),
  };
}

function frame(size: number, { ids, lengths, width }: Padded): { inputs: Int32Array; targets: Int32Array } {
  const inputs = new Int32Array(size * (width + 1));
  const targets = new Int32Array(size * (width + 1));
  for (let row = 0; row < size; row++) {
    const sequence = ids.subarray(row * width, row * width + lengths[row]);
    inputs[row * (width + 1)] = SPECIAL.begin;
    inputs.set(sequence, row * (width + 1) + 1);
    targets.set(sequence, row * (width + 1));
    targets[row * (width + 1) + sequence.length] = SPECIAL.end;
  }
  return { inputs, targets };
}

/** A chain that is subscribed once and then called like a function. */
export class Callable<T, I = BatchTensors, R = Batch> {
  readonly #input = new Subject<Loan<I, R>>();
  readonly #subscription;
  #output?: Loan<T, R>;
  #failure?: { error: unknown };

  constructor(model: Model<T, I, R>) {
    this.#subscription = this.#input.pipe(model).subscribe({
      next: (loan) => this.#output = loan,
      error: (error) => this.#failure = { error },
    });
  }

  /** @throws what the chain threw, or an Error when it did not emit before `next()` returned. */
  call(loan: Loan<I, R>): Loan<T, R> {
    this.#output = undefined;
    this.#input.next(loan);
    if (this.#failure) throw this.#failure.error;
    const output = this.#output as Loan<T, R> | undefined;
    if (!output) {
      throw new Error("Cannot run the model as its chain must emit before next() returns: it emitted nothing");
    }
    this.#output = undefined;
    return output;
  }

  unsubscribe(): void {
    this.#subscription.unsubscribe();
  }
}

/**
 * The parameters that a loan carries.
 *
 * @throws Error when it carries none, naming the operator that asked.
 */
export function parametersOf(operator: string, loan: Loan<unknown>): Parameters {
  const { parameters } = loan.context;
  if (!parameters) {
    throw new Error(
      `Cannot ${operator} as the loan must carry parameters: pass { parameters } to lend, train or evaluate`,
    );
  }
  return parameters;
}

/** Source and target tokens of a batch; other records hold none. */
export function tokensIn(record: Gathered | Batch): number {
  return "source" in record ? sum(record.source.lengths) + sum(record.target.lengths) : 0;
}

function sum(numbers: Int32Array): number {
  return numbers.reduce((total, number) => total + number, 0);
}
