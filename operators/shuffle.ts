/** @module shuffle: a stream in random order, with bounded memory */
import { type MonoTypeOperatorFunction, Observable } from "rxjs";
import { pull } from "./demand.ts";
import { randomFrom } from "./numerics/random.ts";
import { subscribeWithin } from "./subscribe_within.ts";

/**
 * Emits the source's items in random order, the same for the same seed. At most `buffer` items wait at a time: when the
 * buffer is full, each arrival pushes out an item chosen at random, so an item can come early by at most `buffer` places
 * and late by any number. A buffer as long as the source gives every order the same chance.
 *
 * @param seed Any 32-bit integer.
 * @param buffer Items to hold, at least 1.
 */
export function shuffle<T>(seed: number, buffer: number): MonoTypeOperatorFunction<T> {
  if (!Number.isInteger(buffer) || buffer < 1) {
    throw new RangeError(
      `Cannot shuffle as the buffer must be a whole number of at least 1: current value is ${buffer}`,
    );
  }
  return (source) =>
    new Observable((subscriber) => {
      const random = randomFrom(seed);
      const held: T[] = [];
      const takeOut = () => {
        const at = random.integer(held.length);
        const item = held[at];
        held[at] = held[held.length - 1];
        held.pop();
        return item;
      };
      const rest = function* () {
        while (held.length > 0) yield takeOut();
      };
      subscriber.add(() => held.length = 0);
      subscribeWithin(subscriber, source, {
        next(item) {
          held.push(item);
          if (held.length > buffer) subscriber.next(takeOut());
        },
        // What is left is pulled too: a slow consumer must not find the whole buffer pushed at it.
        complete: () => void pull(rest()).subscribe(subscriber),
      });
    });
}
