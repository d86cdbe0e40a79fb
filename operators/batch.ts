/** @module batch: token sequences to padded rectangles */
import { Observable, type OperatorFunction } from "rxjs";
import { Gate, pull } from "./demand.ts";
import type { Batch, Padded, Tokens } from "./records.ts";
import { subscribeWithin } from "./subscribe_within.ts";

/** Options of {@linkcode batch}. */
export interface BatchOptions {
  /** Examples in a batch, at least 1; the last batches may be smaller. */
  size: number;
  /**
   * Batches that may lie between the source and its `settle` or `train` at a time.
   * @default {2} one in work and the next one ready
   */
  inFlight?: number;
}

/**
 * Gathers examples into batches of similar length.
 *
 * Examples wait in one bucket a source length (from 16 symbols on, a band of lengths that grows by an eighth), and a full
 * bucket is a batch; at the end what is left is sorted by length and cut. So a batch needs next to no padding on the
 * source side, at most `size` examples wait a bucket, and the order of batches still follows the (shuffled) source.
 *
 * @throws RangeError when an option is not a whole number of at least 1.
 */
export function batch(options: BatchOptions): OperatorFunction<Tokens, Batch> {
  const { size, inFlight = 2 } = options;
  for (const [name, value] of Object.entries({ size, inFlight })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`Cannot batch as ${name} must be a whole number of at least 1: current value is ${value}`);
    }
  }
  return (source) =>
    new Observable((subscriber) => {
      const gate = new Gate(inFlight);
      const buckets = new Map<number, Tokens[]>();
      const emit = (tokens: readonly Tokens[]) => gate.emit(collate(tokens), (batch) => subscriber.next(batch));
      const rest = function* () {
        const left = [...buckets.values()].flat().sort((a, b) =>
          a.source.length - b.source.length || a.target.length - b.target.length
        );
        buckets.clear();
        for (let at = 0; at < left.length; at += size) yield left.slice(at, at + size);
      };
      subscriber.add(() => buckets.clear());
      subscribeWithin(subscriber, source, {
        next(tokens) {
          const band = bandOf(tokens.source.length);
          const bucket = buckets.get(band) ?? [];
          bucket.push(tokens);
          buckets.set(band, bucket);
          if (bucket.length < size) return;
          buckets.delete(band);
          emit(bucket);
        },
        complete: () => subscribeWithin(subscriber, pull(rest()), { next: emit }),
      });
    });
}

/** Pads examples to one batch, in the order given. */
export function collate(tokens: readonly Tokens[]): Batch {
  return {
    examples: tokens.map(({ example }) => example),
    size: tokens.length,
    source: pad(tokens.map(({ source }) => source)),
    target: pad(tokens.map(({ target }) => target)),
  };
}

/** Share of a batch's positions, source and target, that are padding: 0 to 1. */
export function paddingShare({ size, source, target }: Batch): number {
  const used = (side: Padded) => side.lengths.reduce((sum, length) => sum + length, 0);
  return 1 - (used(source) + used(target)) / (size * (source.width + target.width));
}

function pad(sequences: readonly Int32Array[]): Padded {
  const lengths = Int32Array.from(sequences, (sequence) => sequence.length);
  const width = Math.max(1, ...lengths);
  const ids = new Int32Array(sequences.length * width);
  sequences.forEach((sequence, row) => ids.set(sequence, row * width));
  return { ids, lengths, width };
}

/** Lengths up to 16 have a bucket each; longer ones share bands that grow by an eighth. */
function bandOf(length: number): number {
  return length <= 16 ? length : 16 + Math.ceil(Math.log(length / 16) / Math.log(1.125));
}
