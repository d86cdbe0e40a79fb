/**
 * What a resource buys: a value against a cost, one line a mechanism through the sizes that it was tried at, one panel a
 * task. The cost's axis is logarithmic.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { Measurement } from "../../operators/records.ts";
import type { DataRow, FigureSpec, Frame } from "../figure.ts";
import { axisLabel, formatMeasured, formatQuantity, formatTick, listWords } from "../format.ts";
import { type Box, labelGap, labelReach, placeLabels } from "./labels.ts";
import { clipLabel, groupBy, halo, intervalCells, labelWidth, lastOfTrial, logTicks } from "./series.ts";

/** Options of {@linkcode frontier}. */
export interface FrontierOptions {
  readonly id: string;
  readonly title: FigureSpec<FrontierRow>["title"];
  readonly caption: FigureSpec<FrontierRow>["caption"];
  /** The cost, a metric with one positive value a trial, and its name in words. */
  readonly cost: { readonly metric: string; readonly label: string };
  /** The value, of which the last step of each trial counts, and its name in words. */
  readonly value: { readonly metric: string; readonly label: string };
  /** The label that names a series. @default "score" */
  readonly by?: string;
  /** The label whose values get a panel each, with what stands above a panel. */
  readonly panel: { readonly label: string; readonly heading: (value: string) => string };
  /** Lowest and highest value of the axis. @default what the data need */
  readonly domain?: readonly [number, number];
  /** Panels side by side where there is room: 1 for a figure of one panel. @default 2 */
  readonly columns?: 1 | 2;
  /** A value to compare with in each panel: what guessing gives. */
  readonly floor?: { readonly metric: string; readonly label: string };
}

/** One drawn point: the mean over trials of one series at one cost. */
export type FrontierRow = DataRow & {
  readonly panel: string;
  readonly cost: number;
  readonly costUnit: string;
  readonly mean: number;
  /** Ends of the interval over trials; none with one trial. */
  readonly low: number | null;
  readonly high: number | null;
  readonly count: number;
  readonly unit: string;
  readonly floor: number | null;
};

/** A figure of a value against a cost. Trials of one series, panel and cost are its seeds. */
export function frontier(options: FrontierOptions): FigureSpec<FrontierRow> {
  const by = options.by ?? "score";
  return {
    id: options.id,
    title: options.title,
    caption: options.caption,
    by,
    columns: options.columns ?? 2,
    data(rows) {
      const one = (metric: string | undefined) =>
        new Map(rows.filter((row) => row.metric === metric).map((row) => [row.trial, row]));
      const [costs, floors] = [one(options.cost.metric), one(options.floor?.metric)];
      const final = lastOfTrial(
        rows.filter(({ metric, value }) => metric === options.value.metric && Number.isFinite(value)),
      ).filter((row) => row.labels[options.panel.label] !== undefined && (costs.get(row.trial)?.value ?? 0) > 0);
      const keyOf = (row: Measurement) =>
        JSON.stringify([row.labels[options.panel.label], row.labels[by], costs.get(row.trial)!.value]);
      return [...groupBy(final, keyOf).values()].map((group): FrontierRow => {
        const [{ trial, labels, unit }] = group;
        const levels = group.flatMap((row) => floors.get(row.trial)?.value ?? []);
        return {
          [by]: String(labels[by]),
          panel: String(labels[options.panel.label]),
          cost: costs.get(trial)!.value,
          costUnit: costs.get(trial)!.unit,
          ...intervalCells(group.map(({ value }) => value)),
          unit,
          floor: levels.length === 0 ? null : levels.reduce((sum, level) => sum + level, 0) / levels.length,
        };
      }).sort((a, b) => a.cost - b.cost);
    },
    summary: (data) =>
      [...groupBy(data, (row) => row.panel)].map(([panel, points]) => {
        const said = points.map((row) =>
          `${row[by]} ${formatMeasured(row, row.unit)} at ${formatQuantity(row.cost, row.costUnit)}`
        );
        return `${options.panel.heading(panel)}: ${options.value.label.toLowerCase()} ${listWords(said)}.`;
      }).join(" "),
    panels: (data, frame) =>
      [...groupBy(data, (row) => row.panel)].map(([panel, points]) => ({
        heading: options.panel.heading(panel),
        plot: draw(points, frame, options, by),
      })),
  };
}

