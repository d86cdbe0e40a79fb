/** Rows as pages ask for them: labels, last values, means, and differences paired by run. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Label, Measurement } from "../../operators/records.ts";
import type { Trial } from "../../pipelines/experiment.ts";
import {
  carrying,
  differenceOf,
  estimateOf,
  finite,
  lastRows,
  lastValues,
  seededRows,
  seedsOf,
} from "../../pipelines/runs.ts";

const trials = [7, 2, 7].map((seed, at): Trial => ({ id: `t${at}`, pipeline: "p", options: {}, seed, version: "1" }));

function row(trial: string, step: number, value: number, labels: Record<string, Label> = {}): Measurement {
  return { trial, metric: "per", step, value, unit: "%", labels };
}

Deno.test("seeds are each named once, in order, and rows of trials that aren't finished are left out", () => {
  assertEquals(seedsOf(trials), [2, 7]);
  const rows = [row("t1", 1, 5, { set: "dev" }), row("stranger", 1, 6), row("t0", 1, 7)];
  assertEquals(seededRows({ trials, rows }), [
    row("t1", 1, 5, { set: "dev", seed: 2 }),
    row("t0", 1, 7, { seed: 7 }),
  ]);
});

Deno.test("rows are chosen by labels and, where it is asked for, by finite values", () => {
  const rows = [row("t0", 1, 1, { set: "dev" }), row("t0", 2, NaN, { set: "dev" }), row("t0", 3, 3, { set: "test" })];
  assertEquals(carrying(rows, { set: "dev" }).map(({ step }) => step), [1, 2]);
  assertEquals(carrying(rows, { set: "dev", seed: 1 }), []);
  assertEquals(finite(rows, { set: "dev" }).map(({ step }) => step), [1]);
  assertEquals(finite(rows).map(({ step }) => step), [1, 3]);
});

Deno.test("the last value of a run is that of its greatest step, however the rows are ordered", () => {
  const rows = [row("t0", 3, 30), row("t0", 1, 10), row("t1", 2, 20), row("t1", 2, 21)];
  assertEquals(lastValues(rows, ({ trial }) => trial), new Map([["t0", 30], ["t1", 21]]));
  assertEquals(lastRows(rows, ({ trial }) => trial).get("t1"), rows[3]);
});

Deno.test("differences are paired by the runs that both have", () => {
  const a = new Map([[1, 10], [2, 20], [3, 99]]), b = new Map([[2, 14], [1, 6], [4, 0]]);
  const found = differenceOf(a, b)!;
  assertEquals([found.mean, found.count], [5, 2]);
  assertEquals(differenceOf(a, new Map([[9, 1]])), undefined);
  const estimate = estimateOf(new Map([[1, 4], [2, 6]]).values())!;
  assertEquals([estimate.mean, estimate.count], [5, 2]);
  // Student's t for one degree of freedom, 12.706, times the standard error 1.
  assertAlmostEquals(estimate.high, 5 + 12.7062, 1e-3);
  assertEquals(estimateOf([]), undefined);
});
