import { assertEquals } from "@std/assert";
import type { Trial } from "../../../pipelines/experiment.ts";
import { duration, progressFor, Tally } from "../../../pipelines/run/progress.ts";

const trials: readonly Trial[] = [1, 2, 3, 4].map((seed) => ({
  id: `t${seed}`,
  pipeline: "scores",
  options: { hidden: 64 },
  seed,
  version: "1",
}));

Deno.test("Tally tells the time left from this call's work alone", () => {
  let now = 0;
  const tally = new Tally(trials, new Set(["t1"]), () => now);
  assertEquals([tally.share, tally.left], [0.25, ""]);
  // t2 goes on from 0.5: that half is no work of this call.
  tally.begin(trials[1], true);
  tally.update(trials[1], 0.5);
  now = 10_000;
  tally.update(trials[1], 1);
  // Half a trial in 10 s, two trials to go.
  assertEquals([tally.share, tally.left], [0.5, "about 40 s left"]);
});

Deno.test("duration() says seconds, minutes and hours", () => {
  assertEquals([0.2, 99, 100, 3600, 7800].map(duration), ["0 s", "99 s", "2 min", "60 min", "2 h 10 min"]);
});

Deno.test("progress off a terminal is one line a finished or failed trial", () => {
  const lines: string[] = [];
  const progress = progressFor(false, (line) => lines.push(line));
  progress.start(trials, new Set(["t1"]));
  for (const trial of trials.slice(1)) progress.begin(trial, false);
  progress.update(trials[1], 0.5);
  progress.finish(trials[1]);
  progress.fail(trials[2], "no room");
  progress.finish(trials[3]);
  progress.close();
  assertEquals(lines, [
    "4 trials, 1 finished before",
    "[2/4] 50% scores seed=2 finished in 0 s",
    "[2/4] 75% scores seed=3 failed after 0 s: no room",
    "[3/4] 100% scores seed=4 finished in 0 s",
  ]);
});
