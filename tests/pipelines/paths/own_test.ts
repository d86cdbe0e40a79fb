/** Combinations of the user's own: which are run, which are refused by the program, and that all run from end to end. */
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { lastValueFrom, toArray } from "rxjs";
import { tf, useEngine } from "../../../operators/mod.ts";
import { InputError, type Measurement } from "../../../operators/records.ts";
import type { Options, Trial } from "../../../pipelines/experiment.ts";
import { resolveOptions } from "../../../pipelines/options.ts";
import { best, pathsExperiment } from "../../../pipelines/paths.ts";
import { checkCombination } from "../../../pipelines/paths/model.ts";
import { pathsPage } from "../../../pipelines/paths/page.ts";
import { placesOfNames } from "../../helpers/markup.ts";

await useEngine();

const path = (relative: string) => fromFileUrl(new URL(relative, import.meta.url));

async function configurations(settings: Record<string, string | number>) {
  const text = new Map(Object.entries(settings).map(([key, value]) => [key, `${value}`]));
  return await pathsExperiment.configurations(await resolveOptions(pathsExperiment, "quick", text));
}

const told = ({ path, score, scope, direction, cell }: Options) => [path, score, scope, direction, cell].join(" ");

Deno.test("every value of a factor is crossed with those of the others, and a scope without a score is run once", async () => {
  const own = await configurations({
    design: "own",
    path: "luong,bahdanau",
    score: "dot,concat",
    scope: "global,heads",
    layers: 2,
  });
  assertEquals(own.map(told), [
    "luong dot global bidirectional gru",
    "luong dot heads bidirectional gru",
    "luong concat global bidirectional gru",
    "bahdanau dot global bidirectional gru",
    "bahdanau dot heads bidirectional gru",
    "bahdanau concat global bidirectional gru",
  ]);
  assert(own.every(({ part, task, layers }) => part === "own" && task === "pronunciation" && layers === 2));
  // A trial is named by what concerns its own task.
  assert(own.every((options) => !("source" in options) && "train" in options));
  const [translating] = await configurations({ design: "own", task: "translation" });
  assert("source" in translating && !("train" in translating));
});

Deno.test("no option of one's own enters the trials of another design", async () => {
  for (const design of ["factorial quick", "translation"]) {
    for (const options of await configurations({ design })) assert(!("decoderLayers" in options), design);
  }
  const [large] = await configurations({ design: "best" });
  assert(!("decoderLayers" in large));
  assertEquals({ ...large, ...best }, large);
});

Deno.test("the program refuses combinations that make no sense: one line, exit code 2, nothing written", async () => {
  const cases: readonly (readonly [Record<string, string>, string])[] = [
    [{ score: "location", scope: "local-p" }, 'Cannot use the score "location" in local attention'],
    [{ score: "dot,location", scope: "global,monotonic" }, 'Cannot use the score "location" in monotonic attention'],
    [{ path: "bahdanau + own start", direction: "unidirectional" }, "needs a bidirectional encoder"],
    [{ scope: "heads", units: "6" }, "6 columns must be a multiple of 4 heads"],
    [{ scope: "sideways" }, "has no item sideways"],
    [{ decoderLayers: "9" }, "decoderLayers must be from 1 to 8"],
    [{ path: "luong,bahdanau", score: "dot,concat,general", cell: "gru,lstm,gru-reset-before" }, "must be at most 12"],
    [{ design: "translation", scope: "monotonic" }, "is the design's choice unless --set design=own is given, too"],
  ];
  const folder = await Deno.makeTempDir();
  try {
    await Promise.all(cases.map(async ([settings, part]) => {
      const sets = Object.entries({ design: "own", ...settings }).flatMap((
        [key, value],
      ) => ["--set", `${key}=${value}`]);
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--config", path("../../../deno.json"), "--no-prompt", "--allow-read", "--allow-write"],
          ...["--allow-sys=cpus", path("../../../main.ts"), "pipeline", "paths", ...sets],
        ],
        cwd: folder,
        env: { NO_COLOR: "1" },
      }).output();
      const text = new TextDecoder().decode(stderr);
      assertEquals([code, stdout.length], [2, 0], `${sets.join(" ")}: ${text}`);
      assertMatch(text, /^Cannot [^\n]*\n$/);
      assertStringIncludes(text, part);
    }));
    assertEquals([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a size that its attention can't take is refused before anything is trained", () => {
  const options = { ...best, scope: "heads", units: 510 };
  assertThrows(() => checkCombination(options), InputError, 'Cannot use the attention "heads(4)"');
});

