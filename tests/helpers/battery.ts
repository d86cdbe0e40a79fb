/**
 * The standard battery that every operator passes: values, completion, error, unsubscription, resubscription, and that a
 * synchronous source stops when told. Once in virtual time, as marbles, and once in real time for operators that await
 * data.
 *
 * @module
 */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import {
  concat,
  from,
  lastValueFrom,
  type Observable,
  type OperatorFunction,
  Subject,
  take,
  throwError,
  toArray,
} from "rxjs";
import { type RunHelpers, TestScheduler } from "rxjs/testing";
import { assertNothingLeft, endless } from "./streams.ts";

/** What goes in, what comes out, drawn in time. */
export interface Marbles<A, B> {
  /** Made once and used on several sources, so that state outside the subscription shows. */
  readonly operator: OperatorFunction<A, B>;
  readonly inputs: Record<string, A>;
  readonly outputs: Record<string, B>;
  /** Ends with completion `|`. */
  readonly source: string;
  readonly expected: string;
  /** The same with an error `#`. */
  readonly failing: string;
  readonly failed: string;
  /** A source that is left, when, what came out, and how long the source was subscribed to. */
  readonly left: { readonly source: string; readonly unsub: string; readonly expected: string; readonly subs: string };
  /** Inputs that `take(1)` may draw from a synchronous source. */
  readonly drawn?: number;
}

/** What every operator draws that gives an output for an input, at once. */
export const ONE_FOR_ONE = {
  source: "--a-b-c-|",
  expected: "--a-b-c-|",
  failing: "--a-b-#",
  failed: "--a-b-#",
  left: { source: "--a-b-c-|", unsub: "-----!", expected: "--a-b", subs: "^----!" },
} as const;

/** Registers the battery in virtual time. */
export function marbleBattery<A, B>(name: string, marbles: Marbles<A, B>): void {
  const { operator, inputs, outputs } = marbles;
  const virtual = (run: (helpers: RunHelpers) => void) => new TestScheduler(assertEquals).run(run);

  Deno.test(`${name} passes values and completion on, and holds no state between subscriptions`, () =>
    virtual(({ cold, expectObservable, expectSubscriptions }) => {
      for (let subscription = 0; subscription < 2; subscription++) {
        const source = cold(marbles.source, inputs);
        expectObservable(source.pipe(operator)).toBe(marbles.expected, outputs);
        expectSubscriptions(source.subscriptions).toBe(`^${"-".repeat(marbles.source.indexOf("|") - 1)}!`);
      }
      const twice = cold(marbles.source, inputs).pipe(operator);
      expectObservable(twice).toBe(marbles.expected, outputs);
      expectObservable(twice).toBe(marbles.expected, outputs);
    }));

  Deno.test(`${name} passes an error on`, () =>
    virtual(({ cold, expectObservable }) => {
      expectObservable(cold(marbles.failing, inputs).pipe(operator)).toBe(marbles.failed, outputs);
      expectObservable(cold<A>("#").pipe(operator)).toBe("#");
    }));

  Deno.test(`${name} leaves its source when it is left`, () =>
    virtual(({ hot, expectObservable, expectSubscriptions }) => {
      const { source, unsub, expected, subs } = marbles.left;
      const hotSource = hot(source, inputs);
      expectObservable(hotSource.pipe(operator), unsub).toBe(expected, outputs);
      expectSubscriptions(hotSource.subscriptions).toBe(subs);
    }));

  Deno.test(`${name} stops a synchronous source when told`, () => {
    const { state, source } = endless(Object.values(inputs));
    let out = 0;
    from(source).pipe(operator, take(1)).subscribe(() => out++);
    assertEquals(out, 1);
    assertLessOrEqual(state.drawn, marbles.drawn ?? 1);
    assert(state.closed, "the source's iterator was not closed");
  });
}

/** What goes in and out of an operator that awaits data. */
export interface Awaited<A, B> {
  readonly operator: () => OperatorFunction<A, B>;
  readonly inputs: readonly A[];
  /** What must come out, as `read` sees it. */
  readonly outputs: readonly unknown[];
  readonly read: (output: B) => unknown;
  /** The operator with something in it that throws "broken operator" at the first item. */
  readonly failing: () => OperatorFunction<A, B>;
  /** False for an operator that emits at completion only. @default true */
  readonly emitsEach?: boolean;
}

/** Registers the battery in real time; each test also holds that no tensor stays behind. */
export function awaitedBattery<A, B>(name: string, battery: Awaited<A, B>): void {
  const { inputs, outputs, read, emitsEach = true } = battery;
  const outcome = (source: Observable<B>) =>
    new Promise<unknown[]>((resolve) => {
      const seen: unknown[] = [];
      source.subscribe({
        next: (value) => seen.push(read(value)),
        error: (error) => resolve([...seen, `error: ${error.message}`]),
        complete: () => resolve([...seen, "complete"]),
      });
    });

  Deno.test(`${name} passes values and completion on, in order, and leaves no tensor behind`, () =>
    assertNothingLeft(async () => {
      assertEquals(await outcome(from(inputs).pipe(battery.operator())), [...outputs, "complete"]);
    }));

  Deno.test(`${name} passes an error on after the values before it`, () =>
    assertNothingLeft(async () => {
      const failing = concat(from(inputs), throwError(() => new Error("broken source")));
      const expected = emitsEach ? outputs : [];
      assertEquals(await outcome(failing.pipe(battery.operator())), [...expected, "error: broken source"]);
    }));

  Deno.test(`${name} leaves its source when it is left, and emits nothing more`, () =>
    assertNothingLeft(async () => {
      const source = new Subject<A>();
      let after = 0;
      const subscription = source.pipe(battery.operator()).subscribe(() => after++);
      assert(source.observed);
      source.next(inputs[0]);
      subscription.unsubscribe();
      assert(!source.observed, "the source is still subscribed to");
      await new Promise((resolve) => setTimeout(resolve, 5));
      assertEquals(after, 0);
    }));

  Deno.test(`${name} holds no state between subscriptions`, () =>
    assertNothingLeft(async () => {
      const operator = battery.operator();
      for (let subscription = 0; subscription < 2; subscription++) {
        const seen = await lastValueFrom(from(inputs).pipe(operator, toArray()));
        assertEquals(seen.map(read), outputs);
      }
    }));

  Deno.test(`${name} stops a synchronous source when it fails`, () =>
    assertNothingLeft(async () => {
      const { state, source } = endless(inputs);
      const [last] = (await outcome(from(source).pipe(battery.failing()))).slice(-1);
      assertEquals(last, "error: broken operator");
      assertEquals(state, { drawn: 1, closed: true });
    }));
}
