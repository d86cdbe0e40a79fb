/**
 * Loans: tensors are only ever borrowed.
 *
 * Tensors are not garbage-collected, and a stream may be cut off anywhere, so no operator may own one. `lend` makes
 * tensors from a record and passes them on inside a scope; when downstream `next()` has returned, the scope ends and they
 * are gone. `transform` turns a loan into a loan; `settle` is the only way out: it copies values into typed arrays. A
 * stream of loans is synchronous throughout; before `lend` and after `settle` records may be delayed, buffered and shared
 * as you like.
 *
 * @module
 */
import { map, Observable, type OperatorFunction } from "rxjs";
import { borrow, lendingAbove, release } from "./demand.ts";
import type { Drop } from "./numerics/dropout.ts";
import type { Parameters } from "./numerics/parameters.ts";
import { type Tensor, tf } from "./numerics/tf.ts";
import { subscribeWithin } from "./subscribe_within.ts";

declare const borrowed: unique symbol;

/** What a loan carries beside its tensors: the same for every loan that comes of one `lend`. */
export interface LoanContext {
  /** The model's parameters; operators that learn take theirs from here. */
  readonly parameters?: Parameters;
  /** Passes a tensor on unchanged and, in training, reports the norm of its gradient under this name. */
  readonly watch?: <T extends Tensor>(name: string, tensor: T) => T;
  /** Dropout, in training alone; without it nothing is dropped. */
  readonly drop?: Drop;
}

/** How many `settle`s still read from a loan: the last one to finish gives the record's place back. */
interface Lease {
  readers: number;
}

/**
 * Tensors on loan, and the record that they were made from. The brand keeps a loan out of operators made for records:
 * handing one over does not compile.
 */
export interface Loan<T, R = unknown> {
  readonly [borrowed]: true;
  readonly record: R;
  readonly tensors: T;
  readonly context: LoanContext;
  readonly lease: Lease;
}

/** Values that left a loan. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** A record with values that were computed from it. */
export interface Settled<K extends string, R> {
  readonly record: R;
  readonly values: Readonly<Record<K, Values>>;
}

/** Makes a loan by hand, for code that runs a chain inside a scope of its own (as `train` does inside its tape). */
export function loanOf<T, R>(record: R, tensors: T, context: LoanContext = {}): Loan<T, R> {
  return { record, tensors, context, lease: { readers: 0 } } as Loan<T, R>;
}

/**
 * Lends tensors made from each record. They are disposed when downstream `next()` has returned, whatever happened there.
 *
 * ```ts
 * import { lend, settle, tf } from "@heed/heed/operators";
 * import { of } from "rxjs";
 * of([1, 2, 3]).pipe(lend((row) => ({ sum: tf.sum(tf.tensor1d(row)) })), settle())
 *   .subscribe(({ values }) => console.log(values.sum.data)); // Float32Array [ 6 ]
 * ```
 *
 * @param make Makes the tensors. What it allocates on the way is freed with them.
 * @param context Parameters and taps that operators downstream find in the loan.
 */
export function lend<R, T>(make: (record: R) => T, context: LoanContext = {}): OperatorFunction<R, Loan<T, R>> {
  return (source) =>
    new Observable((subscriber) =>
      lendingAbove(() =>
        subscribeWithin(subscriber, source, {
          next(record) {
            borrow(record);
            let loan: Loan<T, R> | undefined;
            try {
              tf.tidy(() => {
                loan = loanOf(record, make(record), context);
                subscriber.next(loan);
              });
            } catch (error) {
              subscriber.error(error);
            } finally {
              // `settle` hands an error on in a microtask: a source outside an inner chain must not run on past it.
              const done = !loan || loan.lease.readers === 0;
              if (done && subscriber.closed) void Promise.resolve().then(() => {}).then(() => release(record));
              else if (done) release(record);
            }
          },
        })
      )
    );
}

/**
 * Turns a loan into a loan. What `f` allocates lives as long as the loan, so `f` may return closures over tensors.
 *
 * @param f A pure function on tensors; it gets the loan too, for its record and context.
 */
