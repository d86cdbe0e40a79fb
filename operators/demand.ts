/**
 * Demand: how a slow consumer holds back a fast source, which RxJS by itself does not do.
 *
 * A source made by {@linkcode pull} asks for its next item only when the gates downstream have room. A {@linkcode Gate}
 * belongs to one subscription of `batch` and counts places: a batch takes a place when it is emitted and gives it back
 * when `settle` or `train` has handed its result on, or when its loan ends unsettled. So at most `inFlight` batches lie
 * between a source and its consumer.
 *
 * A batch that nobody lends needs a rule of its own. In a chain without `lend` (somebody counts padding, say) places are
 * free at once. In a chain that lends, a batch that does not arrive was either dropped (`filter`) or delayed, and no
 * operator can tell which: it counts as dropped after {@linkcode PATIENCE_MS}, and when it turns up after all, the chain
 * is known to delay, and from then on waits longer. When a batch turns up within the emission of a later one, the chain
 * gathers (`bufferCount(4)`), and from then on as many places are open as it needs: the one case in which more than
 * `inFlight` batches are held, and nothing less would let it go on. A gate knows of a `lend` in an inner chain
 * (`concatMap`) from its first batch there, so behind a delay the batches before that (records, no tensors) run freely;
 * and a source learns of a gate only when that gate emits within its emission, so delays belong after `batch`.
 *
 * @module
 */
import { Observable } from "rxjs";

/** How long a batch may be on its way to a `lend` before it counts as dropped, in milliseconds. */
export const PATIENCE_MS = 1000;

/** The longest such wait, in milliseconds, so that a chain that delays and drops still goes on. */
const LONGEST_PATIENCE_MS = 8000;

/** Longest time that a source runs without letting timers and messages through, in milliseconds. */
const SLICE_MS = 50;

/**
 * The gates of the pump that is emitting at this moment: emission is synchronous, so a gate downstream finds its pump
 * here, and so does a pump that starts when another one completes (the next epoch, say).
 */
let emitting: Set<Gate> | undefined;

/** How many `lend`s are subscribing upstream at this moment: a gate that subscribes within one knows of it. */
let lendsAbove = 0;

/** Which gate a record holds a place in. Records are plain data, so the link is kept outside them. */
const gateOf = new WeakMap<object, Gate>();

/** Counts the places of one subscription of `batch`. */
export class Gate {
  #capacity: number;
  /** Places taken, with how many (of a shared stream) work on the record at this moment. */
  readonly #places = new Map<object, number>();
  readonly #expired = new WeakSet<object>();
  #lending = lendsAbove > 0;
  #patience = PATIENCE_MS;
  /** When a record was emitted, and as which one. */
  readonly #emitted = new WeakMap<object, { readonly order: number; readonly at: number }>();
  #emissions = 0;
  /** Order of the record that is being emitted at this moment. */
  #now?: number;
  #wake: (() => void)[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Emits a record through `next`, and gives its place back if nobody in this chain lends. */
  emit<R extends object>(record: R, next: (record: R) => void): void {
    emitting?.add(this);
    gateOf.set(record, this);
    this.#places.set(record, 0);
    const outer = this.#now;
    this.#now = ++this.#emissions;
    this.#emitted.set(record, { order: this.#now, at: performance.now() });
    try {
      next(record);
    } finally {
      this.#now = outer;
    }
    if (!this.#lending) this.release(record);
  }

  /** Says that a record is being worked on. */
  borrow(record: object): void {
    this.#lending = true;
    const { order, at } = this.#emitted.get(record)!;
    if (this.#now !== undefined) this.#capacity = Math.max(this.#capacity, this.#now - order + 1);
    else if (this.#expired.delete(record)) {
      this.#patience = Math.min(LONGEST_PATIENCE_MS, Math.max(this.#patience, 2 * (performance.now() - at)));
    }
    this.#places.set(record, (this.#places.get(record) ?? 0) + 1);
  }

  /** Gives a record's place back when nobody works on it any more. */
  release(record: object): void {
    const others = (this.#places.get(record) ?? 0) - 1;
    if (others > 0) {
      this.#places.set(record, others);
      return;
    }
    if (this.#places.delete(record)) this.wake();
  }

  /** Makes whoever waits look again. */
  wake(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  /** Whether a source may emit now. */
  get open(): boolean {
    return this.#places.size < this.#capacity;
  }

  /** Settles when the gate may be open; the caller looks again. */
  opening(): Promise<void> {
    return new Promise((resolve) => {
      const since = performance.now();
      const timer = setTimeout(() => {
        // A timer that is late itself says that nothing could run, the chain included: then nobody has been patient yet.
        if (performance.now() - since < 1.1 * this.#patience) this.#expireOldest();
        wake();
      }, this.#patience);
      const wake = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#wake.push(wake);
    });
  }

  #expireOldest(): void {
    if ([...this.#places.values()].some((borrowers) => borrowers > 0)) return;
    const [oldest] = this.#places.keys();
    if (oldest === undefined) return;
    this.#expired.add(oldest);
    this.#places.delete(oldest);
  }
}

/** Says that work on a record begins; without a gate (a record made by hand) there is nothing to count. */
export function borrow(record: unknown): void {
  if (typeof record === "object" && record !== null) gateOf.get(record)?.borrow(record);
}

/** Says that work on a record has ended. */
export function release(record: unknown): void {
  if (typeof record === "object" && record !== null) gateOf.get(record)?.release(record);
}

/** Runs a subscription upstream so that gates made in it know that their records will be lent. */
export function lendingAbove<T>(subscribe: () => T): T {
  lendsAbove++;
  try {
    return subscribe();
  } finally {
    lendsAbove--;
  }
}

/**
 * A stream that pulls its items: the next one is asked for when every gate downstream has room.
 *
 * Items are emitted synchronously as long as there is room; long runs let timers through. Each subscription walks the
 * source from its beginning, and leaving early closes the iterator.
 *
 * ```ts
 * import { pull } from "@heed/heed/operators";
 * pull([1, 2, 3]).subscribe(console.log); // 1 2 3
 * ```
 *
 * @param source What to walk: an array, a dataset, a generator function's result, a file's lines.
 */
export function pull<T>(source: Iterable<T> | AsyncIterable<T>): Observable<T> {
  return new Observable<T>((subscriber) => {
    const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    const gates = new Set<Gate>(emitting);
    let exhausted = false;

    const within = (notify: () => void) => {
      const outer = emitting;
      emitting = gates;
      try {
        notify();
      } finally {
        emitting = outer;
      }
    };

    const pump = async () => {
      let since = performance.now();
      while (!subscriber.closed) {
        for (const gate of gates) {
          while (!gate.open && !subscriber.closed) await gate.opening();
        }
        if (performance.now() - since > SLICE_MS) {
          await new Promise((resolve) => setTimeout(resolve));
          since = performance.now();
        }
        if (subscriber.closed) return;
        const step = iterator.next();
        const result = step instanceof Promise ? await step : step;
        if (result.done) {
          exhausted = true;
          within(() => subscriber.complete());
          return;
        }
        within(() => subscriber.next(result.value));
      }
    };
    pump().catch((error) => {
      exhausted = true;
      subscriber.error(error);
    });
    return () => {
      // A pump that waits for a place must not keep its timer.
      for (const gate of gates) gate.wake();
      if (!exhausted) void iterator.return?.();
    };
  });
}
