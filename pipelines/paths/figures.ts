/**
 * The figures of a path comparison. Titles are sentences computed from what is drawn.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import {
  bandNote,
  dotInterval,
  type Figure,
  figure,
  formatEstimate,
  formatMean,
  formatNumber,
  formatShare,
  heatmaps,
  lineWithInterval,
  listWords,
  meanInterval,
  small,
} from "../../reports/mod.ts";
import { lateMean } from "../late.ts";
import { namedPaths } from "./design.ts";
import { LEARNT_LENGTHS } from "./setting.ts";
import type { PathRuns } from "./runs.ts";

const TEST = { set: "test" };

/** Rows of the reversal task under the name of their scope. */
function scopeRows(runs: PathRuns, metric: string, labels = {}): Measurement[] {
  return runs.select(metric, { part: "scope", ...labels });
}

/** Alignment errors where the right alignment is known. */
export function alignmentErrors(runs: PathRuns): Figure | undefined {
  const rows = scopeRows(runs, "alignment/error", TEST);
  if (rows.length === 0) return undefined;
  const means = [...new Set(rows.map(({ labels }) => String(labels.scope)))]
    .map((scope) => ({ scope, estimate: runs.estimate("alignment/error", { part: "scope", scope, ...TEST })! }));
  const finds = means.filter(({ estimate }) => estimate.mean < 2),
    misses = means.filter((each) => !finds.includes(each));
  const print = ({ scope, estimate }: typeof means[number]) => `${scope} (error ${formatEstimate(estimate)}%)`;
  return figure(
    dotInterval({
      id: "alignment-errors",
      title: `To reverse a sequence, ${
        finds.length === 0
          ? "no scope finds"
          : `${listWords(finds.map(print))} ${finds.length === 1 ? "finds" : "find"}`
      } the alignment${
        misses.length === 0 ? "" : `; ${listWords(misses.map(print))} ${misses.length === 1 ? "does" : "do"} not`
      }`,
      caption:
        "Share of symbols whose largest weight isn't at the source position that they are taken from; unseen sequences of " +
        `${LEARNT_LENGTHS[0]} to ${LEARNT_LENGTHS[1]} distinct symbols, Luong's path, general score, window D = 2.`,
      metrics: [{ metric: "alignment/error", label: "Alignment error" }],
      by: "scope",
    }),
    rows,
  );
}

/** Alignments of reversed sequences side by side. */
export function alignments(runs: PathRuns): Figure | undefined {
  const rows = scopeRows(runs, "alignment").filter(({ labels }) => labels.seed === runs.seeds[0]);
  if (rows.length === 0) return undefined;
  const onDiagonal = [...Map.groupBy(rows, ({ labels }) => String(labels.scope))].map(([scope, cells]) => ({
    scope,
    share: mirrored(cells),
  })).sort((a, b) => b.share - a.share);
  return figure(
    heatmaps({
      id: "alignments",
      title: `Of the symbols said in these reversed sequences, ${
        listWords(onDiagonal.map(({ scope, share }) => `${formatNumber(100 * share, 0)}% (${scope})`))
      } look most at the symbol that they are taken from`,
      caption:
        "Attention weights on unseen sequences, first seed: source across, said symbols down, the last row is the end mark. What " +
        "is reversed is taken from the rising diagonal.",
      by: "scope",
      row: "i",
      column: "j",
      output: "symbol",
      input: "letter",
      visible: 2,
    }),
    rows,
  );
}

/** The share of said symbols, the end mark aside, whose largest weight is where a reversed sequence has them. */
function mirrored(cells: readonly Measurement[]): number {
  const said = [...Map.groupBy(cells, ({ labels }) => `${labels.word} ${labels.i}`).values()]
    .filter(([{ labels }]) => labels.symbol !== "end");
  const right = said.filter((row) => {
    const most = row.reduce((a, b) => b.value > a.value ? b : a);
    return Number(most.labels.j) === row.length - 1 - Number(most.labels.i);
  });
  return said.length === 0 ? 0 : right.length / said.length;
}