export function transform<T, U, R>(f: (tensors: T, loan: Loan<T, R>) => U): OperatorFunction<Loan<T, R>, Loan<U, R>> {
  return map((loan) => ({ ...loan, tensors: f(loan.tensors, loan) }));
}

/** Tensors that outlive a loan because the next one needs them: the state of a sequence that comes in chunks. */
export interface Carried<S> {
  readonly tensors: readonly Tensor[];
  /** The same state in other tensors. */
  with(tensors: readonly Tensor[]): S;
}

/**
 * Turns a loan into a loan with what an earlier loan left behind, as `scan` does with records. The state belongs to the
 * subscription: the one before is freed when the next is there, and the last one when the stream ends or is left.
 *
 * @param initial The state before the first loan; it may hold no tensor.
 * @param step A pure function on tensors; its state's tensors are kept, whatever else it allocates lives as long as the loan.
 */
export function carry<S extends Carried<S>, T, U, R>(
  initial: () => S,
  step: (state: S, tensors: T, loan: Loan<T, R>) => { readonly tensors: U; readonly state: S },
): OperatorFunction<Loan<T, R>, Loan<U, R>> {
  return (source) =>
    new Observable((subscriber) => {
      let state = initial();
      const free = (held: S) => held.tensors.forEach((tensor) => tensor.dispose());
      subscriber.add(() => free(state));
      subscribeWithin(subscriber, source, {
        next(loan) {
          const made = step(state, loan.tensors, loan);
          const before = state;
          state = made.state.with(made.state.tensors.map((tensor) => tf.keep(tensor.clone())));
          free(before);
          subscriber.next({ ...loan, tensors: made.tensors });
        },
      });
    });
}

/**
 * The only way out of a loan: copies tensors to typed arrays and emits them with the record, in order.
 *
 * Clones are read asynchronously, as a GPU needs, and freed when read, also when nobody listens any more. Reading takes
 * at least a microtask, so after an unsubscription wait for one before counting tensors.
 *
 * @param select Which tensors to read.
 * @default select all of them, where the loan's tensors are a flat record of tensors
 */
export function settle<T extends { readonly [P in keyof T]: Tensor }, R = unknown>(): OperatorFunction<
  Loan<T, R>,
  Settled<string & keyof T, R>
>;
export function settle<T, K extends string, R = unknown>(
  select: (tensors: T, loan: Loan<T, R>) => { readonly [P in K]: Tensor },
): OperatorFunction<Loan<T, R>, Settled<K, R>>;
export function settle<T, K extends string, R>(
  select: (tensors: T, loan: Loan<T, R>) => { readonly [P in K]: Tensor } = (tensors) =>
    tensors as unknown as { readonly [P in K]: Tensor },
): OperatorFunction<Loan<T, R>, Settled<K, R>> {
  return (source) =>
    new Observable((subscriber) => {
      let previous: Promise<unknown> = Promise.resolve();
      subscribeWithin(subscriber, source, {
        next(loan) {
          const values = read(select(loan.tensors, loan));
          loan.lease.readers++;
          previous = Promise.all([values, previous]).then(
            ([values]) => subscriber.next({ record: loan.record, values }),
            (error) => subscriber.error(error),
          ).finally(() => {
            if (--loan.lease.readers === 0) release(loan.record);
          });
        },
        error: (error) => void previous.then(() => subscriber.error(error)),
        complete: () => void previous.then(() => subscriber.complete()),
      });
    });
}

/** Clones tensors out of the scope, reads them, and frees the clones. */
async function read<K extends string>(tensors: { readonly [P in K]: Tensor }): Promise<Record<K, Values>> {
  const clones: [K, Tensor][] = [];
  try {
    for (const [name, tensor] of Object.entries<Tensor>(tensors)) clones.push([name as K, tf.keep(tensor.clone())]);
    const values = await Promise.all(
      clones.map(async ([name, clone]) => [name, { shape: clone.shape, data: await clone.data() }] as const),
    );
    return Object.fromEntries(values) as unknown as Record<K, Values>;
  } finally {
    for (const [, clone] of clones) clone.dispose();
  }
}
