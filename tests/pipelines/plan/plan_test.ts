import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { InputError } from "../../../operators/records.ts";
import { contenderNames } from "../../../pipelines/kernels/contenders.ts";
import { type Calibration, rateOf } from "../../../pipelines/plan/calibration.ts";
import { parsePlan, planFor, planText } from "../../../pipelines/plan/plan.ts";

/** Everything at 10 G operations a second, but for what is named. */
function speeds(named: Record<string, number> = {}): Calibration {
  const keys = contenderNames.flatMap((name) =>
    [16, 64].flatMap((d) => [true, false].map((causal) => [`${name} ${d} ${causal}`, named[name] ?? 1e10]))
  );
  return { key: "k", rates: Object.fromEntries(keys) };
}

Deno.test("planFor() predicts by closed form and speed, and recommends softmax before the crossover", () => {
  const { sizes } = parsePlan({ n: "64", d: "64" }, false);
  assertEquals(sizes, { n: 64, d: 64, m: 64, heads: 1, batch: 1, causal: false });
  const slow = speeds({
    elu: 1e8,
    relu: 1e8,
    "favor-positive": 1e8,
    "favor-positive-iid": 1e8,
    "favor-hyperbolic": 1e8,
    "favor-trigonometric": 1e8,
    cosformer: 1e8,
    taylor: 1e8,
    poly2: 1e10,
    "poly2-notes": 1e8,
    "poly2-quadratic": 1e9,
  });
  const plan = planFor(sizes, undefined, slow);
  const softmax = plan.mechanisms[0];
  assertEquals(softmax.operations, 64 * 64 * 259 + 64 * 62);
  assertEquals(softmax.milliseconds, 1000 * softmax.operations / 1e10);
  assertEquals(Number(plan.crossovers.operations.toFixed(2)), 2161.06);
  assertStringIncludes(plan.recommendation, "Use softmax");
  const long = planFor({ ...sizes, n: 65536 }, undefined, slow);
  assertStringIncludes(long.recommendation, "Use poly2 (");
  assertStringIncludes(planText(long), "fewer operations from N = 2,161");
});

Deno.test("planFor() recommends what fits, and says when nothing does", () => {
  const { sizes, limit } = parsePlan({ n: "16384", d: "64", memory: "64MiB" }, true);
  assertEquals(limit, 2 ** 26);
  const plan = planFor(sizes, limit, speeds({ "softmax-materialised": 1e15 }));
  assert(!plan.mechanisms.find(({ mechanism }) => mechanism === "softmax-materialised")!.fits);
  assert(!plan.recommendation.includes("materialised"));
  assertStringIncludes(planFor(sizes, 17e6, speeds()).recommendation, "Nothing fits in 17 MB");
});

Deno.test("rateOf() goes straight between widths on logarithms, and level beyond", () => {
  const calibration = { key: "", rates: { "x 16 true": 1e9, "x 64 true": 4e9 } };
  assertEquals([8, 16, 32, 64, 256].map((d) => Math.round(rateOf(calibration, "x", d, true))), [
    1e9,
    1e9,
    2e9,
    4e9,
    4e9,
  ]);
});

Deno.test("parsePlan() refuses what is no size, in one line", () => {
  for (const n of ["0", "-5", "1.5", "abc", "1e30"]) {
    assertThrows(() => parsePlan({ n, d: "4" }, false), InputError, "n must be a positive whole number");
  }
  assertThrows(() => parsePlan({ d: "4" }, false), InputError, "Cannot plan as --n is needed");
  assertThrows(() => parsePlan({ n: "4", d: "4", heads: "0" }, false), InputError, "heads must be");
  assertThrows(() => parsePlan({ n: "1e12", d: "64" }, false), InputError, "current value is 931.3 TiB");
  assertThrows(() => parsePlan({ n: "4", d: "4", memory: "much" }, false), InputError, "--memory must be a size");
});