function draw(data: readonly FrontierRow[], frame: Frame, options: FrontierOptions, by: string): Plot.PlotOptions {
  const width = frame.narrow || options.columns === 1 ? frame.width : Math.floor((frame.width - 24) / 2);
  const height = frame.narrow ? 260 : 300;
  const names = [...new Set(data.map((row) => String(row[by])))];
  const margin = { top: 34, bottom: 44, left: 40, right: 16 };
  const costs = data.map((row) => row.cost);
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  const [left, right] = [least / 1.5, most * 1.5];
  const [low, high] = options.domain ?? domainOf(data);
  const inside = (value: number) => Math.min(high, Math.max(low, value));
  const ticks = logTicks(left, right, 4);
  const marks: Plot.Markish[] = [
    Plot.gridY({ stroke: "currentColor", strokeOpacity: 0.12, ticks: 5 }),
    Plot.axisY({ tickSize: 0, label: null, ticks: 5, tickFormat: (value: number) => formatTick(value, high) }),
    Plot.axisX({
      tickSize: 4,
      label: axisLabel(options.cost.label, data[0].costUnit),
      labelArrow: "none",
      labelAnchor: "center",
      ticks,
      tickFormat: (value: number) => formatTick(value, most),
    }),
    Plot.text([axisLabel(options.value.label, data[0].unit)], {
      frameAnchor: "top-left",
      dx: -margin.left,
      dy: -30,
      textAnchor: "start",
      lineAnchor: "top",
    }),
  ];
  const { floor } = data[0];
  if (floor !== null && options.floor) {
    marks.push(
      Plot.ruleY([inside(floor)], { stroke: "currentColor", strokeDasharray: "2 4", strokeOpacity: 0.6 }),
      Plot.text([options.floor.label], {
        frameAnchor: "bottom-right",
        dy: -3 - (inside(floor) - low) / (high - low) * (height - margin.top - margin.bottom),
        textAnchor: "end",
        lineAnchor: "bottom",
        fillOpacity: 0.75,
      }),
    );
  }
  const toPixel = (value: number) =>
    margin.top + (height - margin.top - margin.bottom) * (high - inside(value)) / (high - low);
  const toPixelX = (cost: number) =>
    margin.left + Math.log(cost / left) / Math.log(right / left) * (width - margin.left - margin.right);
  const fromPixelX = (pixel: number) =>
    left * (right / left) ** ((pixel - margin.left) / (width - margin.left - margin.right));
  const labels = names.map((name) => clipLabel(name, frame.narrow ? 16 : 26));
  const ends = names.map((name) => data.findLast((row) => row[by] === name)!);
  const places = placeLabels(
    ends.map(({ cost, mean }, index) => ({ x: toPixelX(cost), y: toPixel(mean), width: labelWidth(labels[index]) })),
    data.map((row) => around(toPixelX(row.cost), toPixel(row.mean), toPixel(row.mean), 5)),
    data.map((row) => around(toPixelX(row.cost), toPixel(row.high ?? row.mean), toPixel(row.low ?? row.mean), 1)),
    { left: 0, right: width, top: margin.top - 10, bottom: height - margin.bottom },
  );
  for (const [index, name] of names.entries()) {
    const series = data.filter((row) => row[by] === name);
    const ink = frame.palette(name);
    const common = { className: ink.className };
    const end = ends[index], label = labels[index], { side, dy } = places[index];
    marks.push(
      Plot.link(series.filter((row) => row.low !== null), {
        x1: "cost",
        x2: "cost",
        y1: (row: FrontierRow) => inside(row.low!),
        y2: (row: FrontierRow) => inside(row.high!),
        stroke: ink.colour,
        strokeWidth: 1.5,
        ...common,
      }),
      Plot.line(series, {
        x: "cost",
        y: (row: FrontierRow) => inside(row.mean),
        stroke: ink.colour,
        strokeWidth: 1.5,
        strokeDasharray: ink.dash,
        ...common,
      }),
      Plot.dot(series, {
        x: "cost",
        y: (row: FrontierRow) => inside(row.mean),
        symbol: ink.symbol,
        fill: ink.colour,
        stroke: "var(--paper)",
        r: 4.5,
        ...common,
      }),
      // A name that had to move far has a line to its point.
      ...(Math.abs(dy) <= labelReach ? [] : [
        Plot.link([end], {
          x1: "cost",
          y1: inside(end.mean),
          x2: fromPixelX(toPixelX(end.cost) + (side === "right" ? labelGap - 2 : 2 - labelGap)),
          y2: inside(end.mean) - dy * (high - low) / (height - margin.top - margin.bottom),
          stroke: ink.colour,
          strokeOpacity: 0.7,
          ...common,
        }),
      ]),
      Plot.text([end], {
        x: "cost",
        y: (row: FrontierRow) => inside(row.mean),
        text: () => label,
        dx: side === "right" ? labelGap : -labelGap,
        dy,
        textAnchor: side === "right" ? "start" : "end",
        lineAnchor: "middle",
        fill: ink.colour,
        fontWeight: "600",
        ...halo,
        ...common,
      }),
    );
  }
  return {
    width,
    height,
    marginTop: margin.top,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    marginRight: margin.right,
    x: { type: "log", domain: [left, right] },
    y: { type: "linear", domain: [low, high] },
    marks,
  };
}

/** A box of a half-width around a stretch of a vertical line. */
function around(x: number, top: number, bottom: number, half: number): Box {
  return { left: x - half, right: x + half, top: top - half, bottom: bottom + half };
}

/** Every mean and floor with some room around it, intervals only as far as half the means' range beyond. */
function domainOf(data: readonly FrontierRow[]): [number, number] {
  const values = data.flatMap((row) => row.floor === null ? [row.mean] : [row.mean, row.floor]);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const range = most - least || Math.abs(most) || 1;
  const lows = data.map((row) => Math.max(row.low ?? row.mean, least - range / 2));
  const highs = data.map((row) => Math.min(row.high ?? row.mean, most + range / 2));
  return [Math.min(least, ...lows) - range * 0.06, Math.max(most, ...highs) + range * 0.06];
}
