/**
 * Figures that several designs draw, each from rows under the names of what is compared. Titles are sentences computed from
 * what is drawn.
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
} from "../../reports/mod.ts";
import { lateMean } from "../late.ts";
import { lastValues } from "../runs.ts";
import { LEARNT_LENGTHS } from "./setting.ts";

/** Rows, and the label that names their series. */
export interface Series {
  readonly rows: readonly Measurement[];
  readonly by: string;
}

/** Rows by series, in the order in which they come. */
function grouped({ rows, by }: Series): [string, Measurement[]][] {
  return [...Map.groupBy(rows, ({ labels }) => String(labels[by]))];
}

/** Values with what they are of, which goes without saying where there is one. */
function told(values: readonly (readonly [string, string])[]): string[] {
  return values.map(([value, name]) => values.length === 1 ? value : `${value} (${name})`);
}

/** Alignment errors of a generated task, whose right alignment is known. */
export function alignmentErrorFigure(
  series: Series,
  { id, task, caption }: { readonly id: string; readonly task: string; readonly caption: string },
): Figure | undefined {
  if (series.rows.length === 0) return undefined;
  const means = grouped(series).map(([name, rows]) => ({
    name,
    estimate: meanInterval([...lastValues(rows, ({ trial }) => trial).values()]),
  }));
  const finds = means.filter(({ estimate }) => estimate.mean < 2),
    misses = means.filter((each) => !finds.includes(each));
  const print = ({ name, estimate }: typeof means[number]) => `${name} (error ${formatEstimate(estimate)}%)`;
  return figure(
    dotInterval({
      id,
      title: `To ${task} a sequence, ${
        finds.length === 0
          ? `no ${series.by} finds`
          : `${listWords(finds.map(print))} ${finds.length === 1 ? "finds" : "find"}`
      } the alignment${
        misses.length === 0 ? "" : `; ${listWords(misses.map(print))} ${misses.length === 1 ? "does" : "do"} not`
      }`,
      caption:
        "Share of symbols whose largest weight isn't at the source position that they are taken from; unseen sequences of " +
        `${LEARNT_LENGTHS[0]} to ${LEARNT_LENGTHS[1]} distinct symbols${caption}.`,
      metrics: [{ metric: "alignment/error", label: "Alignment error" }],
      by: series.by,
    }),
    series.rows,
  );
}

/** Alignments side by side: `known` where every symbol that is said stands in the source. */
export function alignmentFigure(series: Series, known: boolean, caption: string): Figure | undefined {
  if (series.rows.length === 0) return undefined;
  const shares = grouped(series).map(([name, cells]) => {
    const said = [...Map.groupBy(cells, ({ labels }) => `${labels.word} ${labels.i}`).values()]
      .filter(([{ labels }]) => !known || labels.symbol !== "end");
    const most = said.map((row) => row.reduce((a, b) => b.value > a.value ? b : a));
    const right = most.filter(({ labels }) => String(labels.letter).toUpperCase() === labels.symbol).length;
    const largest = most.reduce((sum, { value }) => sum + value, 0);
    return { name, share: (known ? right : largest) / Math.max(1, said.length) };
  }).sort((a, b) => b.share - a.share);
  const listed = listWords(told(shares.map(({ name, share }) => [`${formatNumber(100 * share, 0)}%`, name])));
  return figure(
    heatmaps({
      id: "alignments",
      title: known
        ? `Of the symbols said in these sequences, ${listed} look most at the symbol that they are taken from`
        : `Whatever is said, the position that is looked at most gets on average ${listed} of the weight`,
      caption:
        `Attention weights on unseen examples, first seed: source across, said symbols down, the last row is the ` +
        `end mark.${caption}`,
      by: series.by,
      row: "i",
      column: "j",
      output: "symbol",
      input: "letter",
      visible: 2,
    }),
    series.rows,
  );
}

/** Errors on longer sequences than were learnt from. */
export function lengthsFigure(series: Series): Figure | undefined {
  const { rows, by } = series;
  if (rows.length === 0) return undefined;
  const longest = Math.max(...rows.map(({ step }) => step));
  const ends = grouped({ by, rows: rows.filter(({ step }) => step === longest) })
    .map(([name, list]) => ({ name, wrong: meanInterval(list.map(({ value }) => value)) }));
  return figure(
    lineWithInterval({
      id: "lengths",
      title: `After learning at lengths up to ${LEARNT_LENGTHS[1]}, ${
        ends.every(({ wrong }) => wrong.mean === 100)
          ? `no ${by} reverses a sequence of ${longest} symbols without an error`
          : `of sequences of ${longest} symbols ${
            listWords(ends.map(({ name, wrong }) => `${formatMean(wrong)}% (${name})`))
          } have an error`
      }`,
      caption: (data) => `Share of reversed sequences with an error, by length, greedy search. ${bandNote(data)}`,
      metric: "length/wer",
      label: "Sequences with an error",
      step: "length",
      by,
      least: 0,
      most: 100,
    }),
    rows,
  );
}

/** What is left of a gradient at the greatest distance: of the gradient at the least one. */
export interface Kept {
  readonly name: string;
  readonly share: number;
  readonly near: number;
  readonly far: number;
}

/** Gradients against distance in time. */
export function distancesFigure({ rows, by }: Series, kept: readonly Kept[], caption: string): Figure | undefined {
  if (rows.length === 0) return undefined;
  const ends = kept.toSorted((a, b) => b.share - a.share);
  return figure(
    lineWithInterval({
      id: "distance",
      title: `Of the gradient at distance ${ends[0].near}, ${
        listWords(ends.map(({ name, share }) => `${formatShare(share)} (${name})`))
      } is left at distance ${ends[0].far}`,
      caption: (data) =>
        "Norm of the gradient of a symbol's log-probability at the embedding of a source symbol, before anything is learnt, by the " +
        `recurrent steps between reading the one and saying the other. Copy task${caption}. ${bandNote(data)}`,
      metric: "distance/gradient",
      label: "Gradient norm",
      step: "distance in steps",
      by,
      scale: "log",
    }),
    rows,
  );
}

/** Training loss: `symbol` is what it is a mean over, `seen` what the axis counts. */
export function curveFigure(
  { rows: all, by }: Series,
  words: { readonly symbol: string; readonly seen: string },
  { note, of }: { readonly note: string; readonly of: string },
): Figure | undefined {
  if (all.length === 0) return undefined;
  // Trials' n-th points at one step, so that they can be averaged.
  const points = [...Map.groupBy(all, ({ trial }) => trial).values()].map((rows) =>
    rows.toSorted((a, b) => a.step - b.step)
  );
  const rows = points.flatMap((list) => list.map((row, at) => ({ ...row, step: points[0][at]?.step ?? row.step })));
  const ends = [...Map.groupBy(points, (list) => String(list[0].labels[by]))]
    .map(([name, lists]): [string, string] => [formatMean(meanInterval(lists.map(lateMean))), name]);
  return figure(
    lineWithInterval({
      id: "curves",
      title: `Over the last tenth of training the loss a ${words.symbol} is ${listWords(told(ends))} nats`,
      caption: (data) => `Mean loss over the steps since the point before${note}. ${bandNote(data, of)}`,
      metric: "loss/curve",
      label: "Training loss",
      step: words.seen,
      by,
    }),
    rows,
  );
}
