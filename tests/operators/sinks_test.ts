/** Random tails of `record` and `progress` behind random chains, before sinks that take their time: nothing is lost. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import {
  concatMap,
  delay,
  identity,
  map,
  mergeMap,
  type MonoTypeOperatorFunction,
  of,
  type OperatorFunction,
  take,
  tap,
} from "rxjs";
import { useEngine } from "../../operators/backends/engine.ts";
import { batch } from "../../operators/batch.ts";
import { pull } from "../../operators/demand.ts";
import { evaluate, type Metric } from "../../operators/evaluate.ts";
import { metrics } from "../../operators/metrics.ts";
import { progress } from "../../operators/progress.ts";
import { record } from "../../operators/record.ts";
import type { Batch, Example, Measurement } from "../../operators/records.ts";
import { shuffle } from "../../operators/shuffle.ts";
import { tokenize } from "../../operators/tokenize.ts";
import { withParameters } from "../../operators/with_parameters.ts";
import { chains, examples, type Hop, hop, stop } from "../helpers/random_chains.ts";
import { alphabet, assertNothingLeft, tinyModel } from "../helpers/streams.ts";

await useEngine();

interface Case {
  readonly chain: "settle" | "train" | "evaluate";
  readonly count: number;
  readonly waits: boolean;
  readonly buffer: number;
  readonly size: number;
  readonly inFlight: number;
  readonly between: Hop;
  /** Whether `progress` also counts examples, tokens, batches. */
  readonly watched: readonly boolean[];
  /** What rows pass, in this order; `late` hands each on some milliseconds later. */
  readonly tail: readonly ("record" | "record in threes" | "progress" | "late")[];
  /** Milliseconds that a sink takes to store rows. */
  readonly slow: number;
  readonly end: { readonly how: "complete" | "take" | "unsubscribe" | "source" | "operator"; readonly at: number };
}

const cases = fc.record<Case>({
  chain: fc.constantFrom("settle", "settle", "train", "evaluate"),
  count: fc.integer({ min: 0, max: 9 }),
  waits: fc.boolean(),
  buffer: fc.constantFrom(0, 5),
  size: fc.integer({ min: 1, max: 3 }),
  inFlight: fc.integer({ min: 1, max: 3 }),
  between: fc.constantFrom<Hop>("none", "delay", "share", "gather"),
  watched: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  tail: fc.array(fc.constantFrom("record", "record in threes", "progress", "late"), { maxLength: 4 }),
  slow: fc.constantFrom(0, 1, 15),
  end: fc.record({
    how: fc.constantFrom("complete", "take", "unsubscribe", "source", "operator"),
    at: fc.nat({ max: 9 }),
  }),
});

/** What went through one `record` of the tail, and what its sink holds. */
interface Kept {
  readonly came: Measurement[];
  readonly stored: Measurement[];
}

const rowOf = (metric: string): Measurement => ({ trial: "t", metric, step: 0, value: 1, unit: "1", labels: {} });
const idsOf = ({ examples }: Batch) => examples.map(({ id }) => id);

/** The tail's operators, what each `record` of it kept, and what each `progress` told last. */
function tailOf({ tail, slow }: Case) {
  const kept: Kept[] = [], counted: { passed: number; told?: number }[] = [];
  const one = (name: Case["tail"][number]): MonoTypeOperatorFunction<Measurement> => {
    if (name === "late") return (rows) => rows.pipe(concatMap((row) => of(row).pipe(delay(2))));
    if (name === "progress") {
      const count: typeof counted[number] = { passed: 0 };
      counted.push(count);
      return (rows) => rows.pipe(tap(() => count.passed++), progress(9, ({ done }) => count.told = done, 1));
    }
    const each: Kept = { came: [], stored: [] };
    kept.push(each);
    const sink = {
      append(rows: readonly Measurement[]) {
        for (const until = performance.now() + slow; performance.now() < until;);
        each.stored.push(...rows);
      },
    };
    return (rows) => rows.pipe(tap((row) => each.came.push(row)), record(sink, name === "record" ? 1 : 3));
  };
  const operators = tail.map(one);
  return {
    kept,
    counted,
    operator: (rows: Parameters<MonoTypeOperatorFunction<Measurement>>[0]) =>
      operators.reduce((rows, operator) => rows.pipe(operator), rows),
  };
}

