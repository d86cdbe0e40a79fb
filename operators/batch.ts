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
  /**
   * Batches' worth of examples that wait, so that each finds its like among them; 0 batches examples as they come.
   * @default {64} of CMUdict's words a seventh of all positions is padding then
   */
  pool?: number;
}

/**
 * Gathers examples into batches of similar length.
 *
 * Examples wait in a pool, sorted by source length. When it is full, a batch of neighbours leaves it: now short ones, now
 * long ones, so that lengths are spread over time. What is left when the source ends leaves in the same way. So a batch
 * needs little padding, any stretch of batches holds lengths in the shares that the source has, the last ones too, and
 * the order of batches follows from the (shuffled) source alone. Target lengths stay mixed within a batch: a step that
 * sees one target length teaches where to end, and the next one teaches otherwise.
 *
 * @throws RangeError when an option is not a whole number, size or inFlight is under 1, or pool under 0.
 */
export function batch(options: BatchOptions): OperatorFunction<Tokens, Batch> {
  const { size, inFlight = 2, pool = 64 } = options;
  for (const [name, value, least] of [["size", size, 1], ["inFlight", inFlight, 1], ["pool", pool, 0]] as const) {
    if (!Number.isInteger(value) || value < least) {
      throw new RangeError(
        `Cannot batch as ${name} must be a whole number of at least ${least}: current value is ${value}`,
      );
    }
  }
  return (source) =>
    new Observable((subscriber) => {
      const gate = new Gate(inFlight);
      let waiting: Tokens[] = [];
      let taken = 0;
      const sorted = () => pool > 0 ? waiting.sort(byLength) : waiting;
      const emit = (tokens: readonly Tokens[]) => gate.emit(collate(tokens), (batch) => subscriber.next(batch));
      const rest = function* () {
        const left = sorted();
        waiting = [];
        const places = Array.from({ length: Math.ceil(left.length / size) }, (_, place) => place);
        for (const at of places.sort((a, b) => spread(a) - spread(b))) yield left.slice(at * size, (at + 1) * size);
      };
      subscriber.add(() => waiting = []);
      subscribeWithin(subscriber, source, {
        next(tokens) {
          waiting.push(tokens);
          if (waiting.length < (pool + 1) * size) return;
          emit(sorted().splice(Math.floor((pool + 1) * spread(taken++)) * size, size));
        },
        complete: () => subscribeWithin(subscriber, pull(rest()), { next: emit }),
      });
    });
}

function byLength(a: Tokens, b: Tokens): number {
  return a.source.length - b.source.length;
}

/**
 * The n-th of points that cover [0, 1) evenly, wherever one stops: the fractional part of n times the golden ratio.
 * Source: Knuth 1998, "Sorting and Searching", section 6.4, theorem S.
 */
function spread(n: number): number {
  return n * (Math.sqrt(5) - 1) / 2 % 1;
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
