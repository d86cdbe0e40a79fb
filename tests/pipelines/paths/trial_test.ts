/** Trials of the path comparison from end to end, small: every task, going on, two cores, and no tensor left. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { lastValueFrom, toArray } from "rxjs";
import { bleuOf, bleuStatistics, chrfOf, chrfStatistics, tf, useEngine } from "../../../operators/mod.ts";
import type { Measurement } from "../../../operators/records.ts";
import type { Options, TrialContext, TrialEvent } from "../../../pipelines/experiment.ts";
import { resolveOptions } from "../../../pipelines/options.ts";
import { pathsExperiment } from "../../../pipelines/paths.ts";
import { pathsPage } from "../../../pipelines/paths/page.ts";
import { placesOfNames } from "../../helpers/markup.ts";

await useEngine();

const tiny = { words: 96, devWords: 20, testWords: 20, sequences: 64, units: 8, embedding: 4, batch: 16, epochs: 2 };

async function configurations(more: Record<string, string | number> = {}) {
  const settings = new Map(Object.entries({ ...tiny, ...more }).map(([key, value]) => [key, `${value}`]));
  return await pathsExperiment.configurations(await resolveOptions(pathsExperiment, "quick", settings));
}

function run(options: Options, context: TrialContext = {}): Promise<TrialEvent[]> {
  const trial = { id: "tiny", pipeline: "paths", options, seed: 3, version: "1" };
  return lastValueFrom(pathsExperiment.run(trial, context).pipe(toArray()));
}

function timeless(events: readonly TrialEvent[]): Measurement[] {
  return events.flatMap(({ rows }) => rows).filter(({ metric }) => !/^(time|speed)\//.test(metric));
}

Deno.test("a trial of every part of the design runs and leaves no tensor", async () => {
  const before = tf.memory().numTensors;
  const seen = new Set<string>();
  for (const options of await configurations()) {
    const kind = [options.part, options.task, options.path, options.scope].join(" ");
    if (seen.has(kind)) continue;
    seen.add(kind);
    const rows = timeless(await run({ ...options, epochs: 1 }));
    assert(rows.some(({ metric, labels }) => metric === "per" && labels.set === "test"), kind);
    assertEquals(tf.memory().numTensors, before, kind);
    for (const part of ["encoder", "attention", "decoder"]) {
      const parameters = (kind: string) =>
        rows.find(({ metric, labels }) => metric === "parameters" && labels.kind === kind && labels.of === part)!.value;
      assertEquals(parameters("counted"), parameters("predicted"), `${kind}: ${part}`);
    }
  }
  assert(seen.size >= 9, [...seen].join(", "));
});

Deno.test("a trial that goes on from its checkpoint gives the rows of one that was never stopped", async () => {
  const options = (await configurations()).find(({ path, part }) => path === "bahdanau" && part === "factorial")!;
  const whole = await run(options);
  const at = whole.findIndex(({ checkpoint }) => checkpoint);
  const rest = await run(options, { checkpoint: whole[at].checkpoint });
  assertEquals(timeless([...whole.slice(0, at + 1), ...rest]), timeless(whole));
});

Deno.test("the large model learns on two cores, at a size for tests", async () => {
  const [best] = await configurations({ design: "best" });
  assertEquals([best.cores, best.layers], [2, 1]);
  const before = tf.memory().numTensors;
  // As the preset has it; stacked and smoothed, as a user may have it.
  for (const more of [{}, { layers: 2, smoothing: 0.05 }] as Record<string, number>[]) {
    const rows = timeless(await run({ ...best, units: 8, embedding: 4, batch: 32, epochs: 1, beams: 2, ...more }));
    const of = (metric: string) => rows.find((row) => row.metric === metric)!.value;
    assert(Number.isFinite(of("loss/train")) && of("parameters") > 0);
    assertEquals(tf.memory().numTensors, before);
  }
});

Deno.test("each path translates, is scored by BLEU and chrF, and the page shows what it said", async () => {
  const runs = await configurations({ design: "translation", merges: 50 });
  assertEquals(runs.map(({ path }) => path), ["luong", "luong + feeding", "bahdanau"]);
  const rows: Measurement[] = [], trials = [];
  for (const [at, options] of runs.entries()) {
    const id = `tiny-${at}`;
    const found = timeless(await run({ ...options, epochs: 1 }));
    const tested = (metric: string) => found.find((row) => row.metric === metric && row.labels.set === "test")!.value;
    // Every test sentence is kept, and gives the corpus scores again.
    const kept = found.filter(({ metric }) => metric === "translation");
    assertEquals([kept.length, tested("scored")], [tiny.testWords, tiny.testWords]);
    assertEquals(kept.map(({ labels }) => labels.line), kept.map((_, at) => at + 1));
    assert(tested("set/given") > tiny.testWords, "the language packs have more test sentences");
    for (
      const [metric, statistics, score] of [["bleu", bleuStatistics, bleuOf], ["chrf", chrfStatistics, chrfOf]] as const
    ) {
      const rows = kept.map(({ labels: { hypothesis, reference, ...labels } }) =>
        statistics(String(hypothesis), [
          String(reference),
          ...Object.entries(labels).filter(([key]) => /^reference\d/.test(key)).map(([, text]) => String(text)),
        ])
      );
      assertAlmostEquals(
        tested(metric),
        score(rows[0].map((_, at) => rows.reduce((sum, row) => sum + row[at], 0))),
        1e-9,
      );
    }
    rows.push(...found.map((row) => ({ ...row, trial: id })));
    trials.push({ id, pipeline: "paths", options, seed: 3, version: "1" });
  }
  const page = await pathsPage({ trials, rows, profile: "quick", command: "deno task pipeline paths", machines: [] });
  placesOfNames(page); // throws where a name has two colours
  assertEquals(page.texts!.map(({ id }) => id).filter((id) => id.startsWith("hypotheses")), [
    "hypotheses-luong-3",
    "hypotheses-luong-feeding-3",
    "hypotheses-bahdanau-3",
  ]);
  assert(page.texts!.every(({ text }) => text.split("\n").length === tiny.testWords + 1));
  assert(page.headline.startsWith("BLEU on unseen sentences is highest with"), page.headline);
});
