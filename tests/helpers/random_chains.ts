/**
 * What random chains are made of: a source that fails where it is told to, hops between `batch` and `lend`, and ends that
 * give back each batch that they have read.
 *
 * @module
 */
import {
  asapScheduler,
  bufferCount,
  concatMap,
  delay,
  identity,
  map,
  mergeAll,
  type MonoTypeOperatorFunction,
  observeOn,
  of,
  type OperatorFunction,
  share,
  tap,
} from "rxjs";
import { lend, settle, transform } from "../../operators/loan.ts";
import { meanSequenceLoss } from "../../operators/losses.ts";
import { adam } from "../../operators/numerics/adam.ts";
import { constantRate } from "../../operators/numerics/schedules.ts";
import { tf } from "../../operators/numerics/tf.ts";
import { predict } from "../../operators/predict.ts";
import type { Batch, Example } from "../../operators/records.ts";
import { train } from "../../operators/train.ts";
import { withParameters } from "../../operators/with_parameters.ts";
import { alphabet, someWords, tinyModel } from "./streams.ts";

/** What a chain fails with when it is told to. */
export const stop = new Error("stopped on purpose");

/** Numbered examples, from a source that waits or one that doesn't, with a failure at one of them. */
export function examples(count: number, waits: boolean, failAt: number): Iterable<Example> | AsyncIterable<Example> {
  const one = (at: number): Example => {
    if (at === failAt) throw stop;
    return { ...someWords[at % someWords.length], id: `${at}` };
  };
  const walk = function* () {
    for (let at = 0; at < count; at++) yield one(at);
  };
  const walkSlowly = async function* () {
    for (let at = 0; at < count; at++) {
      if (at % 3 === 0) await Promise.resolve();
      yield one(at);
    }
  };
  return waits ? walkSlowly() : walk();
}

/** What may stand between `batch` and `lend`. */
export type Hop = "none" | "delay" | "observeOn" | "share" | "gather" | "reorder";

/** The operator of a hop. */
export function hop(name: Hop, inFlight: number): MonoTypeOperatorFunction<Batch> {
  switch (name) {
    case "none":
      return identity;
    case "delay":
      return delay(1);
    case "observeOn":
      return observeOn(asapScheduler);
    case "share":
      return share();
    case "gather": // as many as may be in flight: more would wait for the gate to widen
      return (source) => source.pipe(bufferCount(inFlight), mergeAll());
    case "reorder":
      return (source) => source.pipe(bufferCount(inFlight), map((batches) => batches.reverse()), mergeAll());
  }
}

/** Ends of chains, which fail at the batch that holds example `end`. */
export const chains = {
  /** One reader. */
  settle: (end: number): OperatorFunction<Batch, Batch> => (source) =>
    source.pipe(
      lend(({ size, source }) => ({ ids: tf.tensor2d(source.ids, [size, source.width]) })),
      transform(({ ids }, { record }) => {
        if (record.examples.some(({ id }) => id === `${end}`)) throw stop;
        return { sum: tf.sum(tf.square(ids)), ids: tf.mul(ids, 2) };
      }),
      settle(),
      map(({ record }) => record),
    ),
  /** An inner chain a batch. */
  inner: (end: number): OperatorFunction<Batch, Batch> => (source) =>
    source.pipe(concatMap((record) => of(record).pipe(chains.settle(end)))),
  train: (end: number): OperatorFunction<Batch, Batch> => (source) =>
    withParameters(3, (parameters) => {
      const taken: Batch[] = [];
      return source.pipe(
        tap((batch) => taken.push(batch)),
        train(tinyModel(), {
          parameters,
          optimiser: adam(),
          learningRate: constantRate(0.01),
          watch: true,
          loss: (tensors, { record }) => {
            if (record.examples.some(({ id }) => id === `${end}`)) throw stop;
            return meanSequenceLoss(tensors);
          },
        }),
        map(() => taken.shift()!),
      );
    }),
  predict: (end: number): OperatorFunction<Batch, Batch> => (source) =>
    withParameters(3, (parameters) =>
      source.pipe(
        predict(tinyModel(), {
          parameters,
          vocabulary: alphabet.target,
          maxLength: ({ examples }) => {
            if (examples.some(({ id }) => id === `${end}`)) throw stop;
            return 2;
          },
        }),
        map(({ batch }) => batch),
      )),
};
