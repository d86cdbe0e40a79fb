/**
 * Effects with their intervals around a line at "no effect".
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { Effect } from "../effects.ts";
import type { DataRow, FigureSpec, Frame } from "../figure.ts";
import { formatRange, formatTick } from "../format.ts";
import { clipLabel, factorTicks, labelWidth } from "./series.ts";

/** Options of {@linkcode effectFigure}. */
export interface EffectOptions {
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly effects: readonly Effect[];
  /** The axis in words, with the unit: `Change of PER (points)`. */
  readonly label: string;
  /** Where "no effect" is. @default 0 */
  readonly none?: number;
  /** For factors of a ratio. @default "linear" */
  readonly scale?: "linear" | "log";
}

/** One drawn effect. */
export type EffectRow = DataRow & {
  readonly effect: string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly seen: string;
};

/** A figure of effects; it is drawn from the effects alone, so give it no rows. */
export function effectFigure(options: EffectOptions): FigureSpec<EffectRow> {
  const { none = 0 } = options;
  return {
    id: options.id,
    title: options.title,
    caption: options.caption,
    by: "effect",
    data: () =>
      options.effects.map(({ name, mean, low, high, distinguishable }) => ({
        effect: name,
        mean,
        low,
        high,
        seen: distinguishable ? "seen" : "no difference seen",
      })),
    summary: (data) =>
      data.map(({ effect, mean, low, high }) => `${effect}: ${formatRange({ mean, low, high, count: 2 })}`).join("; ") +
      ".",
    panels: (data, frame) => [{ plot: draw(data, frame, options, none) }],
  };
}

function draw(data: readonly EffectRow[], frame: Frame, options: EffectOptions, none: number): Plot.PlotOptions {
  const log = options.scale === "log";
  const ends = [none, ...data.flatMap(({ low, high }) => [low, high])];
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  // Some room at both sides, so that no interval runs into the names.
  const room = log ? (most / least) ** 0.04 : (most - least) * 0.04;
  const [low, high] = log ? [least / room, most * room] : [least - room, most + room];
  const ticks = log ? factorTicks(low, high, frame.narrow ? 4 : 7) : frame.narrow ? 4 : 7;
  const ink = "var(--hue-0, #0067a8)";
  const short = (effect: string) => clipLabel(effect, frame.narrow ? 24 : 40);
  return {
    width: frame.width,
    height: 80 + 34 * data.length,
    marginBottom: 50,
    marginLeft: Math.max(...data.map(({ effect }) => labelWidth(short(effect)))) + 12,
    marginRight: 8,
    x: { type: log ? "log" : "linear", domain: [low, high] },
    y: { domain: data.map(({ effect }) => effect), type: "point", padding: 0.6 },
    marks: [
      Plot.gridX({ stroke: "currentColor", strokeOpacity: 0.12, ticks }),
      Plot.axisX({
        ticks,
        tickSize: 0,
        label: options.label,
        labelArrow: "none",
        labelAnchor: "center",
        labelOffset: 42,
        // As text, since a formatter of ticks is only asked about those that a logarithmic scale would choose itself.
        text: (value: number) => formatTick(value),
      }),
      Plot.axisY({ tickSize: 0, label: null, tickFormat: short }),
      Plot.ruleX([none], { stroke: "currentColor", strokeOpacity: 0.6 }),
      Plot.ruleY(data, { x1: "low", x2: "high", y: "effect", stroke: ink, strokeWidth: 2 }),
      Plot.dot(data, {
        x: "mean",
        y: "effect",
        r: 5,
        stroke: ink,
        strokeWidth: 2,
        fill: (row: EffectRow) => row.seen === "seen" ? ink : "var(--paper, #fff)",
      }),
    ],
  };
}
