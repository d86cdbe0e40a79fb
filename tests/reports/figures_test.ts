import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Measurement } from "../../operators/records.ts";
import {
  dotInterval,
  type Figure,
  figure,
  type FigureSpec,
  heatmaps,
  lineWithInterval,
  predictedMeasured,
  sparkline,
} from "../../reports/mod.ts";
import { readTags, svgTexts } from "../helpers/markup.ts";
import { fixtureRows } from "./fixture.ts";

const common = { title: "A sentence", caption: "How to read it." };
const line = lineWithInterval({ id: "line", ...common, metric: "per", label: "Phoneme error rate", step: "epoch" });
const dots = dotInterval({
  id: "dots",
  ...common,
  metrics: [{ metric: "per", label: "Phoneme error rate" }],
  references: [{ metric: "per", label: "Somebody 2016", value: 5.04, citation: "a paper" }],
});
const maps = heatmaps({ id: "maps", ...common });
const bars = predictedMeasured({
  id: "bars",
  ...common,
  predicted: "operations/predicted",
  measured: "operations/counted",
  label: "Operations",
});
const scatter = predictedMeasured({
  id: "scatter",
  ...common,
  predicted: "bytes/predicted",
  measured: "bytes/counted",
  label: "Bytes",
  point: "length",
});
const spark = sparkline({
  id: "spark",
  title: "A sentence",
  metric: "per",
  label: "phoneme error rate",
  step: "epoch",
});
// deno-lint-ignore no-explicit-any -- each spec has rows of its own
const specs: Record<string, FigureSpec<any>> = { line, dots, maps, bars, scatter, spark };

/** Two seeds of one score, epochs 1 and 2: hand-sized. */
const small: Measurement[] = [["a", 1, 20], ["a", 2, 10], ["b", 1, 24], ["b", 2, 12]].map(([trial, step, value]) => ({
  trial: String(trial),
  metric: "per",
  step: Number(step),
  value: Number(value),
  unit: "%",
  labels: { score: "dot", seed: String(trial) },
}));

