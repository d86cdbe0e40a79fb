/**
 * Who wins where: one tile for each pair of two sizes, in the colour of the winner, with its lead as text.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { DataRow, FigureSpec, Frame } from "../figure.ts";
import { formatNumber, listWords } from "../format.ts";
import { groupBy } from "./series.ts";

/** One tile. */
export type TileRow = DataRow & {
  readonly panel: string;
  readonly column: number;
  readonly row: number;
  /** How many times less the winner takes than the other side. */
  readonly lead: number;
};

/** Options of {@linkcode tiles}. */
export interface TilesOptions {
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly rows: readonly TileRow[];
  readonly column: string;
  readonly row: string;
  /** The column that names the winner. @default "mechanism" */
  readonly by?: string;
}

/** A figure of winners. */
export function tiles(options: TilesOptions): FigureSpec<TileRow> {
  const by = options.by ?? "mechanism";
  return {
    id: options.id,
    title: options.title,
    caption: options.caption,
    by,
    data: () => options.rows,
    summary: (data) =>
      [...groupBy(data, (row) => row.panel)].map(([panel, rows]) => {
        const won = [...groupBy(rows, (row) => String(row[by]))].map(([name, tiles]) =>
          `${name} at ${tiles.length} of ${rows.length} sizes`
        );
        return `${panel}: ${listWords(won)}.`;
      }).join(" "),
    panels: (data, frame) =>
      [...groupBy(data, (row) => row.panel)].map(([heading, rows]) => ({
        heading,
        plot: draw(rows, frame, options, by),
      })),
  };
}

function draw(data: readonly TileRow[], frame: Frame, options: TilesOptions, by: string): Plot.PlotOptions {
  const rows = [...new Set(data.map(({ row }) => row))].sort((a, b) => b - a);
  const columns = [...new Set(data.map(({ column }) => column))].sort((a, b) => a - b);
  const names = [...new Set(data.map((row) => String(row[by])))].sort();
  const cell = 34, key = 24;
  return {
    width: frame.width,
    height: rows.length * cell + 50 + key,
    marginTop: 8 + key,
    marginBottom: 42,
    marginLeft: frame.narrow ? 40 : 50,
    marginRight: 8,
    x: { type: "band", domain: columns, padding: 0.04 },
    y: { type: "band", domain: rows, padding: 0.06 },
    marks: [
      Plot.axisX({
        tickSize: 0,
        label: options.column,
        labelArrow: "none",
        labelAnchor: "center",
        tickFormat: (n: number) => frame.narrow && n >= 1024 ? `${n / 1024}k` : String(n),
      }),
      Plot.axisY({ tickSize: 0, label: null, tickFormat: (n: number) => `${options.row} ${n}` }),
      ...names.flatMap((name, index) => {
        const ink = frame.palette(name);
        const mine = data.filter((row) => row[by] === name);
        const at = { frameAnchor: "top-left" as const, dy: -key + 4, className: ink.className };
        return [
          Plot.cell(mine, { x: "column", y: "row", fill: ink.colour, fillOpacity: 0.22, className: ink.className }),
          Plot.text(mine, {
            x: "column",
            y: "row",
            text: (row: TileRow) => `${formatNumber(row.lead, row.lead < 9.95 ? 1 : 0)}×`,
            fill: ink.colour,
            fontWeight: "600",
            fontSize: frame.narrow ? 10 : 12,
            className: ink.className,
          }),
          Plot.text([name], {
            ...at,
            dx: index * (frame.narrow ? 110 : 150),
            textAnchor: "start",
            fill: ink.colour,
            fontWeight: "600",
          }),
        ];
      }),
    ],
  };
}
