/**
 * A small figure for the list of questions: lines, with names and values at their ends.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { DataRow, FigureSpec, Frame } from "../figure.ts";
import { axisLabel, formatQuantity, formatTick, listWords } from "../format.ts";
import { clipLabel, groupBy, labelWidth, rowsOf, spread } from "./series.ts";

/** Options of {@linkcode sparkline}. */
export interface SparklineOptions {
  readonly id: string;
  readonly title: FigureSpec<SparkRow>["title"];
  readonly metric: string;
  /** The value in words: `phoneme error rate`. */
  readonly label: string;
  /** What a step is: `epoch`. */
  readonly step: string;
  /** @default "score" */
  readonly by?: string;
  /** @default "linear" */
  readonly scale?: "linear" | "log";
}

/** One drawn point: the mean over trials. */
export type SparkRow = DataRow & { readonly step: number; readonly mean: number; readonly unit: string };

/** Width in CSS pixels of a small figure. */
const sparkWidth = 300;

/** A figure as small as the list of questions shows it, drawn as for a phone and without a caption. */
export function small<Row extends DataRow>(
  spec: FigureSpec<Row>,
  about: Pick<FigureSpec<Row>, "id"> & Partial<Pick<FigureSpec<Row>, "title">>,
): FigureSpec<Row> {
  return {
    ...spec,
    caption: "",
    ...about,
    panels: (data, frame) => spec.panels(data, { ...frame, width: sparkWidth, narrow: true }),
  };
}

/** A small figure of means over seeds against a step. */
export function sparkline(options: SparklineOptions): FigureSpec<SparkRow> {
  const by = options.by ?? "score";
  return {
    id: options.id,
    title: options.title,
    caption: "",
    by,
    data: (rows) =>
      [...groupBy(rowsOf(rows, options.metric, by), (row) => JSON.stringify([row.labels[by], row.step])).values()]
        .map((group): SparkRow => ({
          [by]: String(group[0].labels[by]),
          step: group[0].step,
          mean: group.reduce((sum, row) => sum + row.value, 0) / group.length,
          unit: group[0].unit,
        })).sort((a, b) => a.step - b.step),
    summary(data) {
      const ends = lastPoints(data, by).sort((a, b) => a.mean - b.mean);
      const said = ends.map((row) => `${row[by]} ${formatQuantity(row.mean, row.unit)}`);
      return `Last ${options.label}: ${listWords(said)}.`;
    },
    panels: (data, frame) => [{ plot: draw(data, frame, options, by) }],
  };
}

function lastPoints(data: readonly SparkRow[], by: string): SparkRow[] {
  return [...groupBy(data, (row) => row[by]).values()].map((series) => series[series.length - 1]);
}

function draw(data: readonly SparkRow[], frame: Frame, options: SparklineOptions, by: string): Plot.PlotOptions {
  const log = options.scale === "log";
  const height = 172, margin = { top: 24, bottom: 36, left: 34 };
  const ends = lastPoints(data, by);
  const labels = ends.map((row) =>
    `${clipLabel(String(row[by]), 10)} ${formatQuantity(row.mean, row.unit === "1" ? "" : row.unit)}`
  );
  const values = data.map((row) => row.mean).filter((value) => !log || value > 0);
  const low = log ? Math.min(...values) : Math.min(0, ...values), high = Math.max(...values);
  const scale = (value: number) => log ? Math.log(Math.max(low, value)) : value;
  const steps = [...new Set(data.map((row) => row.step))].sort((a, b) => a - b);
  const span = scale(high) - scale(low) || 1;
  const toPixel = (value: number) =>
    margin.top + (height - margin.top - margin.bottom) * (scale(high) - scale(value)) / span;
  const places = spread(ends.map((row) => toPixel(row.mean)), 14, margin.top - 4, height - margin.bottom + 4);
  return {
    width: sparkWidth,
    height,
    marginTop: margin.top,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    marginRight: Math.max(...labels.map(labelWidth)) + 14,
    x: { type: "linear", domain: steps.length > 1 ? [steps[0], steps[steps.length - 1]] : [steps[0] - 1, steps[0]] },
    y: { type: log ? "log" : "linear", domain: low === high ? [low - 1, high + 1] : [low, high] },
    marks: [
      Plot.gridY({ stroke: "currentColor", strokeOpacity: 0.12, ticks: 3 }),
      Plot.axisY({ tickSize: 0, label: null, ticks: 3, tickFormat: (value: number) => formatTick(value, high) }),
      Plot.axisX({
        tickSize: 0,
        label: options.step,
        labelArrow: "none",
        labelAnchor: "center",
        ticks: [...new Set([steps[0], steps[steps.length - 1]])],
        text: (value: number) => formatTick(value),
      }),
      Plot.text([axisLabel(`${options.label[0].toUpperCase()}${options.label.slice(1)}`, data[0].unit)], {
        frameAnchor: "top-left",
        dx: -margin.left,
        dy: -margin.top + 2,
        textAnchor: "start",
        lineAnchor: "top",
      }),
      ...ends.flatMap((end, index) => {
        const ink = frame.palette(String(end[by]));
        const series = data.filter((row) => row[by] === end[by] && (!log || row.mean > 0));
        const common = { className: ink.className };
        return [
          Plot.lineY(series, {
            x: "step",
            y: "mean",
            stroke: ink.colour,
            strokeWidth: 1.75,
            strokeDasharray: ink.dash,
            ...common,
          }),
          Plot.dot(series.slice(-1), { x: "step", y: "mean", fill: ink.colour, r: 3, symbol: ink.symbol, ...common }),
          Plot.text([labels[index]], {
            frameAnchor: "top-right",
            textAnchor: "start",
            lineAnchor: "middle",
            dx: 9,
            dy: places[index] - margin.top,
            fill: ink.colour,
            fontVariant: "tabular-nums",
            ...common,
          }),
        ];
      }),
    ],
  };
}
