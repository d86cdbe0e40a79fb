import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import type { Results } from "../../../pipelines/experiment.ts";
import { headlineOf } from "../../../pipelines/scores/headline.ts";
import { scoresPage } from "../../../pipelines/scores/page.ts";
import { published } from "../../../pipelines/scores/published.ts";
import { ScoreRuns } from "../../../pipelines/scores/runs.ts";
import { type Page, siteFiles } from "../../../reports/mod.ts";
import { bending, five, isScore, type RunShape, scoreResults } from "./fixture.ts";
import { placesOfNames } from "../../helpers/markup.ts";

const MINE = "mine <b>";

/** Whatever a reader could meet: markup and its data files. */
async function textOf(results: Results): Promise<{ page: Page; html: string; files: Map<string, string> }> {
  const page = await scoresPage(results);
  placesOfNames(page); // throws where a name has two colours
  const files = siteFiles([page]);
  return { page, html: files.get("scores.html")!, files };
}

function figures(page: Page) {
  return page.sections.flatMap(({ blocks }) => blocks).flatMap((block) =>
    typeof block !== "string" && block.kind === "figure" ? [block] : []
  );
}

Deno.test("the page builds for every kind of run, and no text holds what isn't a number", async (t) => {
  const shapes: Record<string, RunShape> = {
    "five scores, three seeds": {},
    "one epoch": { epochs: 1, seeds: 2 },
    "one epoch, scored at its end alone": { epochs: 1, seeds: 2, within: false },
    "one epoch with a loss curve": { epochs: 1, seeds: 2, curve: true },
    "one seed": { seeds: 1 },
    "one score": { scores: ["location"] },
    "one score, one seed, one epoch": { scores: ["concat"], seeds: 1, epochs: 1 },
    "a score of the user's": { scores: [...five, MINE] },
    "only a score of the user's": { scores: [MINE], seeds: 2 },
    "no dev rows": { bend: (row) => row.labels.set === "dev" ? undefined : row },
    "no test rows": { bend: (row) => row.labels.set === "test" ? undefined : row },
    "no costs": { bend: (row) => /^(operations|activations|bytes|parameters|time)/.test(row.metric) ? undefined : row },
    "no alignments": { bend: (row) => /^(alignment|prediction)$/.test(row.metric) ? undefined : row },
    "data rows only": { bend: (row) => row.metric === "set" ? row : undefined },
    "a loss that diverged": bending((row) => row.metric.startsWith("loss") && isScore(row, "dot"), () => NaN),
    "gradients of zero": bending((row) => row.metric.startsWith("gradient"), () => 0),
  };
  for (const [name, shape] of Object.entries(shapes)) {
    await t.step(name, async () => {
      const { page, html, files } = await textOf(scoreResults(shape));
      assert(page.headline.length > 0);
      for (const word of [/\bNaN\b/, /\bundefined\b/, /\bInfinity\b/, /∞/, /not a number/, /\[object/]) {
        assert(
          !word.test(html),
          `${word} in the page: ${html.match(new RegExp(`.{60}${word.source}.{20}`, "s"))?.[0]}`,
        );
      }
      for (const [path, content] of files) {
        if (path.startsWith("scores/")) assert(!/NaN|undefined|Infinity/.test(content), path);
      }
      assert(!html.includes("<b>"), "a score's name must not become markup");
    });
  }
});

Deno.test("the page has its sections, ten claims and every figure", async () => {
  const { page, html } = await textOf(scoreResults());
  assertEquals(page.sections.map(({ heading }) => heading), [
    "Errors",
    "Where they look",
    "What they cost",
    "Gradients",
    "Every number",
    "The claims",
    "Method",
  ]);
  assertEquals(figures(page).map(({ id }) => id), [
    "test-errors",
    "dev-errors",
    "alignments",
    "entropy",
    "operations",
    "activations",
    "time",
    "gradient-query",
    "gradient-memory",
  ]);
  assertEquals(html.match(/<li class="claim">/g)?.length, 10);
  for (const said of ["BSD-2-Clause", "a processor", "deno task pipeline scores --profile quick", "20,000 train"]) {
    assertStringIncludes(html, said);
  }
  assertEquals(page.rows.length, scoreResults().rows.length);
});

Deno.test("with one epoch, errors within it and training loss show learning, each where it was stored", async () => {
  const shown = async (shape: RunShape) => {
    const { page, html } = await textOf(scoreResults({ epochs: 1, ...shape }));
    const curves = figures(page).filter(({ id }) => id === "dev-errors" || id === "training-loss");
    return { ids: curves.map(({ id }) => id), curves, html };
  };
  const { ids, curves, html } = await shown({ curve: true });
  assertEquals(ids, ["dev-errors", "training-loss"]);
  assertEquals(curves[0].data.filter(({ score }) => score === "dot").map(({ step, count }) => [step, count]), [
    [0.2, 3],
    [0.4, 3],
    [0.6, 3],
    [0.8, 3],
    [1, 3],
  ]);
  for (const { low, high } of curves[0].data) assert(Number(low) < Number(high), "an interval over seeds");
  assertStringIncludes(curves[0].title, "After 1 pass over the training words, PER on the dev words is");
  assertStringIncludes(html, "Greedy search on dev words after each fifth of a pass");
  assertEquals((await shown({})).ids, ["dev-errors"]);
  assertEquals((await shown({ curve: true, within: false })).ids, ["training-loss"]);
  const bare = await shown({ within: false });
  assertEquals(bare.ids, []);
  assertStringIncludes(bare.html, "Every training word was seen once");
});

Deno.test("the tables hold every number: predicted beside counted, dev words, gradients, padding", async () => {
  const results = scoreResults(), runs = new ScoreRuns(results);
  const { page, html } = await textOf(results);
  const tables = page.sections.flatMap(({ blocks }) => blocks).flatMap((block) =>
    typeof block !== "string" && block.kind === "table" ? [block] : []
  );
  const [cost, training] = ["cost", "training"].map((id) => tables.find((table) => table.id === id)!);
  const general = (table: typeof cost) => table.rows.find(({ score }) => score === "general")!;
  for (const what of ["", "activations", "bytes"]) {
    const [predicted, counted] = what === "" ? ["predicted", "operations"] : [`${what}Predicted`, what];
    assertEquals(general(cost)[predicted], general(cost)[counted]);
    assertEquals(general(cost)[counted], runs.mean("general", counted, { kind: "counted" }));
  }
  const mean = (key: string) => (general(training)[key] as { mean: number }).mean;
  for (const metric of ["per", "wer", "loss"]) assertEquals(mean(metric), runs.mean("general", metric, { set: "dev" }));
  assertEquals(mean("padding"), runs.mean("general", "padding"));
  // The last tenth of 80 points are 8: from 73,000 words on.
  for (const input of ["query", "memory", "global"]) {
    const late = results.rows.filter(({ labels, metric, step }) =>
      labels.score === "general" && metric === `gradient/${input}` && step > 72_000
    );
    assertEquals(late.length, 3 * 8);
    assert(Math.abs(mean(input) / (late.reduce((sum, { value }) => sum + value, 0) / 24) - 1) < 1e-9);
  }
  assertEquals(training.rows.find(({ score }) => score === "location")!.memory, 0);
  // Closed until a reader opens it; the others stand open.
  assertStringIncludes(html, "<summary>10 columns: PER, WER, Dev loss, Perplexity");
  assertEquals(tables.filter(({ folded }) => folded).map(({ id }) => id), ["training"]);
});

Deno.test("the page doesn't depend on the order in which trials finished", async () => {
  const results = scoreResults({ seeds: 2, epochs: 2 });
  const turned = { ...results, trials: [...results.trials].reverse() };
  const { html } = await textOf(results);
  assertEquals((await textOf(turned)).html, html);
});

Deno.test("published figures that are quoted from memory are not on the page", async () => {
  const { html } = await textOf(scoreResults());
  for (const figure of ["5.11", "21.85", "5.39", "22.83"]) {
    assert(!published.some(({ per, wer }) => `${per}` === figure || `${wer}` === figure));
  }
  assert(!html.includes("from memory"));
  assertStringIncludes(html, "Toshniwal &amp; Livescu 2016 *");
  assertStringIncludes(html, "secondary");
});

Deno.test("headline: every variant is told by the rows", () => {
  const said = (shape: RunShape) => headlineOf(new ScoreRuns(scoreResults(shape)));
  const per = { dot: 12, general: 10, concat: 9, location: 30, scaledDot: 12 };
  assertMatch(
    said({ per, noise: 0.01 }),
    /^Concat makes the fewest errors on 1,500 unseen words \(PER 9\.0\d* ± 0\.0\d+%\): every other score is behind by more than seeds explain, general by 1\.00? ± 0\.0\d+ points at the least\.$/,
  );
  assertMatch(
    said({ per: { dot: 10, general: 10, concat: 10, location: 30, scaledDot: 10 }, noise: 2 }),
    /^\S.* makes the fewest errors on 1,500 unseen words .*, but no difference from .* is seen; location is behind by .* points\.$/,
  );
  assertMatch(
    said({ per: { dot: 10, general: 10 }, noise: 3, scores: ["dot", "general"] }),
    /, but no difference from (dot|general) is seen\.$/,
  );
  assertMatch(
    said({ per: { dot: 10, general: 10, concat: 10 }, noise: 3, scores: ["dot", "general", "concat"] }),
    /, but no difference from any other score is seen\.$/,
  );
  assertMatch(
    said({ per: { dot: 20, general: 10 }, noise: 0.1, scores: ["dot", "general"] }),
    /^General makes .*: dot is behind by (10|9)\.\d+ ± 0\.\d+ points, more than seeds explain\.$/,
  );
  assertMatch(said({ per, seeds: 1 }), /^In one seed, concat makes the fewest errors .*next is general.*no interval/);
  assertMatch(
    said({ seeds: 1, scores: ["dot", "general"], ...bending((row) => row.metric === "per", () => 9) }),
    /^In one seed, dot and general make equally few errors/,
  );
  assertMatch(said({ scores: ["concat"], seeds: 2 }), /^Concat mispronounces .* \(2 seeds\); it is the only score/);
  assertMatch(said({ scores: ["concat"], seeds: 1 }), /\(1 seed, so no interval\); it is the only score/);
  assertMatch(
    said({ per: { ...per, [MINE]: 5 }, scores: [...five, MINE], noise: 0.01 }),
    /^mine <b> makes the fewest errors/,
  );
  assertMatch(said({ bend: (row) => row.labels.set === "test" ? undefined : row }), /no answer/);
});

Deno.test("headline: a difference is claimed only when its interval leaves out zero", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 99 })), {
        minLength: 2,
        maxLength: 5,
      }),
      (pairs) => {
        const results = scoreResults({
          scores: ["dot", "general"],
          seeds: pairs.length,
          epochs: 1,
          bend: (row) =>
            row.metric !== "per"
              ? undefined
              : { ...row, value: pairs[Number(row.trial[1])][row.labels.score === "dot" ? 0 : 1] },
        });
        const difference = new ScoreRuns(results).difference("dot", "general", "per", { set: "test" })!;
        const claimed = headlineOf(new ScoreRuns(results)).includes("more than seeds explain");
        assertEquals(claimed, difference.low > 0 || difference.high < 0);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("costs that don't agree are named in the title", async () => {
  const { page } = await textOf(scoreResults(
    bending((row) => row.metric === "operations" && row.labels.kind === "counted" && isScore(row, "general"), () => 7),
  ));
  const [right, wrong] = ["activations", "operations"].map((id) =>
    figures(page).find((figure) => figure.id === id)!.title
  );
  assertStringIncludes(right, "equal the closed form exactly for all 5 scores");
  assertStringIncludes(wrong, "differ from the closed form for general");
});

Deno.test("a user's score that calls itself like one of Heed's is told apart by its file", () => {
  const results = scoreResults({ scores: ["dot", "general"], seeds: 2 });
  const trials = results.trials.map((trial) =>
    trial.options.score === "general" ? { ...trial, options: { ...trial.options, score: "./mine.ts" } } : trial
  );
  const rows = results.rows.map((row) => ({ ...row, labels: { ...row.labels, score: "dot" } }));
  assertEquals(new ScoreRuns({ ...results, trials, rows }).scores, ["dot", "dot (./mine.ts)"]);
});

Deno.test("a mechanism has one colour in all figures, and published results take none", async () => {
  const { html } = await textOf(scoreResults({ scores: [...five, MINE], seeds: 2 }));
  const places = new Set([...html.matchAll(/series place-(\d+)/g)].map(([, place]) => Number(place)));
  assertEquals(places.size, 6);
});

Deno.test("long curves are drawn in few points, and trials share their steps", async () => {
  const results = scoreResults({ scores: ["dot"], epochs: 7 });
  const shifted = results.rows.map((row) =>
    row.metric.startsWith("gradient") ? { ...row, step: row.step + Number(row.trial[1]) } : row
  );
  const { page } = await textOf({ ...results, rows: shifted });
  const data = figures(page).find(({ id }) => id === "gradient-query")!.data;
  assertEquals(data.length, 47);
  assertEquals(data.every(({ count }) => count === 3), true);
  assertEquals([data[0].step, data[46].step], [3001, 140_001]);
  const norms = shifted.filter(({ metric, step }) => metric === "gradient/query" && step < 3003);
  const mean = [0, 1, 2].map((seed) => {
    const own = norms.filter(({ trial }) => trial[1] === String(seed)).map(({ value }) => value ** 2);
    return Math.sqrt(own.reduce((sum, value) => sum + value, 0) / own.length) / 3;
  }).reduce((sum, value) => sum + value, 0);
  assert(Math.abs(Number(data[0].mean) - mean) < 1e-12);
});
