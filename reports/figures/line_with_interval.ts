/**
 * A value against a step: the mean over seeds as a line, its 95% t-interval as a band, names at the line ends.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { DataRow, FigureSpec, Frame } from "../figure.ts";
import {
  axisLabel,
  formatExact,
  formatMeasured,
  formatNumber,
  formatQuantity,
  formatTick,
  listWords,
} from "../format.ts";
import {
  clipLabel,
  groupBy,
  intervalCells,
  labelCharacters,
  labelWidth,
  logTicks,
  niceCeiling,
  rowsOf,
  spread,
} from "./series.ts";

/** Options of {@linkcode lineWithInterval}. */
export interface LineOptions {
  readonly id: string;
  readonly title: FigureSpec<LineRow>["title"];
  readonly caption: FigureSpec<LineRow>["caption"];
  /** The rows to draw: `per`. */
  readonly metric: string;
  /** The value in words, for the axis: `Phoneme error rate`. */
  readonly label: string;
  /** What a step is: `epoch`. */
  readonly step: string;
  /** The label that names a series. @default "score" */
  readonly by?: string;
  /** @default "linear" */
  readonly scale?: "linear" | "log";
  /** Whether a linear axis starts at zero. @default true */
  readonly zero?: boolean;
  /** The largest value that there can be: the axis ends there at the latest, and intervals with it. @default none */
  readonly most?: number;
  /** The least value that is drawn: the axis begins there at the earliest, and intervals with it. @default none */
  readonly least?: number;
}

/** One drawn point: the mean over trials of one series at one step. */
export type LineRow = DataRow & {
  readonly step: number;
  readonly mean: number;
  /** Ends of the interval over trials; none with one trial. */
  readonly low: number | null;
  readonly high: number | null;
  /** Trials behind the mean. */
  readonly count: number;
  readonly unit: string;
};

/** A figure of a value against a step, one line a series. Trials of one series are its seeds. */
export function lineWithInterval(options: LineOptions): FigureSpec<LineRow> {
  const by = options.by ?? "score";
  return {
    id: options.id,
    title: options.title,
    caption: options.caption,
    by,
    data(rows) {
      const points = groupBy(rowsOf(rows, options.metric, by), (row) => JSON.stringify([row.labels[by], row.step]));
      return [...points.values()].map((group): LineRow => ({
        [by]: String(group[0].labels[by]),
        step: group[0].step,
        ...intervalCells(group.map((row) => row.value)),
        unit: group[0].unit,
      })).sort((a, b) => a.step - b.step);
    },
    summary(data) {
      const ends = lastPoints(data, by).sort((a, b) => a.mean - b.mean);
      const said = ends.map((row) => `${row[by]} ${formatMeasured(row, row.unit)} at ${formatExact(row.step)}`);
      return `${options.label} against ${options.step}, a line each for ${
        listWords(ends.map((row) => String(row[by])))
      }. Where the lines end, from lowest to highest: ${listWords(said)}.`;
    },
    panels: (data, frame) => [{ plot: draw(data, frame, options, by) }],
  };
}

function lastPoints(data: readonly LineRow[], by: string): LineRow[] {
  return [...groupBy(data, (row) => row[by]).values()].map((series) => series[series.length - 1]);
}