/** From batches to rows: one a batch, or one a metric at the end. `read` hears of each batch that is done. */
function rowsFrom(
  chain: Case["chain"],
  end: number,
  read: (batch: Batch) => void,
): OperatorFunction<Batch, Measurement> {
  if (chain !== "evaluate") {
    return (batches) =>
      batches.pipe(
        chains[chain](end),
        tap(read),
        map((batch) => rowOf(idsOf(batch).join(" "))),
      );
  }
  const seen: Metric = { name: "seen", unit: "1", begin: () => ({ add: ({ batch }) => read(batch), value: () => 1 }) };
  return (batches) =>
    withParameters(3, (parameters) =>
      batches.pipe(
        evaluate(tinyModel(), [seen, metrics.loss], {
          parameters,
          vocabulary: alphabet.target,
          maxLength: (batch) => {
            if (idsOf(batch).includes(`${end}`)) throw stop;
            return 2;
          },
        }),
        mergeMap((evaluation) => Object.keys(evaluation).map(rowOf)),
      ));
}

async function holds(given: Case): Promise<void> {
  const { chain, count, waits, buffer, size, inFlight, between, watched, end } = given;
  const flow = { made: 0, read: 0, most: 0 }, seen: string[] = [], out: Measurement[] = [];
  const { kept, counted, operator } = tailOf(given);
  const watch = <T>(at: number): MonoTypeOperatorFunction<T> => watched[at] ? progress(9, () => {}, 1) : identity;
  let failure: unknown;
  await assertNothingLeft(() =>
    new Promise<void>((resolve) => {
      const subscription = pull(examples(count, waits, end.how === "source" ? end.at : -1)).pipe(
        watch(0),
        buffer > 0 ? shuffle<Example>(7, buffer) : identity,
        tokenize(alphabet),
        watch(1),
        batch({ size, inFlight, pool: 1 }),
        tap(() => flow.most = Math.max(flow.most, ++flow.made - flow.read)),
        watch(2),
      ).pipe(
        hop(between, inFlight),
        rowsFrom(chain, end.how === "operator" ? end.at : -1, (batch) => {
          flow.read++;
          seen.push(...idsOf(batch));
        }),
        operator,
        end.how === "take" ? take(end.at) : identity,
      ).subscribe({
        next(row) {
          out.push(row);
          if (end.how === "unsubscribe" && out.length > end.at) {
            subscription.unsubscribe();
            resolve();
          }
        },
        error(error) {
          failure = error;
          resolve();
        },
        complete: resolve,
      });
    })
  );
  assertLessOrEqual(flow.most, inFlight, "ran ahead");
  assertEquals(new Set(seen).size, seen.length, "doubled");
  const fails = end.at < count && (end.how === "source" || end.how === "operator");
  assertEquals(failure, fails ? stop : undefined);
  // However it ends, what came to a record is in its sink, in order.
  for (const { came, stored } of kept) assertEquals(stored, came);
  const whole = end.how === "complete" || !fails && (end.how === "source" || end.how === "operator");
  if (!whole) return;
  assertEquals(seen.length, count, "lost");
  for (const { stored } of kept) assertEquals(stored, out);
  for (const { passed, told } of counted) assertEquals([passed, told], [out.length, out.length]);
  if (chain === "evaluate") assertEquals(out.map(({ metric }) => metric), ["seen", "loss"]);
  else assertEquals(out.flatMap(({ metric }) => metric.split(" ")), seen);
}

Deno.test("random chains through record and progress, in any order, to slow sinks keep every row", () =>
  fc.assert(fc.asyncProperty(cases, holds), { numRuns: 80 }));

Deno.test("a sink that takes its time holds the source back: no batch is made while rows are stored", async () => {
  const events: string[] = [];
  const sink = {
    append(rows: readonly Measurement[]) {
      for (const until = performance.now() + 40; performance.now() < until;);
      events.push(...rows.map(() => "stored"));
    },
  };
  await assertNothingLeft(() =>
    new Promise<void>((resolve, reject) =>
      pull(examples(12, false, -1)).pipe(
        tokenize(alphabet),
        batch({ size: 1, inFlight: 2, pool: 0 }),
        tap(() => events.push("made")),
        rowsFrom("settle", -1, () => {}),
        record(sink),
      ).subscribe({ error: reject, complete: resolve })
    )
  );
  assertEquals(events.filter((event) => event === "stored").length, 12);
  let ahead = 0;
  for (const event of events) {
    ahead += event === "made" ? 1 : -1;
    assert(ahead >= 0 && ahead <= 2, `${ahead} batches ahead of the sink`);
  }
});
