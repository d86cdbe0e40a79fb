import { assert, assertEquals, assertMatch } from "@std/assert";
import { lastValueFrom, toArray } from "rxjs";
import { kernelRates, tf, useEngine } from "../../../operators/mod.ts";
import { packInPlace } from "../../../operators/backends/engine.ts";
import type { Measurement } from "../../../operators/records.ts";
import { engineExperiment } from "../../../pipelines/engine.ts";
import type { Results, Trial } from "../../../pipelines/experiment.ts";
import { placesOfNames } from "../../helpers/markup.ts";

const trial = (options: Trial["options"], id = "t"): Trial => ({
  id,
  pipeline: "engine",
  options,
  seed: 1,
  version: "1",
});
const kernels = trial({ measures: "kernels", rounds: 1 }, "k");
const training = trial({ measures: "training", steps: 2, units: 8, batch: 4 }, "s");

const rowsOf = async (trial: Trial) =>
  (await lastValueFrom(engineExperiment.run(trial, {}).pipe(toArray()))).flatMap(({ rows }) => rows);

const results = (rows: readonly Measurement[], trials = [kernels, training]): Results => (
  { trials, rows, profile: "quick", command: "deno task pipeline engine", machines: [] }
);

Deno.test("the question is two trials, one of kernels and one of training", async () => {
  const given = await engineExperiment.configurations({ rounds: 3, steps: 5, units: 8, batch: 4 });
  assertEquals(given, [{ measures: "kernels", rounds: 3 }, { measures: "training", steps: 5, units: 8, batch: 4 }]);
});

Deno.test("trials measure every kernel and a step, leave the engine as it was and no tensor behind", async () => {
  await useEngine({ pack: "simd" });
  const before = tf.memory().numTensors;
  const rows = [...await rowsOf(kernels), ...await rowsOf(training)];
  assertEquals(packInPlace(), "simd");
  assertEquals(tf.memory().numTensors, before);
  assert(rows.every(({ value }) => Number.isFinite(value) && value > 0), "every value is positive");
  const measured = new Set(rows.filter(({ metric }) => metric === "bytes").map(({ labels }) => labels.kernel));
  for (
    const kernel of ["product 512×512×512", "softmax attention, gradient", "recurrent layer", "Adam", "exponential"]
  ) {
    assert(measured.has(kernel), kernel);
  }
  const steps = rows.filter(({ metric }) => metric === "time/step").map(({ labels }) => labels.engine);
  assertEquals(new Set(steps), new Set(["stock", "pack"]));
  const page = await engineExperiment.page(results(rows));
  assertMatch(
    page.headline,
    /^Kernels made of products reach \d+% to \d+% of .* and a training step is [\d.]+ times faster/,
  );
});

Deno.test("a trial that is left frees its tensors", async () => {
  await useEngine({ pack: true });
  const before = tf.memory().numTensors;
  const subscription = kernelRates({ rounds: 1 }).subscribe(() => subscription.unsubscribe());
  while (!subscription.closed) await new Promise((done) => setTimeout(done, 5));
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("without the pack nothing is measured, and the page says so", async () => {
  await useEngine({ pack: false });
  const rows = [...await rowsOf(kernels), ...await rowsOf(training)];
  assertEquals(rows.map(({ metric, value, labels }) => [metric, value, labels.build]), [["pack", 0, "off"], [
    "pack",
    0,
    "off",
  ]]);
  const page = await engineExperiment.page(results(rows));
  assertMatch(page.headline, /^Nothing was measured: the kernel pack was not in place/);
  await useEngine({ pack: true });
});

/** Rows of one kernel: its share at each quantile. */
function shares(kernel: string, transposes: string, bound: string, [best, low, median, high]: number[]): Measurement[] {
  const labels = { kernel, transposes, bound, seed: 1 };
  const row = (metric: string, value: number, unit: string, quantile: number) => (
    { trial: "k", metric, value, unit, step: 0, labels: { ...labels, quantile } }
  );
  return [[1, best], [0.25, low], [0.5, median], [0.75, high]].flatMap(([quantile, value]) => [
    row("share", value, "%", quantile),
    row("operations", value * 5e8, "1/s", quantile),
    row("bytes", 1e9, "B/s", quantile),
  ]);
}

const text = (page: Awaited<ReturnType<typeof engineExperiment.page>>) => JSON.stringify(page.sections);

Deno.test("figures take the slowest transpose, titles say what they show, and a busy machine is told", async () => {
  const peak = [0.25, 0.5, 0.75, 1].map((quantile): Measurement => (
    { trial: "k", metric: "peak", value: 5e10, unit: "1/s", step: 0, labels: { quantile } }
  ));
  const quiet = [
    ...shares("product 8×8×8", "NN", "products", [80, 70, 75, 79]),
    ...shares("product 8×8×8", "TT", "products", [41, 38, 40, 40.5]),
    ...shares("softmax attention", "", "products", [64, 60, 62, 63]),
    ...shares("exponential", "", "functions", [30, 28, 29, 30]),
    ...peak,
  ];
  const page = await engineExperiment.page(results(quiet));
  assertEquals(
    page.headline,
    "Kernels made of products reach 41% to 80% of what one core can do with 128-bit vectors.",
  );
  assertMatch(
    text(page),
    /Kernels bound by multiply-adds reach 41% \(product 8×8×8\) to 64% \(softmax attention\) of the peak/,
  );
  assertMatch(text(page), /Kernels bound by exponentials and their kin reach 30% \(exponential\) of the peak/);
  assertMatch(text(page), /2 of 3 products and kernels made of products reach half of the peak or more/);
  assertMatch(text(page), /No training step was measured/);
  assert(!text(page).includes("was busy"));
  const places = placesOfNames(page);
  assertEquals(places.get("softmax attention"), places.get("product 8×8×8"), "what one limit bounds has one colour");
  const busy = [...shares("softmax attention", "", "products", [60, 10, 20, 40]), ...peak];
  assertMatch(text(await engineExperiment.page(results(busy))), /a typical repetition had 33% of the best one's speed/);
});
