/** @module record: measurements to a store */
import { type MonoTypeOperatorFunction, Observable } from "rxjs";
import type { Measurement } from "./records.ts";
import { subscribeWithin } from "./subscribe_within.ts";

/** Where rows are kept: anything that takes several at once, in one transaction. */
export interface RowSink {
  append(rows: readonly Measurement[]): void;
}

/**
 * Writes rows to a store and passes each one on when it is stored. Rows are gathered into groups of `every`, one
 * transaction each; what is left is written at completion, and also when the stream fails or is left, because nothing
 * that was measured may be lost.
 *
 * @param every Rows in a transaction, at least 1.
 * @default {1}
 */
export function record(store: RowSink, every = 1): MonoTypeOperatorFunction<Measurement> {
  if (!Number.isInteger(every) || every < 1) {
    throw new RangeError(`Cannot record as every must be a whole number of at least 1: current value is ${every}`);
  }
  return (source) =>
    new Observable((subscriber) => {
      let waiting: Measurement[] = [];
      const flush = () => {
        if (waiting.length === 0) return;
        const rows = waiting;
        waiting = [];
        store.append(rows);
        for (const row of rows) subscriber.next(row);
      };
      const attempt = (then: () => void) => {
        try {
          flush();
        } catch (error) {
          subscriber.error(error);
          return;
        }
        then();
      };
      subscriber.add(flush);
      subscribeWithin(subscriber, source, {
        next: (row) => {
          waiting.push(row);
          if (waiting.length >= every) attempt(() => {});
        },
        error: (error) => attempt(() => subscriber.error(error)),
        complete: () => attempt(() => subscriber.complete()),
      });
    });
}
