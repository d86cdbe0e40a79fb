/**
 * Two quantities on logarithmic axes: measured points with their spread, predicted lines, and lengths marked where lines
 * are expected to cross, in one panel a setting.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { DataRow, FigureSpec, Frame } from "../figure.ts";
import { axisLabel, formatExact, formatQuantity, formatTick, listWords } from "../format.ts";
import { clipLabel, groupBy, halo, labelCharacters, labelWidth, logTicks, spread } from "./series.ts";

/** One point. Lines are drawn through predicted ones, dots at measured ones. */
export type LogLogRow = DataRow & {
  /** The panel that it belongs to. */
  readonly panel: string;
  readonly kind: "measured" | "predicted";
  readonly x: number;
  readonly y: number;
  /** Ends of the spread, for measured points. */
  readonly low: number | null;
  readonly high: number | null;
};

/** A vertical line at a length, in one panel. */
export interface LogLogMark {
  readonly panel: string;
  readonly x: number;
  readonly label: string;
}

/** Options of {@linkcode logLog}. */
export interface LogLogOptions {
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly rows: readonly LogLogRow[];
  readonly marks?: readonly LogLogMark[];
  /** Names of the axes, in words. */
  readonly x: string;
  readonly y: string;
  /** Unit of y: `s`, `bytes`. */
  readonly unit: string;
  /** The column that names a series. @default "mechanism" */
  readonly by?: string;
  readonly visible?: number;
}

/** A figure of points and lines on logarithmic axes. */
export function logLog(options: LogLogOptions): FigureSpec<LogLogRow> {
  const by = options.by ?? "mechanism";
  return {
    id: options.id,
    title: options.title,
    caption: options.caption,
    by,
    visible: options.visible,
    data: () => options.rows.filter(({ x, y }) => x > 0 && y > 0 && Number.isFinite(y)),
    summary(data) {
      const panels = [...groupBy(data, (row) => row.panel)].map(([panel, rows]) => {
        const measured = rows.filter((row) => row.kind === "measured");
        const ends = [...groupBy(measured.length > 0 ? measured : rows, (row) => String(row[by]))]
          .map(([name, series]) => ({ name, last: series.reduce((a, b) => b.x >= a.x ? b : a) }))
          .sort((a, b) => a.last.y - b.last.y);
        const said = ends.map(({ name, last }) => `${name} ${formatQuantity(last.y, options.unit)}`);
        return `${panel}: at the greatest ${options.x}, ${listWords(said)}.`;
      });
      return `${options.y} against ${options.x}, both logarithmic. ${panels.join(" ")}`;
    },
    panels: (data, frame) =>
      [...groupBy(data, (row) => row.panel)].map(([heading, rows]) => ({
        heading,
        plot: draw(rows, (options.marks ?? []).filter((mark) => mark.panel === heading), frame, options, by),
      })),
  };
}

