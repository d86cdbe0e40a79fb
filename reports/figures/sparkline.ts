/**
 * A small figure for the list of questions: lines without axes, names and values at their ends.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { DataRow, FigureSpec, Frame } from "../figure.ts";
import { formatQuantity, listWords } from "../format.ts";
import { clipLabel, groupBy, labelWidth, rowsOf, spread } from "./series.ts";

/** Options of {@linkcode sparkline}. */
export interface SparklineOptions {
  readonly id: string;
  readonly title: FigureSpec<SparkRow>["title"];
  readonly metric: string;
  /** The value in words: `phoneme error rate`. */
  readonly label: string;
  /** @default "score" */
  readonly by?: string;
  /** @default "linear" */
  readonly scale?: "linear" | "log";
}

/** One drawn point: the mean over trials. */
export type SparkRow = DataRow & { readonly step: number; readonly mean: number; readonly unit: string };

/** Width in CSS pixels of a small figure. */
export const sparkWidth = 300;

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
  const height = 130, margin = 12;
  const ends = lastPoints(data, by);
  const labels = ends.map((row) =>
    `${clipLabel(String(row[by]), 10)} ${formatQuantity(row.mean, row.unit === "1" ? "" : row.unit)}`
  );
  const values = data.map((row) => row.mean).filter((value) => !log || value > 0);
  const low = log ? Math.min(...values) : Math.min(0, ...values), high = Math.max(...values);
  const scale = (value: number) => log ? Math.log(Math.max(low, value)) : value;
  const steps = [...new Set(data.map((row) => row.step))].sort((a, b) => a - b);
  const span = scale(high) - scale(low) || 1;
  const toPixel = (value: number) => margin + (height - 2 * margin) * (scale(high) - scale(value)) / span;
  const places = spread(ends.map((row) => toPixel(row.mean)), 14, margin - 4, height - margin + 4);
  return {
    width: sparkWidth,
    height,
    marginTop: margin,
    marginBottom: margin,
    marginLeft: 6,
    marginRight: Math.max(...labels.map(labelWidth)) + 14,
    x: {
      type: "linear",
      domain: steps.length > 1 ? [steps[0], steps[steps.length - 1]] : [steps[0] - 1, steps[0]],
      axis: null,
    },
    y: { type: log ? "log" : "linear", domain: low === high ? [low - 1, high + 1] : [low, high], axis: null },
    marks: [
      Plot.ruleY([low], { stroke: "currentColor", strokeOpacity: 0.2 }),
      ...ends.flatMap((end, index) => {
        const ink = frame.palette(String(end[by]));
        const series = data.filter((row) => row[by] === end[by] && (!log || row.mean > 0));
        return [
          Plot.lineY(series, {
            x: "step",
            y: "mean",
            stroke: ink.colour,
            strokeWidth: 1.75,
            strokeDasharray: ink.dash,
          }),
          Plot.dot(series.slice(-1), { x: "step", y: "mean", fill: ink.colour, r: 3, symbol: ink.symbol }),
          Plot.text([labels[index]], {
            frameAnchor: "top-right",
            textAnchor: "start",
            lineAnchor: "middle",
            dx: 9,
            dy: places[index] - margin,
            fill: ink.colour,
            fontVariant: "tabular-nums",
          }),
        ];
      }),
    ],
  };
}
