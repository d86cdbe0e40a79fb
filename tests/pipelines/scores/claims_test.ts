/** The verdict on each of the score page's claims, for rows that hold it up, contradict it, or don't tell. */
import { assertEquals } from "@std/assert";
import type { Measurement } from "../../../operators/records.ts";
import { claimsOf } from "../../../pipelines/scores/claims.ts";
import { ScoreRuns } from "../../../pipelines/scores/runs.ts";
import { bending, five, isScore, type RunShape, scoreResults } from "./fixture.ts";

const MINE = "mine <b>";

function verdict(number: number, shape: RunShape) {
  return claimsOf(new ScoreRuns(scoreResults(shape)))[number - 1];
}

Deno.test("claim 1: of one class or not, by additivity", () => {
  assertEquals(verdict(1, {}).verdict, "does not hold");
  assertEquals(verdict(1, bending((row) => row.metric === "additivity", () => 1e-7)).verdict, "no difference seen");
  assertEquals(verdict(1, bending((row) => row.metric === "additivity", () => 0.3)).verdict, "no difference seen");
  assertEquals(verdict(1, { scores: ["general", "dot"] }).verdict, "not tested here");
});

Deno.test("claim 2: equal cost, by operations, activations and time", () => {
  const isCost = (row: Measurement) => /^(operations|activations|time)/.test(row.metric);
  assertEquals(verdict(2, {}).verdict, "does not hold");
  assertEquals(verdict(2, bending(isCost, () => 1000)).verdict, "holds");
  assertEquals(verdict(2, bending((row) => row.metric === "time/training", () => 1)).verdict, "holds in part");
  assertEquals(verdict(2, { scores: ["concat"] }).verdict, "not tested here");
  assertEquals(verdict(2, { bend: (row) => isCost(row) ? undefined : row }).verdict, "not tested here");
});

Deno.test("claims 3 to 5: parameters against closed forms", () => {
  for (
    const [number, score, right] of [[3, "dot", "holds"], [4, "general", "holds"], [
      5,
      "concat",
      "holds in part",
    ]] as const
  ) {
    assertEquals(verdict(number, {}).verdict, right);
    const off = bending((row) => row.metric === "parameters" && isScore(row, score), ({ value }) => value + 1);
    assertEquals(verdict(number, off).verdict, "does not hold");
    assertEquals(verdict(number, { scores: five.filter((name) => name !== score) }).verdict, "not tested here");
  }
});

Deno.test("claim 6: dot is cheapest", () => {
  const dear = (metrics: RegExp) => bending((row) => metrics.test(row.metric) && isScore(row, "dot"), () => 1e12);
  assertEquals(verdict(6, {}).verdict, "holds");
  assertEquals(verdict(6, dear(/^time/)).verdict, "holds in part");
  assertEquals(verdict(6, dear(/^(time|operations|bytes|parameters)/)).verdict, "does not hold");
  assertEquals(verdict(6, { scores: ["dot", "scaledDot"] }).verdict, "not tested here");
});

Deno.test("claim 7: the range of tanh and score", () => {
  const within = (metrics: RegExp) =>
    bending((row) => metrics.test(row.metric), (row) => row.metric.endsWith("min") ? 0.1 : 0.9);
  assertEquals(verdict(7, {}).verdict, "does not hold");
  assertEquals(verdict(7, within(/^activation/)).verdict, "holds in part");
  assertEquals(verdict(7, within(/^(activation|score)\/(min|max)/)).verdict, "holds");
  assertEquals(verdict(7, { scores: ["dot"] }).verdict, "not tested here");
});

Deno.test("claim 8: gradients that explode or vanish, with tanh and without", () => {
  const first = (row: Measurement) => row.step === 1000;
  const last = (row: Measurement) => row.step === 80_000;
  const explode = (score: string) => (row: Measurement) =>
    row.metric === "gradient/global" && isScore(row, score) && first(row);
  const vanish = (score: string) => (row: Measurement) =>
    row.metric === "gradient/memory" && isScore(row, score) && last(row);
  assertEquals(verdict(8, {}).verdict, "no difference seen");
  assertEquals(verdict(8, bending(explode("concat"), () => 1e4)).verdict, "does not hold");
  assertEquals(verdict(8, bending(explode("concat"), () => NaN)).verdict, "does not hold");
  assertEquals(verdict(8, bending(vanish("concat"), () => 1e-9)).verdict, "does not hold");
  assertEquals(verdict(8, bending(explode("dot"), () => 1e4)).verdict, "holds in part");
  assertEquals(verdict(8, bending(vanish("general"), () => 1e-9)).verdict, "holds in part");
  const both = bending((row) => explode("dot")(row) || vanish("dot")(row), (row) => vanish("dot")(row) ? 1e-9 : 1e4);
  assertEquals(verdict(8, both).verdict, "holds");
  assertEquals(verdict(8, { scores: ["concat", "location"] }).verdict, "not tested here");
});

Deno.test("claims 9 and 10: best, by differences paired by seed", () => {
  for (const [number, subject] of [[9, "general"], [10, "location"]] as const) {
    const others = Object.fromEntries(five.map((score) => [score, 20]));
    assertEquals(verdict(number, { per: { ...others, [subject]: 10 }, noise: 0.1 }).verdict, "holds");
    assertEquals(verdict(number, { per: { ...others, dot: 10 }, noise: 0.1 }).verdict, "does not hold");
    const some = { per: { ...others, [subject]: 10, concat: 12 }, noise: 0.1 };
    const shaky = {
      ...some,
      bend: (row: Measurement) =>
        row.metric === "per" && isScore(row, "concat")
          ? { ...row, value: row.value + 5 * Number(row.trial[1]) - 1.5 }
          : row,
    };
    assertEquals(verdict(number, shaky).verdict, "holds in part");
    assertEquals(verdict(number, { per: others, noise: 4 }).verdict, "no difference seen");
    assertEquals(verdict(number, { seeds: 1 }).verdict, "not tested here");
    assertEquals(verdict(number, { scores: [subject] }).verdict, "not tested here");
    assertEquals(verdict(number, { scores: ["concat", "dot"] }).verdict, "not tested here");
    // The claim is on the notes' scores: a user's own may be better.
    assertEquals(
      verdict(number, { per: { ...others, [subject]: 10, [MINE]: 1 }, scores: [...five, MINE], noise: 0.1 }).verdict,
      "holds",
    );
  }
});