function draw(data: readonly LineRow[], frame: Frame, options: LineOptions, by: string): Plot.PlotOptions {
  const log = options.scale === "log";
  const height = frame.narrow ? 300 : 380;
  const margin = { top: 34, bottom: 40, left: frame.narrow ? 40 : 48 };
  const ends = lastPoints(data, by);
  const names = ends.map((row) => clipLabel(String(row[by]), labelCharacters(frame)));
  const right = Math.max(...names.map(labelWidth)) + 26;
  const [from, to] = domainOf(data, log, options.zero ?? true);
  const low = Math.max(from, options.least ?? -Infinity), high = Math.min(to, options.most ?? Infinity);
  const inside = (value: number) => Math.min(high, Math.max(low, value));
  const scale = (value: number) => log ? Math.log(value) : value;
  const toPixel = (value: number) =>
    margin.top + (height - margin.top - margin.bottom) * (scale(high) - scale(value)) / (scale(high) - scale(low));
  const labels = spread(ends.map((row) => toPixel(inside(row.mean))), 15, margin.top, height - margin.bottom);
  const steps = [...new Set(data.map((row) => row.step))].sort((a, b) => a - b);
  const ticks = log ? logTicks(low, high, frame.narrow ? 5 : 8) : frame.narrow ? 4 : 6;
  const marks: Plot.Markish[] = [
    Plot.gridY({ stroke: "currentColor", strokeOpacity: 0.12, ticks }),
    Plot.axisY({ tickSize: 0, label: null, ticks, tickFormat: (value: number) => formatTick(value, high) }),
    Plot.axisX({
      tickSize: 4,
      label: options.step,
      labelArrow: "none",
      labelAnchor: "center",
      ...(steps.length <= (frame.narrow ? 8 : 16) ? { ticks: steps } : { ticks: frame.narrow ? 4 : 8 }),
      tickFormat: (value: number) => formatTick(value, steps[steps.length - 1]),
    }),
    Plot.text([axisLabel(options.label, data[0].unit)], {
      frameAnchor: "top-left",
      dx: -margin.left,
      dy: -30,
      textAnchor: "start",
      lineAnchor: "top",
    }),
  ];
  for (const [index, end] of ends.entries()) {
    const series = data.filter((row) => row[by] === end[by]);
    const ink = frame.palette(String(end[by]));
    const common = { className: ink.className };
    if (series.length > 1) {
      marks.push(
        Plot.areaY(series, {
          x: "step",
          y1: (row: LineRow) => inside(row.low ?? row.mean),
          y2: (row: LineRow) => inside(row.high ?? row.mean),
          fill: ink.colour,
          fillOpacity: 0.13,
          ...common,
        }),
        Plot.lineY(series, {
          x: "step",
          y: (row: LineRow) => inside(row.mean),
          stroke: ink.colour,
          strokeWidth: 2,
          strokeDasharray: ink.dash,
          ...common,
        }),
      );
    } else {
      marks.push(
        Plot.ruleX([end], {
          x: "step",
          y1: inside(end.low ?? end.mean),
          y2: inside(end.high ?? end.mean),
          stroke: ink.colour,
          strokeWidth: 2,
          ...common,
        }),
      );
    }
    marks.push(
      Plot.dot([end], {
        x: "step",
        y: inside(end.mean),
        symbol: ink.symbol,
        fill: ink.colour,
        stroke: "var(--paper)",
        r: 4.5,
        ...common,
      }),
      Plot.text([names[index]], {
        frameAnchor: "top-right",
        textAnchor: "start",
        lineAnchor: "middle",
        dx: 12,
        dy: labels[index] - margin.top,
        fill: ink.colour,
        fontWeight: "600",
        ...common,
      }),
    );
  }
  return {
    width: frame.width,
    height,
    marginTop: margin.top,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    marginRight: right,
    // A single step stands at the right, beside its names.
    x: { type: "linear", domain: steps.length > 1 ? [steps[0], steps[steps.length - 1]] : [steps[0] - 1, steps[0]] },
    y: { type: log ? "log" : "linear", domain: [low, high] },
    marks,
  };
}

/** The frame holds every mean, and intervals as far as they stay within half the means' range above and below. */
function domainOf(data: readonly LineRow[], log: boolean, zero: boolean): [number, number] {
  const means = data.map((row) => row.mean);
  const least = Math.min(...means), most = Math.max(...means);
  if (log) {
    const positive = means.filter((value) => value > 0);
    if (positive.length === 0) return [0.1, 1];
    const floor = Math.min(...positive), stretch = Math.max(1.3, Math.sqrt(most / floor) / 2);
    const lows = data.map((row) => row.low ?? row.mean).filter((value) => value >= floor / stretch);
    const highs = data.map((row) => row.high ?? row.mean).filter((value) => value <= most * stretch);
    return [Math.min(floor / 1.1, ...lows), Math.max(most * 1.1, ...highs)];
  }
  const range = most - least || Math.abs(most) || 1;
  const highs = data.map((row) => row.high ?? row.mean).filter((value) => value <= most + range / 2);
  const lows = data.map((row) => row.low ?? row.mean).filter((value) => value >= least - range / 2);
  const top = Math.max(most, ...highs), bottom = Math.min(least, ...lows);
  if (zero && least >= 0) return [0, niceCeiling(top)];
  return [bottom - range * 0.04, top + range * 0.04];
}

/** What a caption says about the band, from the data; `of` names what a mean is over. */
export function bandNote(data: readonly LineRow[], of = "seeds"): string {
  const most = Math.max(0, ...data.map((row) => row.count));
  if (most < 2) return "One seed: no interval can be given.";
  return `Lines are means over ${formatNumber(most)} ${of}; bands are 95% t-intervals, cut where they leave the frame.`;
}

/** The last mean of a series with its unit, for sentences. */
export function lastMean(data: readonly LineRow[], by: string, name: string): string | undefined {
  const row = lastPoints(data, by).find((each) => each[by] === name);
  return row && formatQuantity(row.mean, row.unit);
}
