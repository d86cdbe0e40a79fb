/**
 * Final values side by side: the mean and its 95% t-interval, every seed as a small dot, and published values as ticks
 * on rows of their own.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { DataRow, FigureSpec, Frame } from "../figure.ts";
import { axisLabel, formatEstimate, formatExact, formatTick, listWords, unitName } from "../format.ts";
import {
  clipLabel,
  groupBy,
  halo,
  intervalCells,
  labelWidth,
  lastOfTrial,
  logTicks,
  niceCeiling,
  rowsOf,
} from "./series.ts";

/** A value that somebody published, drawn for comparison. */
export interface Reference {
  /** Which of the figure's metrics it belongs to. */
  readonly metric: string;
  /** Who: `Toshniwal & Livescu 2016`. */
  readonly label: string;
  readonly value: number;
  /** Where it stands, as text (pages hold no addresses). */
  readonly citation: string;
}

/** One panel of the figure: a metric and its name in words. */
export interface DotMetric {
  readonly metric: string;
  /** `Phoneme error rate`; heads the panel where there are several. */
  readonly label: string;
  /** What the axis measures, where the label doesn't say it. @default the label */
  readonly axis?: string;
}

/** Options of {@linkcode dotInterval}. */
export interface DotOptions {
  readonly id: string;
  readonly title: FigureSpec<DotRow>["title"];
  readonly caption: FigureSpec<DotRow>["caption"];
  /** One panel each; the last step of each trial counts. */
  readonly metrics: readonly DotMetric[];
  /** @default "score" */
  readonly by?: string;
  readonly references?: readonly Reference[];
  /** Order of the rows: by mean, lowest first, or as they come. @default "value" */
  readonly order?: "value" | "given";
  /** Whether the axis starts at zero. @default true */
  readonly zero?: boolean;
  /** The largest value that there can be: the axis ends there at the latest. @default 100 for shares in %, else none */
  readonly most?: number;
  /** A name whose colour all rows get, where they are too many for one each. @default a colour a row */
  readonly ink?: string;
  /** A logarithmic axis is for positive values; an interval that reaches below 0 is cut, with an arrow head. @default "linear" */
  readonly scale?: "linear" | "log";
}

/** One drawn value: a mean, one seed's value, or a published one. */
export type DotRow = DataRow & {
  readonly metric: string;
  readonly kind: "mean" | "seed" | "published";
  readonly mean: number;
  /** Ends of the interval over trials; none with one trial. */
  readonly low: number | null;
  readonly high: number | null;
  /** Trials behind the mean. */
  readonly count: number;
  readonly unit: string;
  readonly citation: string | null;
};

/** A figure of final values with intervals, one row a series, beside published values. */
export function dotInterval(options: DotOptions): FigureSpec<DotRow> {
  const by = options.by ?? "score";
  return {
    id: options.id,
    title: options.title,
    caption: options.caption,
    by,
    data: (rows) =>
      options.metrics.flatMap(({ metric }) => {
        const final = lastOfTrial(rowsOf(rows, metric, by));
        if (final.length === 0) return [];
        const shared = { metric, unit: final[0].unit, citation: null };
        const series = [...groupBy(final, (row) => String(row.labels[by]))].flatMap(([name, group]): DotRow[] => [
          { [by]: name, kind: "mean", ...intervalCells(group.map((row) => row.value)), ...shared },
          ...group.map(({ value }): DotRow => ({ [by]: name, kind: "seed", ...single(value), ...shared })),
        ]);
        const published = (options.references ?? []).filter((reference) => reference.metric === metric)
          .map(({ label, value, citation }): DotRow => ({
            [by]: label,
            kind: "published",
            ...single(value),
            ...shared,
            citation,
          }));
        return [...series, ...published];
      }),
    summary: (data) =>
      options.metrics.flatMap(({ metric, label }) => {
        const means = sorted(data.filter((row) => row.metric === metric && row.kind === "mean"), "value");
        if (means.length === 0) return [];
        const said = means.map((row) => `${row[by]} ${formatEstimate(row)}`);
        const published = data.filter((row) => row.metric === metric && row.kind === "published");
        const cited = published.map((row) => `${row[by]} ${formatExact(row.mean)}${row.unit === "%" ? "%" : ""}`);
        return [
          `${label}${unitName(means[0].unit) && `, ${means[0].unit}`}: ${listWords(said)}.` +
          (cited.length > 0 ? ` Published: ${listWords(cited)}.` : ""),
        ];
      }).join(" "),
    panels: (data, frame) =>
      options.metrics.filter(({ metric }) => data.some((row) => row.metric === metric)).map((
        { metric, label, axis },
      ) => ({
        heading: options.metrics.length > 1 ? label : undefined,
        plot: draw(data.filter((row) => row.metric === metric), frame, axis ?? label, options, by),
      })),
  };
}

