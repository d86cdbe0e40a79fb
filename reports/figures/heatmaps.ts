/**
 * Alignment matrices: one row of small heatmaps for each word, one column for each mechanism, source symbols above and
 * output symbols beside each matrix.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { Label, Measurement } from "../../operators/records.ts";
import type { DataRow, FigureSpec, Frame } from "../figure.ts";
import { formatNumber, listWords } from "../format.ts";
import { clipLabel, fontSize, groupBy, rowsOf } from "./series.ts";

/** Options of {@linkcode heatmaps}: the names of the labels that place a weight. */
export interface HeatmapOptions {
  readonly id: string;
  readonly title: FigureSpec<HeatRow>["title"];
  readonly caption: FigureSpec<HeatRow>["caption"];
  /** The rows to draw: one weight in 0 to 1 each. @default "alignment" */
  readonly metric?: string;
  /** The label that names a column of matrices. @default "score" */
  readonly by?: string;
  /** The label that names a row of matrices. @default "word" */
  readonly item?: string;
  /** The label that counts output positions, from 0. @default "row" */
  readonly row?: string;
  /** The label that counts source positions, from 0. @default "column" */
  readonly column?: string;
  /** The label that holds the output symbol at a row. @default "output" */
  readonly output?: string;
  /** The label that holds the source symbol at a column. @default "input" */
  readonly input?: string;
  /** Words shown at once; the others open on request. @default 4 */
  readonly visible?: number;
}

/** One drawn cell. */
export type HeatRow = DataRow & {
  readonly item: string;
  readonly row: number;
  readonly column: number;
  readonly output: string;
  readonly input: string;
  readonly weight: number;
};

/** A figure of alignment matrices. Where several trials hold one matrix, the first trial's is drawn. */
export function heatmaps(options: HeatmapOptions): FigureSpec<HeatRow> {
  const by = options.by ?? "score";
  const name = {
    metric: options.metric ?? "alignment",
    item: options.item ?? "word",
    row: options.row ?? "row",
    column: options.column ?? "column",
    output: options.output ?? "output",
    input: options.input ?? "input",
  };
  return {
    id: options.id,
    title: options.title,
    caption: options.caption,
    by,
    visible: options.visible ?? 4,
    data: (rows) =>
      [
        ...groupBy(
          rowsOf(rows, name.metric, by),
          ({ labels }) => JSON.stringify([labels[name.item], labels[by]]),
        ).values(),
      ].flatMap((matrix) =>
        finalMatrix(matrix).map(({ labels, value }): HeatRow => ({
          item: String(labels[name.item]),
          [by]: String(labels[by]),
          row: position(labels[name.row], name.row),
          column: position(labels[name.column], name.column),
          output: String(labels[name.output] ?? ""),
          input: String(labels[name.input] ?? ""),
          weight: value,
        }))
      ),
    summary(data) {
      const items = [...groupBy(data, (row) => row.item).keys()];
      const names = [...groupBy(data, (row) => String(row[by])).keys()];
      const peaks = names.map((each) => `${each} ${formatNumber(meanPeak(data, by, each), 2)}`);
      return `Attention weights for ${items.length} ${items.length === 1 ? name.item : `${name.item}s`} ` +
        `(${listWords(items)}): one matrix for each of ${listWords(names)}, one row an output symbol, one column a ` +
        `source symbol. The largest weight of a row is on average: ${listWords(peaks)}.`;
    },
    panels: (data, frame) => {
      const names = [...groupBy(data, (row) => String(row[by])).keys()];
      return [...groupBy(data, (row) => row.item)].map(([item, rows]) => ({
        heading: item,
        plot: draw(rows, names, frame, by),
      }));
    },
  };
}

/** The rows of one matrix: the first trial's, at its last step. */
function finalMatrix(rows: readonly Measurement[]): Measurement[] {
  const first = rows.filter((row) => row.trial === rows[0].trial);
  const last = Math.max(...first.map((row) => row.step));
  return first.filter((row) => row.step === last);
}

function position(label: Label | undefined, name: string): number {
  const value = Number(label);
  if (!Number.isInteger(value) || value < 0) {
    throw new RangeError(`Cannot draw heatmaps as the label ${name} must count from 0: current value is ${label}`);
  }
  return value;
}

