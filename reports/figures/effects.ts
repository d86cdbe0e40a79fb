/**
 * Effects with their intervals around a line at "no effect".
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { Effect } from "../effects.ts";
import type { DataRow, FigureSpec, Frame } from "../figure.ts";
import { formatNumber } from "../format.ts";

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
      data.map(({ effect, mean, low, high }) =>
        `${effect}: ${formatNumber(mean)} (${formatNumber(low)} to ${formatNumber(high)})`
      ).join("; ") + ".",
    panels: (data, frame: Frame) => [{
      plot: {
        width: frame.width,
        height: 80 + 34 * data.length,
        marginBottom: 50,
        marginLeft: frame.narrow ? 150 : 190,
        marginRight: 20,
        x: {
          label: options.label,
          labelAnchor: "center",
          labelOffset: 42,
          type: options.scale ?? "linear",
          grid: true,
          ticks: frame.narrow ? 4 : 7,
        },
        y: { label: null, domain: data.map(({ effect }) => effect), type: "point", padding: 0.6 },
        marks: [
          Plot.ruleX([none], { stroke: "currentColor", strokeOpacity: 0.6 }),
          Plot.ruleY(data, { x1: "low", x2: "high", y: "effect", stroke: "var(--hue-0, #0067a8)", strokeWidth: 2 }),
          Plot.dot(data, {
            x: "mean",
            y: "effect",
            r: 5,
            stroke: "var(--hue-0, #0067a8)",
            strokeWidth: 2,
            fill: (row: EffectRow) => row.seen === "seen" ? "var(--hue-0, #0067a8)" : "var(--paper, #fff)",
          }),
        ],
      },
    }],
  };
}
