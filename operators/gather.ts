/** @module gather: vectors to rectangles */
import { Observable, type OperatorFunction } from "rxjs";
import { Gate } from "./demand.ts";
import type { Vector, Vectors } from "./records.ts";
import { subscribeWithin } from "./subscribe_within.ts";

/**
 * Gathers vectors into rectangles of `size` rows, in the order in which they come; the last may be smaller. At most
 * `inFlight` of them lie between the source and its `settle` or `train`.
 *
 * @throws RangeError when an option is not a whole number of at least 1; in the stream, when two vectors of a rectangle
 * have different widths.
 */
export function gather({ size, inFlight = 2 }: { size: number; inFlight?: number }): OperatorFunction<Vector, Vectors> {
  for (const [name, value] of Object.entries({ size, inFlight })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`Cannot gather as ${name} must be a whole number of at least 1: current value is ${value}`);
    }
  }
  return (source) =>
    new Observable((subscriber) => {
      const gate = new Gate(inFlight);
      let waiting: Vector[] = [];
      const flush = () => {
        if (waiting.length === 0) return;
        const rows = waiting;
        waiting = [];
        gate.emit(rectangle(rows), (vectors) => subscriber.next(vectors));
      };
      subscriber.add(() => waiting = []);
      subscribeWithin(subscriber, source, {
        next(vector) {
          if (waiting.push(vector) >= size) flush();
        },
        complete() {
          flush();
          subscriber.complete();
        },
      });
    });
}

function rectangle(rows: readonly Vector[]): Vectors {
  const width = rows[0].values.length;
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, index) => {
    if (row.values.length !== width) {
      throw new RangeError(
        `Cannot gather as every vector must have ${width} entries: ${row.id} has ${row.values.length}`,
      );
    }
    values.set(row.values, index * width);
  });
  return { size: rows.length, width, values };
}
