import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../../operators/records.ts";
import { resolveOptions } from "../../../pipelines/options.ts";
import { best as large, pathsExperiment } from "../../../pipelines/paths.ts";
import { columnsOf, factorial, FACTORS, plan } from "../../../pipelines/paths/design.ts";
import { attentionOf, pathOf } from "../../../pipelines/paths/model.ts";

const names = Object.keys(FACTORS) as (keyof typeof FACTORS)[];

for (const [profile, size] of [["quick", 8], ["full", 16]] as const) {
  Deno.test(`the ${profile} design has every pair of levels of any two factors equally often`, () => {
    const runs = factorial(profile).filter(({ path }) => path !== "luong + feeding").map(columnsOf);
    assertEquals(runs.length, size);
    for (const a of names) {
      assertEquals(runs.reduce((sum, run) => sum + run[a], 0), 0, a);
      for (const b of names) {
        if (a !== b) assertEquals(runs.reduce((sum, run) => sum + run[a] * run[b], 0), 0, `${a} ${b}`);
      }
    }
    assertEquals(factorial(profile).filter(({ path }) => path === "luong + feeding").length, size / 2);
  });
}

Deno.test("in the full design main effects are clear of interactions of two", () => {
  const runs = factorial("full").filter(({ path }) => path !== "luong + feeding").map(columnsOf);
  for (const a of names) {
    for (const b of names) {
      for (const c of names) {
        if (b === c || a === b || a === c) continue;
        assertEquals(runs.reduce((sum, run) => sum + run[a] * run[b] * run[c], 0), 0, `${a} ${b} ${c}`);
      }
    }
  }
});

Deno.test("the plan holds what location is compared with", () => {
  const base = plan("quick").filter(({ part, path, score, direction, scope, cell }) =>
    part === "factorial" &&
    `${path} ${score} ${direction} ${scope} ${cell}` === "luong general unidirectional global gru"
  );
  assertEquals(base.length, 1);
});

Deno.test("every generated task is run: copy and reverse in both profiles, sort in the full one", () => {
  const tasks = (profile: "quick" | "full") => [...new Set(plan(profile).map(({ task }) => task))].sort();
  assertEquals(tasks("quick"), ["copy", "pronunciation", "reverse"]);
  assertEquals(tasks("full"), ["copy", "pronunciation", "reverse", "sort"]);
});

Deno.test("combinations that make no sense are refused in one line, as their text comes from the command line", () => {
  assertThrows(
    () => attentionOf("local-p", "location", 2),
    InputError,
    'Cannot use the score "location" in local attention',
  );
  assertThrows(() => attentionOf("sideways", "dot", 2), InputError, "scope must be one of global, local-m");
  assertThrows(() => attentionOf("global", "guess", 2), InputError, "score must be one of dot, general");
  assertThrows(() => pathOf("both"), InputError, "path must be one of luong, luong + feeding, bahdanau");
});

Deno.test("configurations() gives every trial of the plan, and best one of its own sizes", async () => {
  const options = await resolveOptions(pathsExperiment, "quick", new Map());
  assertEquals((await pathsExperiment.configurations(options)).length, plan("quick").length);
  const best = await resolveOptions(pathsExperiment, "full", new Map([["design", "best"]]));
  const [only, ...none] = await pathsExperiment.configurations(best);
  assertEquals([only.part, only.units, only.layers, none.length], ["best", 640, 1, 0]);
  // Whatever the other options are: all of its own sizes stand.
  assertEquals({ ...only, ...large }, only);
  await assertRejects(
    () => pathsExperiment.configurations({ ...options, units: 7 }),
    InputError,
    "units must be even",
  );
  assert((await pathsExperiment.configurations(options)).every(({ units }) => units === 64));
});
