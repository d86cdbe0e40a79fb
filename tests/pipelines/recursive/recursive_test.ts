/** The recursive question end to end, on sentences small enough for a test: trials, cross-validation, bad input, the page. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { lastValueFrom, toArray } from "rxjs";
import { useEngine } from "../../../operators/backends/engine.ts";
import { tf } from "../../../operators/numerics/tf.ts";
import { InputError, type Measurement } from "../../../operators/records.ts";
import type { Options, Trial } from "../../../pipelines/experiment.ts";
import { recursiveExperiment } from "../../../pipelines/recursive.ts";
import { claimsOf } from "../../../pipelines/recursive/claims.ts";
import { RecursiveRuns } from "../../../pipelines/recursive/runs.ts";
import { readSentences, reviewWords } from "../../../pipelines/recursive/sets.ts";
import { siteFiles } from "../../../reports/mod.ts";
import { placesOfNames } from "../../helpers/markup.ts";

const good = ["a fine film", "a good good story", "warm and wise", "i liked this one , a good film with a warm story"];
const bad = [
  "a dull film",
  "a bad bad story",
  "cold and silly",
  "i left this one , a bad film with a cold story",
  "dull",
];

async function withSentences(
  use: (set: (name: string) => string) => Promise<void>,
  extra: Record<string, string> = {},
) {
  const folder = await Deno.makeTempDir();
  try {
    const files: Record<string, string> = { pos: good.join("\n"), neg: bad.join("\n"), ...extra };
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
    await use((name) => `${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const defaults = Object.fromEntries(
  Object.entries(recursiveExperiment.options).map(([key, spec]) => [key, spec.default.quick]),
) as Options;
const small = { width: 5, epochs: 12, batch: 4, rate: 0.05, least: 1, dropout: 0, folds: 2 };

async function run(options: Options, seed = 1): Promise<{ trials: Trial[]; rows: Measurement[] }> {
  await useEngine();
  const trials = (await recursiveExperiment.configurations(options)).map((options, at): Trial => ({
    id: `trial${at}`,
    pipeline: "recursive",
    options,
    seed,
    version: "1",
  }));
  const rows: Measurement[] = [];
  for (const trial of trials) {
    const events = await lastValueFrom(recursiveExperiment.run(trial, {}).pipe(toArray()));
    rows.push(...events.flatMap((event) => event.rows));
    assertEquals(events.at(-1)!.progress, 1);
  }
  return { trials, rows };
}

Deno.test("cross-validation on one file a class runs end to end, learns, and leaves no tensor behind", () =>
  withSentences(async (path) => {
    await useEngine();
    const before = tf.memory().numTensors;
    const options = { ...defaults, ...small, positive: path("pos"), negative: path("neg"), alphas: ["0.9"] };
    const { trials, rows } = await run(options);
    assertEquals(tf.memory().numTensors, before);
    assertEquals(trials.length, 12); // 3 composers, 1 further α, 2 forms, 2 folds each
    const results = { trials, rows, profile: "quick" as const, command: "test", machines: [] };
    const runs = new RecursiveRuns(results);
    assertEquals(runs.folds, [0, 1]);
    for (const composer of ["greedy", "balanced", "left"]) {
      assertEquals(runs.byRun("accuracy", { head: "sentence", composer }).size, 2, composer);
      assertEquals([...runs.byRun("merges", { composer }).values()], [1, 1]);
    }
    assertEquals([...runs.byRun("candidates/inside").values()], [1, 1]);
    assertEquals(claimsOf(runs).map(({ verdict }) => verdict).slice(1, 3), ["holds", "holds"]);
    const losses = runs.select("loss/train").filter(({ labels }) => labels.fold === 0).map(({ value }) => value);
    assert(losses[losses.length - 1] < losses[0], `${losses}`);
    const page = await recursiveExperiment.page(results);
    placesOfNames(page); // throws where a name has two colours
    assertEquals(page.sections.map(({ heading }) => heading).slice(0, 3), [
      "Accuracy",
      "What it builds",
      "Reconstruction",
    ]);
    assert(page.headline.includes("of unseen sentences rightly"), page.headline);
    const named = trials.map((trial) => ({ ...trial, options: { ...trial.options, form: "released" } }));
    const [told, untold] = [await recursiveExperiment.page({ ...results, trials: named }), page].map((each) =>
      siteFiles([each]).get("recursive.html")!.includes(
        "sigmoid head with ½(t − d)² for one-dimensional labels is not built",
      )
    );
    assertEquals([told, untold], [true, false]);
  }));

Deno.test("seeds of one fold are one run: their mean, because they are scored on the same sentences", () => {
  const trials = [1, 2].flatMap((seed) =>
    [0, 1].map((fold): Trial => ({
      id: `${seed}/${fold}`,
      pipeline: "recursive",
      options: { composer: "greedy", alpha: 0.2, form: "paper", main: "yes", fold },
      seed,
      version: "2",
    }))
  );
  const labels = (fold: number) => ({ composer: "greedy", alpha: 0.2, form: "paper", fold, head: "sentence" });
  const row = (trial: string, fold: number, value: number) => ({
    trial,
    metric: "accuracy",
    step: 4,
    value,
    unit: "%",
    labels: labels(fold),
  });
  const rows = [row("1/0", 0, 70), row("1/1", 1, 80), row("2/0", 0, 72), row("2/1", 1, 86)];
  const runs = new RecursiveRuns({ trials, rows, profile: "full", command: "", machines: [] });
  assertEquals([...runs.byRun("accuracy")], [["0", 71], ["1", 83]]);
  assertEquals([runs.estimate("accuracy")!.mean, runs.estimate("accuracy")!.count], [77, 2]);
  // Without folds, each seed is a run.
  const seeds = new RecursiveRuns({
    trials: trials.filter(({ options }) => options.fold === 0),
    rows: rows.filter(({ labels }) => labels.fold === 0),
    profile: "full",
    command: "",
    machines: [],
  });
  assertEquals([...seeds.byRun("accuracy")], [["1", 70], ["2", 72]]);
});

Deno.test("a trial that goes on from its checkpoint ends with the same accuracy", () =>
  withSentences(async (path) => {
    await useEngine();
    const files = {
      positive: path("pos"),
      negative: path("neg"),
      testPositive: path("pos"),
      testNegative: path("neg"),
    };
    const options = {
      ...defaults,
      ...small,
      ...files,
      epochs: 3,
      composers: ["greedy"],
      alphas: ["none"],
      forms: ["none"],
    };
    const [configuration] = await recursiveExperiment.configurations(options);
    const trial: Trial = { id: "t", pipeline: "recursive", options: configuration, seed: 3, version: "1" };
    const whole = await lastValueFrom(recursiveExperiment.run(trial, {}).pipe(toArray()));
    const { checkpoint } = whole.filter(({ checkpoint }) => checkpoint)[0];
    const rest = await lastValueFrom(recursiveExperiment.run(trial, { checkpoint }).pipe(toArray()));
    const accuracy = (events: typeof whole) =>
      events.flatMap(({ rows }) => rows).filter(({ metric }) => metric === "accuracy" || metric === "loss/train").slice(
        -5,
      );
    assertEquals(accuracy(rest), accuracy(whole));
  }));

Deno.test("L-BFGS trains, too, and its loss goes down", () =>
  withSentences(async (path) => {
    const files = {
      positive: path("pos"),
      negative: path("neg"),
      testPositive: path("pos"),
      testNegative: path("neg"),
    };
    const settings = { optimiser: "lbfgs", iterations: 8, composers: ["balanced"], alphas: ["none"], forms: ["none"] };
    const { rows } = await run({ ...defaults, ...small, ...files, ...settings });
    const losses = rows.filter(({ metric }) => metric === "loss/train").map(({ value }) => value);
    assertEquals(losses.length, 8);
    assert(losses[7] < losses[0], `${losses}`);
  }));

Deno.test("given trees are learnt along, with a class for every phrase", () =>
  withSentences(async (path) => {
    const options = {
      ...defaults,
      ...small,
      trees: path("trees"),
      testTrees: path("trees"),
      composers: ["given", "greedy"],
      alphas: ["none"],
      forms: ["none"],
    };
    const { rows, trials } = await run(options);
    const runs = new RecursiveRuns({ trials, rows, profile: "quick", command: "", machines: [] });
    assertEquals(runs.composers, ["given", "greedy"]);
    assertEquals([...runs.byRun("depth").values()], [4 / 3]); // depths 2, 1 and 1
  }, { trees: "(3 (2 not) (4 (3 really) (4 good)))\n(0 (1 bad) (2 film))\n(4 (4 good) (2 film))\n" }));

Deno.test("a treebank of one class is refused in one line, to learn from or to score on", () =>
  withSentences(async (path) => {
    const refused = async (trees: string, testTrees: string, message: string, classes = "binary") => {
      const options = { ...defaults, classes, trees: path(trees), testTrees: path(testTrees) };
      const error = await assertRejects(() => readSentences(options), InputError);
      assertEquals(error.message, message);
    };
    const rule = "as there must be sentences of at least 2 classes: current value is";
    await refused("one", "two", `Cannot use --set trees=${path("one")} ${rule} positive`);
    await refused("two", "one", `Cannot use --set testTrees=${path("one")} ${rule} positive`);
    await refused(
      "middle",
      "two",
      `Cannot read ${
        JSON.stringify(path("middle"))
      } as a tree's class must be other than the middle one, 2, which binary ` +
        "leaves out: current value is 2 in its one tree",
    );
    await refused("middle", "two", `Cannot use --set trees=${path("middle")} ${rule} 2`, "fine");
    assertEquals((await readSentences({ ...defaults, trees: path("two"), testTrees: path("two") })).train.length, 2);
  }, { one: "(3 (2 so) (4 good))\n(4 fine)\n", middle: "(2 (2 so) (2 so))\n", two: "(4 fine)\n(0 bad)\n" }));

Deno.test("options that don't go together are refused in one line", async () => {
  const refused = (options: Options, message: string) =>
    assertRejects(() => recursiveExperiment.configurations({ ...defaults, ...options }), InputError, message);
  await refused({ positive: "a" }, "as it needs negative beside it");
  await refused({ testPositive: "a", testNegative: "b" }, "as it needs positive beside it");
  await refused({ trees: "a", testTrees: "b", positive: "c", negative: "d" }, "as positive is set too");
  await refused({ composers: ["given"] }, "as given needs trees");
  await refused(
    { glove: "yes" },
    "Cannot use --set glove=yes as width must be 100, as its vectors': current value is 30",
  );
  await refused({ glove: "yes", width: 100, vectors: "a" }, "as vectors must not be set beside it: current value is a");
  await refused({ alphas: ["1.5"] }, "each must be from 0 to 1, or none: current value is 1.5");
});

Deno.test("reviewWords() reads words and marks in lower case, without markup", () => {
  assertEquals(reviewWords("It's <br />GREAT, really."), ["it's", "great", ",", "really", "."]);
});
