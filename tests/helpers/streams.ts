/**
 * Sources that count, tiny models, and the check that a stream leaves no tensor behind.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type Observable, pipe } from "rxjs";
import { attend } from "../../operators/attend.ts";
import { decode } from "../../operators/decode.ts";
import { encode } from "../../operators/encode.ts";
import { bidirectionalGru } from "../../operators/numerics/encoder.ts";
import { luongDecoder } from "../../operators/numerics/luong.ts";
import { scores } from "../../operators/numerics/scores.ts";
import { tf } from "../../operators/numerics/tf.ts";
import type { Example, Tokens } from "../../operators/records.ts";
import { vocabularies } from "../../operators/vocabulary.ts";

/** Runs, waits for what is still being read, and compares the counts of tensors and bytes. */
export async function assertNothingLeft(run: () => Promise<unknown>): Promise<void> {
  const before = tf.memory();
  await run();
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { numTensors, numBytes } = tf.memory();
  assertEquals({ numTensors, numBytes }, { numTensors: before.numTensors, numBytes: before.numBytes });
}

/** A synchronous source without end that repeats some items, and says how many were drawn and whether it was closed. */
export function endless<A>(items: readonly A[]) {
  const state = { drawn: 0, closed: false };
  const walk = function* (): Generator<A> {
    try {
      for (;;) {
        if (state.drawn > 10_000) throw new Error("the source was not stopped");
        yield items[state.drawn++ % items.length];
      }
    } finally {
      state.closed = true;
    }
  };
  return { state, source: { [Symbol.iterator]: walk } };
}

/** Spelt words: the target is the source, reversed, in capitals. */
export function words(...spelt: string[]): Example[] {
  return spelt.map((word) => ({
    id: word,
    source: [...word],
    targets: [[...word.toUpperCase()].reverse()],
  }));
}

/** Words of 1 to 5 letters, distinct ids. */
export const someWords = words("a", "bc", "cab", "abba", "cabab", "b", "ca", "bab", "acca", "babba", "c");

/** The vocabularies of {@linkcode someWords}. */
export const alphabet = vocabularies(someWords);

/** Tokens of an example. */
export function tokensOf(example: Example): Tokens {
  return {
    example,
    source: alphabet.source.encode(example.source),
    target: alphabet.target.encode(example.targets[0]),
  };
}

/** A model small enough for the cpu backend: encoder 2×2 units, decoder 3 units. */
export function tinyModel() {
  return pipe(
    encode(bidirectionalGru({ units: 2, embedding: 3 }), alphabet.source),
    attend(scores.general, { query: 3 }),
    decode(luongDecoder({ units: 3, embedding: 2 }), alphabet.target),
  );
}

/** Everything a stream said: its values, then `complete` or its error. */
export function outcomeOf<T>(source: Observable<T>): Promise<{ values: T[]; error?: Error }> {
  return new Promise((resolve) => {
    const values: T[] = [];
    source.subscribe({
      next: (value) => values.push(value),
      error: (error) => resolve({ values, error }),
      complete: () => resolve({ values }),
    });
  });
}
