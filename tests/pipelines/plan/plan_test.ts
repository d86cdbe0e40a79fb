import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { InputError } from "../../../operators/records.ts";
import { contenderNames } from "../../../pipelines/kernels/contenders.ts";
import {
  calibrate,
  type Calibration,
  calibrationKey,
  measureRates,
  rateNames,
  rateOf,
} from "../../../pipelines/plan/calibration.ts";
import { parsePlan, planFor, planText } from "../../../pipelines/plan/plan.ts";

/** Everything at 10 G operations a second, but for what is named. */
function speeds(named: Record<string, number> = {}): Calibration {
  const keys = rateNames().map((key) => [key, named[key.split(" ")[0]] ?? 1e10]);
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
  // THEORY.md 6.4's 2161.06, and 64 / 259 for the scale of queries.
  assertEquals(Number(plan.crossovers.poly2.operations.toFixed(2)), 2161.31);
  assertStringIncludes(plan.recommendation, "Use softmax");
  const long = planFor({ ...sizes, n: 65536 }, undefined, slow);
  assertStringIncludes(long.recommendation, "Use poly2 (");
  const text = planText(long);
  assertMatch(text, /^ {2}poly2 +2,161 +1,849 +2,162 +373 +139,425 +1,089$/m);
  for (const [name, { training }] of Object.entries(long.crossovers)) {
    const said = training === 0 ? "any" : Math.round(training).toLocaleString("en");
    assertMatch(text, new RegExp(`^ {2}${name} +\\S+ +${said} `, "m"));
  }
  const kernels = contenderNames.filter((name) => !name.startsWith("softmax") && name !== "poly2-quadratic");
  assertEquals(Object.keys(long.crossovers), kernels);
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

Deno.test("calibrate() measures once and keeps it; a file that is stale, broken or not whole is measured anew", async () => {
  const folder = await Deno.makeTempDir(), path = `${folder}/deep/calibration.json`;
  const { rates } = speeds(), told: string[] = [];
  let measured = 0;
  const measure = () => Promise.resolve((measured++, rates));
  const found = () => calibrate((line) => told.push(line), { path, measure });
  assertEquals(await found(), { key: calibrationKey(), rates });
  assertEquals(await found(), { key: calibrationKey(), rates });
  assertEquals([measured, told.length], [1, 1]);
  assertEquals(JSON.parse(await Deno.readTextFile(path)), { key: calibrationKey(), rates });
  const { "poly2 16 true": _, ...rest } = rates;
  const files = [
    JSON.stringify({ key: "another machine", rates }),
    JSON.stringify({ key: calibrationKey(), rates: rest }),
    JSON.stringify({ key: calibrationKey(), rates: { ...rates, "elu 64 false": 0 } }),
    JSON.stringify({ key: calibrationKey() }),
    '{"key": ',
    "null",
    "",
  ];
  for (const [i, text] of files.entries()) {
    await Deno.writeTextFile(path, text);
    assertEquals((await found()).rates, rates, text);
    assertEquals([measured, (await found()).key], [i + 2, calibrationKey()], text);
  }
  assertEquals(told.map((line) => line.includes("no whole calibration")), [
    false,
    false,
    true,
    true,
    true,
    true,
    true,
    false,
  ]);
  const inFile = { path: `${path}/calibration.json`, measure };
  await assertRejects(() => calibrate(() => {}, inFile), InputError, "Cannot keep the calibration in");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("measureRates() has a speed for everything that is planned with", async () => {
  const rates = await measureRates(32, 0);
  assertEquals(Object.keys(rates).sort(), rateNames().sort());
  for (const [name, rate] of Object.entries(rates)) assert(rate > 1e3 && rate < 1e13, `${name}: ${rate}`);
});