for (const [name, spec] of Object.entries(specs)) {
  Deno.test(`${name}: the same rows give the same figure, byte for byte, whatever was drawn before`, () => {
    const rows = fixtureRows();
    const first = JSON.stringify(figure(spec, rows));
    figure(line, fixtureRows(["mine"]));
    assertEquals(JSON.stringify(figure(spec, rows)), first);
  });

  Deno.test(`${name}: drawings are well-formed SVG without colours of a fixed paper, ids or addresses`, () => {
    const drawn = figure(spec, fixtureRows());
    assert(drawn.panels.length > 0);
    for (const svg of drawn.panels.flatMap((panel) => [panel.wide, panel.narrow])) {
      const tags = readTags(svg);
      assertEquals(tags[0].name, "svg");
      assertEquals(tags[0].attributes.get("aria-hidden"), "true");
      for (const { name, attributes } of tags) {
        assert(name !== "style" && name !== "script" && name !== "foreignObject", name);
        assert(!attributes.has("id") && !attributes.has("href"));
        for (const value of attributes.values()) {
          assert(!/NaN|undefined|Infinity|url\(|https?:|\bwhite\b|\bblack\b/.test(value), value);
        }
      }
    }
  });

  Deno.test(`${name}: drawings fit their frame and say every name`, () => {
    const drawn = figure(spec, fixtureRows());
    for (const panel of drawn.panels) {
      assert(width(panel.wide) <= 720 && width(panel.narrow) <= 350);
      for (const score of ["dot", "general", "concat", "location", "scaledDot"]) {
        for (const svg of [panel.wide, panel.narrow]) {
          assert(svgTexts(svg).some((text) => text.split(" ")[0] === score), `${score} is missing`);
        }
      }
    }
    for (const score of ["dot", "general", "concat", "location", "scaledDot"]) assert(drawn.summary.includes(score));
  });

  Deno.test(`${name}: a mechanism called <script> is text, and has a place of its own`, () => {
    const drawn = figure(spec, fixtureRows(["dot", `<script>alert("&")</script>`]));
    for (const svg of drawn.panels.flatMap((panel) => [panel.wide, panel.narrow])) {
      assert(readTags(svg).every((tag) => tag.name !== "script"));
      assert(svgTexts(svg).some((text) => text.startsWith("&lt;script")));
    }
  });

  Deno.test(`${name}: no rows draw nothing and say so`, () => {
    const drawn = figure(spec, []);
    assertEquals([drawn.panels.length, drawn.data.length], [0, 0]);
    assertEquals(drawn.summary, "No rows were measured for this figure.");
  });

  Deno.test(`${name}: one seed, one step and values that aren't finite are drawn without a fault`, () => {
    const rows = fixtureRows(["dot", "concat"], 1, 1);
    const broken = rows.map((row, index) => index % 7 === 3 ? { ...row, value: NaN } : row);
    for (const given of [rows, broken]) {
      for (const panel of figure(spec, given).panels) assert(!panel.wide.includes("NaN"), "NaN in a drawing");
    }
  });
}

Deno.test("a line's rows are the mean and the t-interval over seeds, worked by hand", () => {
  const { data } = figure(line, small);
  assertEquals(data.map(({ score, step, mean, count, unit }) => [score, step, mean, count, unit]), [
    ["dot", 1, 22, 2, "%"],
    ["dot", 2, 11, 2, "%"],
  ]);
  // Two values 10 and 12: s/√2 = 1, and Student's t for one degree of freedom is 12.706.
  assertAlmostEquals(Number(data[1].low), 11 - 12.706, 1e-3);
  assertAlmostEquals(Number(data[1].high), 11 + 12.706, 1e-3);
});

Deno.test("a line's texts are its axis, its ticks and the names at its ends", () => {
  assertEquals(svgTexts(figure(line, small).panels[0].wide), [
    ..."0 5 10 15 20 25".split(" "),
    "1",
    "2",
    "epoch",
    "Phoneme error rate, %",
    "dot",
  ]);
});

Deno.test("a line's axis ends at the largest value that there can be, and begins at the least", () => {
  const bounded = lineWithInterval({
    id: "bounded",
    title: "Bounded",
    caption: "Bounded",
    metric: "per",
    label: "Rate",
    step: "epoch",
    least: 4,
    most: 23,
  });
  const texts = svgTexts(figure(bounded, small).panels[0].wide);
  for (const [tick, there] of [["0", false], ["5", true], ["20", true], ["25", false]] as const) {
    assertEquals(texts.includes(tick), there, tick);
  }
});

Deno.test("final values take the last step of each trial; published values stand below, with the digits they have", () => {
  const drawn = figure(dots, small);
  assertEquals(drawn.data.map((row) => [row.kind, row.score, row.mean, row.citation]), [
    ["mean", "dot", 11, null],
    ["seed", "dot", 10, null],
    ["seed", "dot", 12, null],
    ["published", "Somebody 2016", 5.04, "a paper"],
  ]);
  const texts = svgTexts(drawn.panels[0].wide);
  assertEquals(texts.filter((text) => /dot|±|Somebody|5\.04/.test(text)), ["dot", "11 ± 13", "Somebody 2016", "5.04"]);
  assert(drawn.summary.includes("Published: Somebody 2016 5.04%"));
});

Deno.test("heatmaps draw the first trial's matrix at its last step, symbols beside it", () => {
  const cell = (trial: string, step: number, row: number, column: number, value: number): Measurement => ({
    trial,
    metric: "alignment",
    step,
    value,
    unit: "1",
    labels: { score: "dot", word: "ox", row, column, output: ["AA", "K"][row], input: "ox"[column] },
  });
  const first = [cell("a", 2, 0, 0, 0.75), cell("a", 2, 0, 1, 0.25), cell("a", 2, 1, 0, 0), cell("a", 2, 1, 1, 1)];
  const drawn = figure(maps, [cell("a", 1, 0, 0, 0.5), ...first, cell("b", 2, 0, 0, 0.125)]);
  assertEquals(drawn.data.map((row) => row.weight), [0.75, 0.25, 0, 1]);
  assertEquals(svgTexts(drawn.panels[0].wide), ["o", "x", "AA", "K", "dot"]);
  assertEquals(drawn.panels[0].heading, "ox");
  assert(drawn.summary.includes("dot 0.88"), drawn.summary);
  const opacities = [...drawn.panels[0].wide.matchAll(/fill-opacity="([\d.]+)"/g)].map(([, value]) => Number(value));
  assertEquals(opacities.filter((value) => value !== 0.06), [0.75, 0.25, 1], "a weight of zero draws no cell");
  assertThrows(
    () => figure(maps, [{ ...first[0], labels: { ...first[0].labels, row: -1 } }]),
    RangeError,
    "must count from 0",
  );
});

Deno.test("predicted and measured are paired by name and point, and must share a unit", () => {
  const drawn = figure(scatter, fixtureRows(["dot"], 1, 1));
  assertEquals(drawn.data.map((row) => [row.score, row.point, row.predicted]), [
    ["dot", "8", 80000],
    ["dot", "32", 320000],
    ["dot", "128", 1280000],
  ]);
  const rows = fixtureRows(["dot"], 1, 1).map((row) => row.metric === "bytes/counted" ? { ...row, unit: "s" } : row);
  assertThrows(() => figure(scatter, rows), RangeError, "need one unit");
});

Deno.test("a name has one colour in every figure that is given the same rows, references or not", () => {
  const rows = fixtureRows(["dot", "zeta", "alpha"]);
  const colours = [figure(line, rows), figure(dots, rows)].map((drawn) => colourOf(drawn, "zeta"));
  assert(colours[0] !== undefined);
  assertEquals(colours[0], colours[1]);
});

Deno.test("a figure of a user's own needs an id, a title, rows and a plot; a plot with a title is refused", () => {
  const own: FigureSpec = {
    id: "own",
    ...common,
    data: (rows) => rows.map((row) => ({ step: row.step })),
    summary: (data) => `${data.length} rows.`,
    panels: () => [{ plot: { marks: [] } }],
  };
  assertEquals(figure(own, small).summary, "4 rows.");
  assertThrows(
    () => figure({ ...own, panels: () => [{ plot: { title: "no", marks: [] } }] }, small),
    TypeError,
    "must be one SVG",
  );
});

function width(svg: string): number {
  return Number(/ width="([\d.]+)"/.exec(svg)![1]);
}

function colourOf(drawn: Figure, name: string): string | undefined {
  const tag = new RegExp(`<(?:g|text)[^>]*fill="([^"]*)"[^>]*>(?:<text[^>]*>)?${name}</text>`).exec(
    drawn.panels[0].wide,
  );
  return tag?.[1];
}
