/**
 * Measured points on a curve that theory draws.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { DataRow, FigureSpec, Frame } from "../figure.ts";
import { formatNumber, formatTick } from "../format.ts";

/** Options of {@linkcode pointsOnCurve}. */
export interface CurveOptions {
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly points: readonly CurvePoint[];
  /** The curve, by x. */
  readonly curve: (x: number) => number;
  readonly from: number;
  readonly to: number;
  readonly xLabel: string;
  readonly yLabel: string;
  /** The label that names and colours series. */
  readonly by: string;
}

/** One measured point. */
export type CurvePoint = DataRow & { readonly x: number; readonly y: number };

/** A figure of points on a curve. */
export function pointsOnCurve(options: CurveOptions): FigureSpec<CurvePoint> {
  return {
    id: options.id,
    title: options.title,
    caption: options.caption,
    by: options.by,
    data: () => options.points,
    summary(data) {
      const gaps = data.map(({ x, y }) => Math.abs(y - options.curve(x)));
      return `${data.length} measured points of ${options.yLabel} against ${options.xLabel}; ` +
        `the farthest lies ${formatNumber(Math.max(...gaps))} from the curve.`;
    },
    panels: (data, frame) => [{ plot: draw(data, frame, options) }],
  };
}

function draw(data: readonly CurvePoint[], frame: Frame, options: CurveOptions): Plot.PlotOptions {
  const { curve, from, to, by } = options;
  const line = Array.from({ length: 401 }, (_, at) => from + (to - from) * at / 400).map((x) => ({ x, y: curve(x) }));
  return {
    width: frame.width,
    height: frame.narrow ? 300 : 380,
    marginTop: 34,
    marginBottom: 44,
    marginLeft: 44,
    marginRight: 12,
    x: { type: "linear", domain: [from, to] },
    y: { type: "linear", domain: [0, 1.02] },
    marks: [
      Plot.gridY({ stroke: "currentColor", strokeOpacity: 0.12 }),
      Plot.axisY({ tickSize: 0, label: null, tickFormat: (value: number) => formatTick(value) }),
      Plot.axisX({
        tickSize: 4,
        label: options.xLabel,
        labelArrow: "none",
        labelAnchor: "center",
        ticks: frame.narrow ? 4 : 8,
        tickFormat: (value: number) => formatTick(value, to),
      }),
      Plot.text([options.yLabel], {
        frameAnchor: "top-left",
        dx: -44,
        dy: -30,
        textAnchor: "start",
        lineAnchor: "top",
      }),
      Plot.line(line, { x: "x", y: "y", stroke: "currentColor", strokeWidth: 1.5 }),
      ...data.map((point) => {
        const ink = frame.palette(String(point[by]));
        return Plot.dot([point], {
          x: "x",
          y: "y",
          r: 3.5,
          stroke: ink.colour,
          strokeWidth: 1.5,
          symbol: ink.symbol,
          className: ink.className,
        });
      }),
    ],
  };
}
