/**
 * Cost predicted by a closed form against cost counted or measured: bars with the prediction as a mark across them, or
 * points on logarithmic axes with the identity line.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { Measurement } from "../../operators/records.ts";
import type { DataRow, FigureSpec, Frame } from "../figure.ts";
import {
  axisLabel,
  formatBytes,
  formatExact,
  formatNumber,
  formatQuantity,
  formatSeconds,
  formatTick,
  listWords,
} from "../format.ts";
import { clipLabel, groupBy, halo, labelWidth, lastOfTrial, logTicks, niceCeiling, rowsOf } from "./series.ts";

/** Options of {@linkcode predictedMeasured}. */
export interface PredictedOptions {
  readonly id: string;
  readonly title: FigureSpec<PredictedRow>["title"];
  readonly caption: FigureSpec<PredictedRow>["caption"];
  /** Metric of the closed form: `operations/predicted`. */
  readonly predicted: string;
  /** Metric of the measurement: `operations/counted`. */
  readonly measured: string;
  /** What is predicted, in words: `Operations a step`. */
  readonly label: string;
  /** How it was measured, in a word: `counted` or `measured`. @default "measured" */
  readonly verb?: string;
  /** @default "score" */
  readonly by?: string;
  /** A label that tells points of one series apart (a length, a component). @default none */
  readonly point?: string;
  /** @default "bars", or "scatter" where there is a `point` label */
  readonly form?: "bars" | "scatter";
}

/** One drawn pair. */
export type PredictedRow = DataRow & {
  readonly point: string;
  readonly predicted: number;
  readonly measured: number;
  readonly unit: string;
};

/**
 * A figure of a cost predicted against the same cost measured, both in one unit: the mean over trials of the last step.
 * Names with one of the two only are left out.
 */
export function predictedMeasured(options: PredictedOptions): FigureSpec<PredictedRow> {
  const by = options.by ?? "score";
  const verb = options.verb ?? "measured";
  return {
    id: options.id,
    title: options.title,
    caption: options.caption,
    by,
    data(rows) {
      const predicted = means(rows, options.predicted, by, options.point);
      const measured = means(rows, options.measured, by, options.point);
      return [...predicted].flatMap(([key, one]): PredictedRow[] => {
        const other = measured.get(key);
        if (!other) return [];
        if (one.unit !== other.unit) {
          throw new RangeError(
            `Cannot draw ${options.id} as both costs need one unit: predicted is in ${one.unit}, measured in ${other.unit}`,
          );
        }
        return [{ [by]: one.name, point: one.point, predicted: one.mean, measured: other.mean, unit: one.unit }];
      });
    },
    summary(data) {
      const said = data.map((row) =>
        `${row[by]}${row.point && ` (${row.point})`} predicted ${formatQuantity(row.predicted, row.unit)}, ` +
        `${verb} ${formatQuantity(row.measured, row.unit)}`
      );
      const exact = data.filter((row) => row.predicted === row.measured).length;
      return `${options.label}: ${listWords(said)}. ${exact} of ${data.length} agree exactly.`;
    },
    panels: (data, frame) => [{
      plot: (options.form ?? (options.point ? "scatter" : "bars")) === "bars"
        ? drawBars(data, frame, options.label, by)
        : drawScatter(data, frame, options.label, verb, by),
    }],
  };
}

function means(rows: readonly Measurement[], metric: string, by: string, point: string | undefined) {
  const final = [...groupBy(rowsOf(rows, metric, by), (row) => String(point ? row.labels[point] ?? "" : "")).values()]
    .flatMap(lastOfTrial);
  const keyed = groupBy(final, (row) => JSON.stringify([row.labels[by], point ? row.labels[point] : null]));
  return new Map([...keyed].map(([key, group]) => [key, {
    name: String(group[0].labels[by]),
    point: String(point ? group[0].labels[point] ?? "" : ""),
    mean: group.reduce((sum, row) => sum + row.value, 0) / group.length,
    unit: group[0].unit,
  }]));
}

/** Counts are exact, and the axis names what they count; bytes and seconds are rounded. */
function valueLabel(value: number, unit: string): string {
  return unit === "bytes" ? formatBytes(value) : unit === "s" ? formatSeconds(value) : formatExact(value);
}