/** Errors on longer sequences than were learnt from. */
export function lengthFigure(runs: PathRuns): Figure | undefined {
  const rows = scopeRows(runs, "length/wer");
  if (rows.length === 0) return undefined;
  const longest = Math.max(...rows.map(({ step }) => step));
  const ends = [...Map.groupBy(rows.filter(({ step }) => step === longest), ({ labels }) => String(labels.scope))]
    .map(([scope, list]) => ({ scope, wrong: meanInterval(list.map(({ value }) => value)) }));
  return figure(
    lineWithInterval({
      id: "lengths",
      title: `After learning at lengths up to ${LEARNT_LENGTHS[1]}, ${
        ends.every(({ wrong }) => wrong.mean === 100)
          ? `no scope reverses a sequence of ${longest} symbols without an error`
          : `of sequences of ${longest} symbols ${
            listWords(ends.map(({ scope, wrong }) => `${formatMean(wrong)}% (${scope})`))
          } have an error`
      }`,
      caption: (data) => `Share of reversed sequences with an error, by length, greedy search. ${bandNote(data)}`,
      metric: "length/wer",
      label: "Sequences with an error",
      step: "length",
      by: "scope",
      least: 0,
      most: 100,
    }),
    rows,
  );
}

/** Gradients against distance in time. */
export function distanceFigure(runs: PathRuns): Figure | undefined {
  const name = ({ labels }: Measurement) => labels.scope === "none" ? "no attention" : String(labels.score);
  const rows = runs.select("distance/gradient", { when: "before", part: "distance" })
    .map((row) => ({ ...row, labels: { ...row.labels, series: name(row) } }));
  if (rows.length === 0) return undefined;
  const kept = {
    "no attention": { scope: "none" },
    general: { score: "general", scope: "global" },
    concat: { score: "concat", scope: "global" },
  };
  const ends = Object.entries(kept).flatMap(([series, labels]) => {
    const found = runs.kept(labels);
    return found ? [{ series, ...found }] : [];
  }).sort((a, b) => b.share - a.share);
  return figure(
    lineWithInterval({
      id: "distance",
      title: `Of the gradient at distance ${ends[0].near}, ${
        listWords(ends.map(({ series, share }) => `${formatShare(share)} (${series})`))
      } is left at distance ${ends[0].far}`,
      caption: (data) =>
        "Norm of the gradient of a symbol's log-probability at the embedding of a source symbol, before anything is learnt, by the " +
        `recurrent steps between reading the one and saying the other. Copy task, one direction. ${bandNote(data)}`,
      metric: "distance/gradient",
      label: "Gradient norm",
      step: "distance in steps",
      by: "series",
      scale: "log",
    }),
    rows,
  );
}

/** Training loss of the paths, over all else. */
export function curves(runs: PathRuns): Figure | undefined {
  const all = namedPaths(runs.select("loss/curve", { part: "factorial" }));
  if (all.length === 0) return undefined;
  // Trials' n-th points at one step, so that they can be averaged.
  const points = [...Map.groupBy(all, ({ trial }) => trial).values()].map((rows) =>
    rows.sort((a, b) => a.step - b.step)
  );
  const rows = points.flatMap((list) => list.map((row, at) => ({ ...row, step: points[0][at]?.step ?? row.step })));
  const ends = [...Map.groupBy(points, (list) => String(list[0].labels.path))]
    .map(([path, lists]) => `${formatMean(meanInterval(lists.map(lateMean)))} (${path})`);
  return figure(
    lineWithInterval({
      id: "curves",
      title: `Over the last tenth of training the loss a phoneme is ${listWords(ends)} nats`,
      caption: (data) =>
        `Mean loss over the steps since the point before, a mean over all runs of the design on a path. ${
          bandNote(data, "runs, seeds and designs together")
        }`,
      metric: "loss/curve",
      label: "Training loss",
      step: "pronunciations seen",
      by: "path",
    }),
    rows,
  );
}

/** The small figure of the list of questions. */
export function thumbnail(runs: PathRuns): Figure | undefined {
  const rows = namedPaths(runs.select("per", { ...TEST, part: "factorial" }));
  if (rows.length === 0) return undefined;
  const spec = dotInterval({
    id: "paths-errors",
    title: "Phoneme error rate on unseen words by path, over all else",
    caption: "",
    metrics: [{ metric: "per", label: "Phoneme error rate" }],
    by: "path",
  });
  return figure(small(spec, { id: "paths-errors" }), rows);
}