Deno.test("sort is run, with the error of its alignment and without a tensor left", async () => {
  const tiny = { sequences: 32, units: 8, embedding: 4, batch: 16, epochs: 1, path: "luong", task: "sort" };
  const [options] = await configurations({ design: "own", ...tiny });
  const trial = { id: "sort", pipeline: "paths", options, seed: 1, version: pathsExperiment.version };
  const before = tf.memory().numTensors;
  const rows = (await lastValueFrom(pathsExperiment.run(trial, {}).pipe(toArray()))).flatMap(({ rows }) => rows);
  assertEquals(tf.memory().numTensors, before);
  const [error] = rows.filter(({ metric, labels }) => metric === "alignment/error" && labels.set === "test");
  assert(error.value > 0 && error.value <= 100, `${error.value}`);
  assertEquals([error.labels.part, error.labels.task], ["own", "sort"]);
});

Deno.test("monotonic, heads, cosine, low-rank, reset before, own start and stacked decoders run, and the page tells them apart", async () => {
  const tiny = { words: 64, devWords: 8, testWords: 8, units: 8, embedding: 4, batch: 16, epochs: 1, layers: 2 };
  const both = { path: "bahdanau + own start,luong + feeding", cell: "gru-reset-before", decoderLayers: 2 };
  const runs = [
    ...await configurations({ design: "own", ...tiny, ...both, scope: "monotonic", score: "lowRank" }),
    ...await configurations({
      design: "own",
      ...tiny,
      ...both,
      path: "luong",
      scope: "heads,local-m",
      score: "cosine",
    }),
  ];
  assertEquals(runs.length, 4);
  const rows: Measurement[] = [], trials: Trial[] = [];
  for (const [at, options] of runs.entries()) {
    const trial = { id: `own-${at}`, pipeline: "paths", options, seed: 1, version: pathsExperiment.version };
    const before = tf.memory().numTensors;
    const events = await lastValueFrom(pathsExperiment.run(trial, {}).pipe(toArray()));
    assertEquals(tf.memory().numTensors, before, told(options));
    const found = events.flatMap(({ rows }) => rows);
    for (const part of ["encoder", "attention", "decoder"]) {
      const parameters = (kind: string) =>
        found.find(({ metric, labels }) => metric === "parameters" && labels.kind === kind && labels.of === part)!
          .value;
      assertEquals(parameters("counted"), parameters("predicted"), `${told(options)}: ${part}`);
    }
    rows.push(...found);
    trials.push(trial);
  }
  const page = await pathsPage({ trials, rows, profile: "quick", command: "deno task pipeline paths", machines: [] });
  placesOfNames(page); // throws where a name has two colours
  assertMatch(page.headline, /^PER on unseen words is lowest with .*; no difference from .* is seen\.$/);
  const figures = page.sections.flatMap(({ blocks }) => blocks)
    .flatMap((block) => typeof block === "object" && block.kind === "figure" ? [block] : []);
  assertEquals(figures.map(({ id }) => id), ["errors", "curves", "alignments"]);
  const names = [
    "Bahdanau + own start · low-rank · monotonic",
    "Luong + feeding · low-rank · monotonic",
    "Luong · 4 heads",
    "Luong · cosine · local-m",
  ];
  for (const { id, data } of figures) {
    assertEquals([...new Set(data.map(({ combination }) => combination))].sort(), names.toSorted(), id);
  }
});