function draw(
  data: readonly LogLogRow[],
  marked: readonly LogLogMark[],
  frame: Frame,
  options: LogLogOptions,
  by: string,
): Plot.PlotOptions {
  const height = frame.narrow ? 330 : 380;
  const series = [...groupBy(data, (row) => String(row[by]))];
  const ends = series.map(([name, rows]) => ({ name, last: rows.reduce((a, b) => b.x >= a.x ? b : a) }));
  const names = ends.map(({ name }) => clipLabel(name, labelCharacters(frame)));
  const xs = data.map(({ x }) => x),
    ys = data.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]).filter((y) => y > 0);
  const left = Math.min(...xs) / 1.12, right = Math.max(...xs) * 1.06;
  const low = Math.min(...ys) / 1.2, high = Math.max(...ys) * 1.2;
  const yTicks = logTicks(low, high, frame.narrow ? 5 : 7);
  const tick = tickOf(options.unit, high);
  const margin = { top: 52, bottom: 42, left: Math.max(40, ...yTicks.map((y) => labelWidth(tick(y)) + 12)) };
  const toPixel = (y: number) =>
    margin.top + (height - margin.top - margin.bottom) * Math.log(high / y) / Math.log(high / low);
  const places = spread(ends.map(({ last }) => toPixel(last.y)), 15, margin.top, height - margin.bottom);
  const xTicks = [...new Set(xs)].sort((a, b) => a - b);
  const marginRight = Math.max(...names.map(labelWidth)) + 24;
  const across = frame.width - margin.left - marginRight;
  const shown = thinned(xTicks, (x) => across * Math.log(x / left) / Math.log(right / left));
  const inside = marked.filter(({ x }) => x >= left && x <= right);
  return {
    width: frame.width,
    height,
    marginTop: margin.top,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    marginRight,
    x: { type: "log", domain: [left, right] },
    y: { type: "log", domain: [low, high] },
    marks: [
      Plot.gridY({ stroke: "currentColor", strokeOpacity: 0.12, ticks: yTicks }),
      Plot.axisY({ tickSize: 0, label: null, ticks: yTicks, text: tick }),
      Plot.axisX({
        tickSize: 4,
        label: options.x,
        labelArrow: "none",
        labelAnchor: "center",
        ticks: shown,
        // As text, since a formatter of ticks is only asked about those that a logarithmic scale would choose itself.
        text: (n: number) => formatExact(n),
      }),
      Plot.text([axisLabel(options.y, options.unit === "bytes" || options.unit === "s" ? "" : options.unit)], {
        frameAnchor: "top-left",
        dx: -margin.left,
        dy: -margin.top + 4,
        textAnchor: "start",
        lineAnchor: "top",
      }),
      ...inside.flatMap((mark, index) => [
        Plot.ruleX([mark.x], { stroke: "currentColor", strokeOpacity: 0.45, strokeDasharray: "3 3" }),
        Plot.text([mark.label], {
          x: mark.x,
          frameAnchor: "top",
          dy: -14 - (index % 2) * 13,
          textAnchor: mark.x > Math.sqrt(left * right) ? "end" : "start",
          dx: mark.x > Math.sqrt(left * right) ? 4 : -4,
          fill: "var(--ink-soft)",
        }),
      ]),
      ...series.flatMap(([name, rows], index) => {
        const ink = frame.palette(name), common = { className: ink.className };
        const predicted = rows.filter((row) => row.kind === "predicted").sort((a, b) => a.x - b.x);
        const measured = rows.filter((row) => row.kind === "measured").sort((a, b) => a.x - b.x);
        return [
          // Nothing predicts a line through these points: a thin one says which belong together.
          ...(predicted.length > 0 ? [] : [
            Plot.line(measured, { x: "x", y: "y", stroke: ink.colour, strokeWidth: 1, strokeOpacity: 0.6, ...common }),
          ]),
          Plot.line(predicted, {
            x: "x",
            y: "y",
            stroke: ink.colour,
            strokeWidth: 1.4,
            strokeDasharray: ink.dash,
            ...common,
          }),
          Plot.ruleX(measured.filter((row) => row.low !== null), {
            x: "x",
            y1: "low",
            y2: "high",
            stroke: ink.colour,
            strokeWidth: 1.5,
            ...common,
          }),
          Plot.dot(measured, {
            x: "x",
            y: "y",
            symbol: ink.symbol,
            fill: ink.colour,
            stroke: "var(--paper)",
            strokeWidth: 0.8,
            r: frame.narrow ? 3 : 3.8,
            ...common,
          }),
          Plot.text([names[index]], {
            ...halo,
            frameAnchor: "top-right",
            textAnchor: "start",
            lineAnchor: "middle",
            dx: 10,
            dy: places[index] - margin.top,
            fill: ink.colour,
            fontWeight: "600",
            ...common,
          }),
        ];
      }),
    ],
  };
}

/** Seconds and bytes with their prefix, other units plain. */
function tickOf(unit: string, most: number): (value: number) => string {
  return (value) =>
    unit === "s" && value >= 100
      ? `${formatTick(value)} s` // never minutes and seconds: ticks are round in one unit
      : unit === "s" || unit === "bytes"
      ? formatQuantity(value, unit)
      : formatTick(value, most);
}

/** Every tick, or every second, third, ... until no label touches the next. */
function thinned(ticks: readonly number[], pixel: (x: number) => number): readonly number[] {
  const halves = (x: number) => labelWidth(formatExact(x)) / 2 + 4;
  for (let every = 1;; every++) {
    const some = ticks.filter((_, at) => at % every === 0);
    if (some.every((x, at) => at === 0 || pixel(x) - halves(x) >= pixel(some[at - 1]) + halves(some[at - 1]))) {
      return some;
    }
  }
}