function single(value: number) {
  return { mean: value, low: null, high: null, count: 1 };
}

function sorted(rows: readonly DotRow[], order: "value" | "given"): DotRow[] {
  return order === "given" ? [...rows] : [...rows].sort((a, b) => a.mean - b.mean);
}

function draw(
  data: readonly DotRow[],
  frame: Frame,
  label: string,
  options: DotOptions,
  by: string,
): Plot.PlotOptions {
  const measured = sorted(data.filter((row) => row.kind === "mean"), options.order ?? "value");
  const published = sorted(data.filter((row) => row.kind === "published"), "value");
  const rows = [...measured, ...published];
  const named = rows.map((row) => clipLabel(String(row[by]), frame.narrow ? 40 : 36));
  // Each with the digits that its interval bears, as in tables; published values keep the digits they have.
  const values = rows.map((row) => row.kind === "mean" ? formatEstimate(row) : formatExact(row.mean));
  // On a phone a row's name stands above its dot, so that the axis has the whole width.
  const rowHeight = frame.narrow ? 40 : 28;
  const gap = published.length > 0 ? 10 : 0;
  const margin = {
    top: 6,
    bottom: 40,
    left: frame.narrow ? 8 : Math.max(...named.map(labelWidth)) + 18,
    right: Math.max(...values.map(labelWidth)) + 12,
  };
  const place = (index: number) => index * rowHeight + rowHeight / 2 + (index >= measured.length ? gap : 0);
  const log = options.scale === "log" && data.every((row) => row.mean > 0);
  const [low, high] = log ? logDomainOf(data) : domainOf(data, options.zero ?? true, options.most);
  const inside = (value: number) => Math.min(high, Math.max(low, value));
  const baseline = frame.narrow ? 9 : 0;
  const bottom = rows.length * rowHeight + gap;
  const most = frame.narrow ? 4 : 7;
  const ticks = log ? logTicks(low, high, most) : most;
  const marks: Plot.Markish[] = [
    Plot.gridX({ stroke: "currentColor", strokeOpacity: 0.12, ticks }),
    Plot.axisX({
      anchor: "bottom",
      tickSize: 0,
      label: axisLabel(label, data[0].unit),
      labelArrow: "none",
      labelAnchor: "center",
      ticks,
      tickFormat: (value: number) => formatTick(value, high),
    }),
  ];
  if (gap > 0) {
    marks.push(Plot.ruleY([measured.length * rowHeight + gap / 2], { stroke: "currentColor", strokeOpacity: 0.25 }));
  }
  for (const [index, row] of rows.entries()) {
    const ink = frame.palette(options.ink ?? String(row[by]));
    const published = row.kind === "published";
    const colour = published ? "var(--ink-soft)" : ink.colour;
    const y = place(index) + baseline;
    const common = published ? {} : { className: ink.className };
    marks.push(Plot.text([named[index]], {
      frameAnchor: "left",
      y: frame.narrow ? place(index) - 9 : y,
      dx: frame.narrow ? 0 : -margin.left,
      textAnchor: "start",
      ...halo,
      fill: colour,
      fontWeight: published ? "400" : "600",
      ...common,
    }));
    marks.push(Plot.text([values[index]], {
      frameAnchor: "right",
      y,
      dx: 10,
      textAnchor: "start",
      fontVariant: "tabular-nums",
      fill: published ? colour : "currentColor",
      ...common,
    }));
    if (published) {
      marks.push(Plot.ruleX([row], { x: "mean", y1: y - 8, y2: y + 8, stroke: colour, strokeWidth: 2.5 }));
      continue;
    }
    marks.push(
      Plot.ruleY([row], {
        y,
        x1: inside(row.low ?? row.mean),
        x2: inside(row.high ?? row.mean),
        stroke: ink.colour,
        strokeWidth: 2,
        ...common,
      }),
      // An interval that ends outside the axis goes on, and says so.
      ...[{ end: row.low, at: low, sign: "◂" }, { end: row.high, at: high, sign: "▸" }]
        .filter(({ end, at }) => end !== null && inside(end) !== end && inside(end) === at)
        .map(({ at, sign }) => Plot.text([sign], { x: () => at, y, fill: ink.colour, ...common })),
      ...cutEnds(row, low, high).map(({ at, rotate }) =>
        Plot.dot([at], { x: at, y, r: 4, symbol: "triangle", rotate, fill: ink.colour, ...common })
      ),
      Plot.dot(data.filter((seed) => seed.kind === "seed" && row.count > 1 && seed[by] === row[by]), {
        x: (seed: DotRow) => inside(seed.mean),
        y: y + 9,
        r: 2,
        fill: ink.colour,
        fillOpacity: 0.45,
        ...common,
      }),
      Plot.dot([row], {
        x: "mean",
        y,
        r: 5.5,
        symbol: ink.symbol,
        fill: ink.colour,
        stroke: "var(--paper)",
        strokeWidth: 1.5,
        ...common,
      }),
    );
  }
  return {
    width: frame.width,
    height: bottom + margin.top + margin.bottom,
    marginTop: margin.top,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    marginRight: margin.right,
    x: { type: log ? "log" : "linear", domain: [low, high] },
    y: { type: "linear", domain: [0, bottom], range: [margin.top, margin.top + bottom], axis: null },
    marks,
  };
}