function meanPeak(data: readonly HeatRow[], by: string, name: string): number {
  const rows = groupBy(data.filter((cell) => cell[by] === name), (cell) => JSON.stringify([cell.item, cell.row]));
  const peaks = [...rows.values()].map((row) => Math.max(...row.map((cell) => cell.weight)));
  return peaks.reduce((sum, peak) => sum + peak, 0) / peaks.length;
}

/** Columns that output symbols take to the left of a matrix, in cells. */
const gutter = 2.2;

function draw(data: readonly HeatRow[], names: readonly string[], frame: Frame, by: string): Plot.PlotOptions {
  const columns = Math.max(...data.map((cell) => cell.column)) + 1;
  const rows = Math.max(...data.map((cell) => cell.row)) + 1;
  const across = frame.narrow ? Math.min(names.length, columns <= 8 ? 3 : 2) : Math.min(names.length, 5);
  const down = Math.ceil(names.length / across);
  const facetWidth = frame.width / across;
  const cell = Math.min(18, (facetWidth - 6) / (columns + gutter));
  const header = 2 * fontSize + 12;
  const facetHeight = header + rows * cell + 12;
  const right = facetWidth / cell - gutter;
  const facet = (name: string) => ({ fx: names.indexOf(name) % across, fy: Math.floor(names.indexOf(name) / across) });
  const fx = (each: HeatRow) => facet(String(each[by])).fx;
  const fy = (each: HeatRow) => facet(String(each[by])).fy;
  const matrices = [...groupBy(data, (each) => String(each[by])).values()];
  const inputs = matrices.flatMap((matrix) => [...groupBy(matrix, (each) => each.column).values()].map(([one]) => one));
  const outputs = matrices.flatMap((matrix) => [...groupBy(matrix, (each) => each.row).values()].map(([one]) => one));
  const size = Math.max(8, Math.min(fontSize, cell * 0.95));
  return {
    width: frame.width,
    height: down * facetHeight,
    margin: 0,
    fx: { domain: range(across), padding: 0, axis: null },
    fy: { domain: range(down), padding: 0, axis: null },
    x: { type: "linear", domain: [-gutter, right], axis: null },
    y: { type: "linear", domain: [-header / cell, (facetHeight - header) / cell], reverse: true, axis: null },
    marks: [
      Plot.rect(matrices.map((matrix) => matrix[0]), {
        fx,
        fy,
        x1: 0,
        x2: (each: HeatRow) => Math.max(...sameMatrix(data, each, by).map((one) => one.column)) + 1,
        y1: 0,
        y2: (each: HeatRow) => Math.max(...sameMatrix(data, each, by).map((one) => one.row)) + 1,
        fill: "currentColor",
        fillOpacity: 0.06,
      }),
      Plot.rect(data.filter((each) => each.weight >= 0.005), {
        fx,
        fy,
        x1: "column",
        x2: (each: HeatRow) => each.column + 1,
        y1: "row",
        y2: (each: HeatRow) => each.row + 1,
        inset: 0.5,
        fill: "var(--heat)",
        fillOpacity: (each: HeatRow) => Math.round(Math.min(1, each.weight) * 100) / 100,
      }),
      Plot.text(inputs, {
        fx,
        fy,
        x: (each: HeatRow) => each.column + 0.5,
        y: 0,
        dy: -4,
        lineAnchor: "bottom",
        text: (each: HeatRow) => clipLabel(each.input, 2),
        fontSize: size,
      }),
      Plot.text(outputs, {
        fx,
        fy,
        x: 0,
        dx: -4,
        y: (each: HeatRow) => each.row + 0.5,
        textAnchor: "end",
        text: (each: HeatRow) => clipLabel(each.output, 4),
        fontSize: size,
      }),
      ...names.map((name) =>
        Plot.text([name], {
          ...facet(name),
          fx: [facet(name).fx],
          fy: [facet(name).fy],
          x: 0,
          y: 0,
          dy: -size - 8,
          textAnchor: "start",
          lineAnchor: "bottom",
          text: [clipLabel(name, Math.max(6, Math.floor(facetWidth / 8)))],
          fill: frame.palette(name).colour,
          fontWeight: "600",
        })
      ),
    ],
  };
}

function sameMatrix(data: readonly HeatRow[], one: HeatRow, by: string): HeatRow[] {
  return data.filter((each) => each[by] === one[by]);
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