function drawBars(data: readonly PredictedRow[], frame: Frame, label: string, by: string): Plot.PlotOptions {
  const names = data.map((row) => clipLabel(`${row[by]}${row.point && ` ${row.point}`}`, frame.narrow ? 40 : 26));
  const values = data.map((row) => valueLabel(row.measured, row.unit));
  const rowHeight = frame.narrow ? 42 : 30;
  const margin = {
    left: frame.narrow ? 8 : Math.max(...names.map(labelWidth)) + 18,
    right: Math.max(...values.map(labelWidth)) + 12,
  };
  const bottom = data.length * rowHeight;
  const high = niceCeiling(Math.max(...data.flatMap((row) => [row.predicted, row.measured])));
  const ticks = frame.narrow ? 4 : 7;
  const top = (index: number) => index * rowHeight + (frame.narrow ? 19 : 5);
  const end = (index: number) => (index + 1) * rowHeight - (frame.narrow ? 5 : 5);
  const middle = (index: number) => (top(index) + end(index)) / 2;
  return {
    width: frame.width,
    height: bottom + 52,
    marginTop: 6,
    marginBottom: 46,
    marginLeft: margin.left,
    marginRight: margin.right,
    x: { type: "linear", domain: [0, high] },
    y: { type: "linear", domain: [0, bottom], range: [6, 6 + bottom], axis: null },
    marks: [
      Plot.gridX({ stroke: "currentColor", strokeOpacity: 0.12, ticks }),
      Plot.axisX({
        tickSize: 0,
        label: axisLabel(label, data[0].unit),
        labelArrow: "none",
        labelAnchor: "center",
        ticks,
        tickFormat: (value: number) => formatTick(value, high),
      }),
      ...data.flatMap((row, index) => {
        const ink = frame.palette(String(row[by]));
        const common = { className: ink.className };
        return [
          Plot.rect([row], {
            x1: 0,
            x2: "measured",
            y1: top(index),
            y2: end(index),
            fill: ink.colour,
            fillOpacity: 0.55,
            ...common,
          }),
          Plot.ruleX([row], {
            x: "predicted",
            y1: top(index) - 3,
            y2: end(index) + 3,
            stroke: "currentColor",
            strokeWidth: 2.5,
          }),
          Plot.text([names[index]], {
            frameAnchor: "left",
            y: frame.narrow ? top(index) - 9 : middle(index),
            dx: frame.narrow ? 0 : -margin.left,
            textAnchor: "start",
            ...halo,
            fill: ink.colour,
            fontWeight: "600",
            ...common,
          }),
          Plot.text([values[index]], {
            frameAnchor: "right",
            y: middle(index),
            dx: 10,
            textAnchor: "start",
            fontVariant: "tabular-nums",
          }),
        ];
      }),
    ],
  };
}

function drawScatter(
  data: readonly PredictedRow[],
  frame: Frame,
  label: string,
  verb: string,
  by: string,
): Plot.PlotOptions {
  const positive = data.filter((row) => row.predicted > 0 && row.measured > 0);
  const values = positive.flatMap((row) => [row.predicted, row.measured]);
  const low = Math.min(...values) / 1.6, high = Math.max(...values) * 1.6;
  const series = groupBy(positive, (row) => String(row[by]));
  const ticks = logTicks(low, high, frame.narrow ? 4 : 7);
  const axis = {
    ticks,
    tickSize: 0,
    tickFormat: (value: number) => formatTick(value, high),
    labelArrow: "none" as const,
  };
  return {
    width: frame.width,
    height: frame.narrow ? 340 : 440,
    marginTop: 36,
    marginBottom: 46,
    marginLeft: 54,
    marginRight: 16,
    x: { type: "log", domain: [low, high] },
    y: { type: "log", domain: [low, high] },
    marks: [
      Plot.gridY({ stroke: "currentColor", strokeOpacity: 0.12, ticks }),
      Plot.gridX({ stroke: "currentColor", strokeOpacity: 0.12, ticks }),
      Plot.axisX({ ...axis, label: axisLabel(`${label}, predicted`, data[0].unit), labelAnchor: "center" }),
      Plot.axisY({ ...axis, label: null }),
      Plot.text([axisLabel(`${label}, ${verb}`, data[0].unit)], {
        frameAnchor: "top-left",
        dx: -54,
        dy: -32,
        textAnchor: "start",
        lineAnchor: "top",
      }),
      Plot.line([[low, low], [high, high]], { stroke: "currentColor", strokeOpacity: 0.5, strokeDasharray: "4 3" }),
      Plot.text([`dashed: predicted = ${verb}`], {
        frameAnchor: "bottom-right",
        dx: -8,
        dy: -8,
        fill: "var(--ink-soft)",
        ...halo,
      }),
      // Points lie near the identity line, so that the upper left corner is free for names.
      ...[...series].flatMap(([name, rows], index) => {
        const ink = frame.palette(name);
        const corner = { frameAnchor: "top-left" as const, dy: 14 + index * 17, className: ink.className };
        return [
          Plot.dot(rows, {
            x: "predicted",
            y: "measured",
            symbol: ink.symbol,
            fill: ink.colour,
            stroke: "var(--paper)",
            r: 5,
            className: ink.className,
          }),
          Plot.dot([name], { ...corner, dx: 14, symbol: ink.symbol, fill: ink.colour, r: 5 }),
          Plot.text([clipLabel(name, 16)], {
            ...corner,
            ...halo,
            dx: 25,
            textAnchor: "start",
            lineAnchor: "middle",
            fill: ink.colour,
            fontWeight: "600",
          }),
        ];
      }),
    ],
  };
}

/** The largest relative difference between prediction and measurement, for captions. */
export function largestDifference(data: readonly PredictedRow[]): string {
  const most = Math.max(0, ...data.map((row) => Math.abs(row.measured - row.predicted) / Math.abs(row.predicted)));
  return most === 0 ? "no difference" : `${formatNumber(most * 100)}%`;
}