/** Where an interval goes on beyond the axis, and which way an upright triangle must be turned to point there. */
function cutEnds(row: DotRow, low: number, high: number): { readonly at: number; readonly rotate: number }[] {
  return [
    ...(row.low !== null && row.low < low ? [{ at: low, rotate: -90 }] : []),
    ...(row.high !== null && row.high > high ? [{ at: high, rotate: 90 }] : []),
  ];
}

/** Every value with some room around it; intervals only as far as that. */
function logDomainOf(data: readonly DotRow[]): [number, number] {
  const values = data.map((row) => row.mean);
  return [Math.min(...values) / 1.6, Math.max(...values) * 1.6];
}

/** The frame holds every value, and intervals as far as they reach not more than once the values' range beyond them. */
function domainOf(data: readonly DotRow[], zero: boolean, limit?: number): [number, number] {
  const values = data.map((row) => row.mean);
  const least = Math.min(...values), most = Math.max(...values);
  const range = zero && least >= 0 ? most || 1 : most - least || Math.abs(most) || 1;
  const top = Math.max(most, ...data.map((row) => Math.min(row.high ?? row.mean, most + range)));
  // A share can't pass 100%; error rates can, and then the frame does.
  const ceiling = limit ?? (data.every(({ unit, mean }) => unit === "%" && mean <= 100) ? 100 : Infinity);
  if (zero && least >= 0) return [0, Math.min(ceiling, niceCeiling(top))];
  const bottom = Math.min(least, ...data.map((row) => Math.max(row.low ?? row.mean, least - range)));
  return [bottom - range * 0.05, Math.min(ceiling, top + range * 0.05)];
}
