/** Pages of designs without main effects, from rows that were made up. */
import { assert, assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { bleuOf, bleuStatistics } from "../../../operators/mod.ts";
import type { Label, Measurement } from "../../../operators/records.ts";
import type { Options, Results, Trial } from "../../../pipelines/experiment.ts";
import { Compared } from "../../../pipelines/paths/compared.ts";
import { translating } from "../../../pipelines/paths/design.ts";
import { pathsPage } from "../../../pipelines/paths/page.ts";
import { PathRuns } from "../../../pipelines/paths/runs.ts";
import { type Figure, type Page, siteFiles } from "../../../reports/mod.ts";
import { placesOfNames, readTags } from "../../helpers/markup.ts";

type Row = (metric: string, value: number, step: number, more?: Record<string, Label>) => void;

/** Trials with rows of their own, each run with two seeds. */
function results(
  configurations: readonly Options[],
  rowsOf: (row: Row, options: Options, noise: number) => void,
  seeds = 2,
): Results {
  const rows: Measurement[] = [], trials: Trial[] = [];
  for (const [at, options] of configurations.entries()) {
    for (let seed = 1; seed <= seeds; seed++) {
      const id = `${at}-${seed}`;
      const { part, task, path, score, direction, scope, cell } = options as Record<string, string>;
      const labels = { part, task, path, score, direction, scope, cell };
      const row: Row = (metric, value, step, more = {}) =>
        rows.push({ trial: id, metric, step, value, unit: "%", labels: { ...labels, ...more } });
      for (const [set, count] of [["train", 900], ["dev", 40], ["test", 60]] as const) {
        row("set", count, 0, {
          ...{ set, name: "made-up", split: set, licence: "none", citation: "Nobody", checksum: "0".repeat(64) },
        });
      }
      rowsOf(row, options, ((at * 7 + seed * 3 * (at + 1)) % 5 - 2) / 20);
      for (const [step, value] of [[450, 3], [900, 2]]) row("loss/curve", value, step);
      row("speed/examples", 15, 1);
      for (const [i, weights] of [[0, [0.7, 0.3]], [1, [0.2, 0.8]]] as const) {
        weights.forEach((weight, j) =>
          row("alignment", weight, 1, { word: "ab", letter: "ab"[j], symbol: ["A", "end"][i], i, j })
        );
      }
      trials.push({ id, pipeline: "paths", options, seed, version: "2" });
    }
  }
  return { trials, rows, profile: "full", command: "deno task pipeline paths", machines: [] };
}

const figuresOf = ({ sections }: Page): Figure[] =>
  sections.flatMap(({ blocks }) => blocks)
    .flatMap((block) => typeof block === "object" && block.kind === "figure" ? [block] : []);

/** The page as it is written, checked to be whole. */
function written(page: Page): string {
  placesOfNames(page);
  const html = siteFiles([page]).get("paths.html")!;
  readTags(html);
  return html;
}

const shared = { rate: 0.002, batch: 128, epochs: 1, clip: 1, dropout: 0.35, smoothing: 0.1, units: 64, embedding: 16 };
const large = {
  ...{ ...shared, part: "best", task: "pronunciation", path: "luong", score: "general", direction: "bidirectional" },
  ...{ scope: "global", cell: "gru", layers: 2, warmup: 0.05, variational: "yes", beams: 5, alpha: 0.5 },
  ...{ train: "a/train.dict", test: "a/dev.dict" },
};

Deno.test("the large model's page has its errors beside published ones, curves, alignments, and its own method", async () => {
  const page = await pathsPage(results([large], (row) => {
    row("per", 6.25, 1, { set: "test" });
    row("wer", 26.5, 1, { set: "test" });
  }, 1));
  const html = written(page);
  const [errors, curves, alignments, ...none] = figuresOf(page);
  assertEquals([errors.id, curves.id, alignments.id, none.length], ["errors", "curves", "alignments", 0]);
  assertMatch(
    errors.title,
    /^PER on unseen words is 6\.25% and WER 26\.5%; the \d published results drawn have PER 4\.84% to /,
  );
  const toshniwal = errors.data.filter((row) => row.combination === "Toshniwal & Livescu 2016 *");
  assertEquals(toshniwal.map(({ metric, mean, kind }) => [metric, mean, kind]), [
    ["per", 5.04, "published"],
    ["wer", 21.69, "published"],
  ]);
  assert(page.thumbnail);
  assertStringIncludes(
    html,
    "900 train words, 40 dev words and 60 test words. Files given by the user (train= and test=)",
  );
  assertStringIncludes(html, "rising over 5% of the steps, then falling to 0");
  assertStringIncludes(html, "variational dropout 0.35");
  assertStringIncludes(html, "a beam of 5, length normalisation α = 0.5, on test words");
  assertStringIncludes(html, "Training steps took 1 min");
  assertStringIncludes(html, "106,837 training and 12,000 test words");
  for (const elsewhere of ["factorial", "Generated sequences", "Main effects", "not tested here"]) {
    assert(!html.includes(elsewhere), elsewhere);
  }
});

/** The same references for all; Bahdanau's hypotheses are right, the others lack their last words now and then. */
const kept = (row: Row, path: string) => {
  for (let line = 1; line <= 40; line++) {
    const reference = `the file number ${line} is not found in this folder`;
    const hypothesis = path === "bahdanau" || line % 3 === 0 ? reference : reference.slice(0, -14);
    row("translation", -1, 1, {
      ...{ line, shown: line < 3 ? "yes" : "no", source: `sentence ${line}`, hypothesis, reference },
      ...(line === 2 ? { reference2: "another way to say it" } : {}),
    });
  }
  row("scored", 40, 1, { set: "test" });
  row("set/given", 90, 0, { set: "test" });
};

const translated = (gap: number, seeds = 2) =>
  results(
    translating.map((run) => ({ ...shared, ...run, beams: 1, source: "a.en", target: "a.de" })),
    (row, run, noise) => {
      row("bleu", 20 + (run.path === "bahdanau" ? gap : 0) + noise, 1, { set: "test" });
      row("chrf", 40 + noise, 1, { set: "test" });
      row("per", 60, 1, { set: "test" });
      kept(row, String(run.path));
    },
    seeds,
  );

Deno.test("the page of a translation tells of sentences, with curves, alignments and a small figure of BLEU", async () => {
  const page = await pathsPage(translated(5));
  const html = written(page);
  assertMatch(
    page.headline,
    /^BLEU on unseen sentences is highest with Bahdanau, 2\d.*; Luong \+ feeding and Luong are behind\.$/,
  );
  assertEquals(figuresOf(page).map(({ id }) => id), ["translation", "bootstrap", "curves", "alignments"]);
  assertEquals([...new Set(page.thumbnail!.data.map(({ metric }) => metric))], ["bleu"]);
  assertStringIncludes(html, "900 train sentences, 40 dev sentences and 60 test sentences");
  assertStringIncludes(html, "1 pass over the sentences");
  for (const elsewhere of ["factorial", "Generated sequences", "Main effects", "phoneme error", "not tested here"]) {
    assert(!html.includes(elsewhere), elsewhere);
  }
});

Deno.test("translations are compared on the same sentences, and written out so that another program can score them", async () => {
  const page = await pathsPage(translated(5));
  const [, bootstrap] = figuresOf(page);
  assertMatch(
    bootstrap.title,
    /^On the same sentences Bahdanau is ahead in BLEU of Luong \+ feeding by [\d.]+ \([\d.]+ to [\d.]+\) and of Luong by /,
  );
  assertEquals(bootstrap.data.map(({ effect, seen }) => [effect, seen]), [
    ["BLEU: Luong + feeding", "seen"],
    ["chrF: Luong + feeding", "seen"],
    ["BLEU: Luong", "seen"],
    ["chrF: Luong", "seen"],
  ]);
  // The difference is that of the corpus scores.
  const texts = Object.fromEntries(page.texts!.map(({ id, text }) => [id, text.split("\n").slice(0, -1)]));
  assertEquals(Object.keys(texts).sort(), [
    ...["bahdanau", "luong", "luong-feeding"].flatMap((path) => [1, 2].map((seed) => `hypotheses-${path}-${seed}`)),
    ...["references-1", "references-2", "sources"],
  ]);
  assertEquals([texts["references-2"][0], texts["references-2"][1]], ["", "another way to say it"]);
  const scored = (path: string) =>
    bleuOf(
      texts[`hypotheses-${path}-1`].map((said, at) =>
        bleuStatistics(said, [texts["references-1"][at], texts["references-2"][at]].filter((text) => text !== ""))
      ).reduce((sums, row) => sums.map((sum, at) => sum + row[at])),
    );
  assertAlmostEquals(Number(bootstrap.data[2].mean), scored("bahdanau") - scored("luong"), 1e-9);
  const html = written(page);
  assertStringIncludes(html, "40 of 90 test sentences were scored (--set testWords=0 scores all), by greedy search");
  assertStringIncludes(
    html,
    "sacrebleu paths/references-1.txt paths/references-2.txt -i paths/hypotheses-luong-1.txt -m bleu chrf",
  );
  assertStringIncludes(html, 'href="paths/hypotheses-bahdanau-2.txt"');
  // Of the kept sentences the page shows a few.
  const shown = page.sections.flatMap(({ blocks }) => blocks)
    .flatMap((block) =>
      typeof block === "object" && block.kind === "table" && block.id === "translations" ? block.rows : []
    );
  assertEquals(shown.map(({ source }) => source), ["sentence 1", "sentence 2"]);
});

Deno.test("with one seed it is the sentences that tell translations apart", () => {
  const compared = new Compared(new PathRuns(translated(0.001, 1)), "translation");
  // Hypotheses say more than the figures that were made up beside them: Luong's are alike, Bahdanau's are right.
  assertEquals([compared.apart("Bahdanau", "Luong"), compared.apart("Luong", "Luong + feeding")], [true, false]);
});

Deno.test("what seeds don't tell apart is said to be level, and the names are those of what differs", () => {
  const runs = new PathRuns(translated(0));
  const compared = new Compared(runs, "translation");
  assertEquals(compared.names, ["Luong", "Luong + feeding", "Bahdanau"]);
  assertMatch(compared.said()!, /; no difference from .* and .* is seen$/);
  const own = ["concat", "scaledDot"].map((score) => ({ ...large, part: "own", score, layers: 1 }));
  const errors = results(own, (row, { score }) => row("per", score === "concat" ? 10 : 30, 1, { set: "test" }));
  const scored = new Compared(new PathRuns(errors), "own");
  assertEquals(scored.names, ["concat", "scaled dot"]);
  assertMatch(scored.said()!, /^PER on unseen words is lowest with concat, 10[.0]*%; scaled dot is behind$/);
});

Deno.test("of a generated task whose alignment is known, the figures tell whose weights find it", async () => {
  const own = ["global", "monotonic"].map((scope) => ({ ...large, part: "own", task: "sort", scope, sequences: 100 }));
  const page = await pathsPage(results(own, (row, { scope }) => {
    row("per", 1, 1, { set: "test" });
    row("wer", 2, 1, { set: "test" });
    row("alignment/error", scope === "global" ? 0.5 : 71, 1, { set: "test" });
  }));
  const html = written(page);
  const [, , errors, alignments] = figuresOf(page);
  assertMatch(
    errors.title,
    /^To sort a sequence, global \(error 0\.50*%\) finds the alignment; monotonic \(error 71[.0]*%\) does not$/,
  );
  // A is said while most is looked at a; the end mark isn't counted.
  assertStringIncludes(alignments.title, "100% (global) and 100% (monotonic) look most at the symbol");
  assertStringIncludes(html, "900 train sequences, 40 dev sequences and 60 test sequences");
  assertStringIncludes(html, "Sequence error rate");
});
