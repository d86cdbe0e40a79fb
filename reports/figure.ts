/**
 * Figures: a title that says what the data show, a drawing for wide and one for narrow screens, a text alternative, and
 * exactly the rows that are drawn.
 *
 * @module
 */
import type { PlotOptions } from "@observablehq/plot";
import type { Measurement } from "../operators/records.ts";
import { renderPlot } from "./dom.ts";
import { assertSlug } from "./format.ts";
import { type Palette, palette } from "./palette.ts";

/** One row of what a figure draws; the columns of its CSV. */
export type DataRow = Readonly<Record<string, string | number | null>>;

/** The room that a drawing has, and the colours of every name in the report's rows. */
export interface Frame {
  /** Width in CSS pixels of the whole figure. */
  readonly width: number;
  /** Whether the drawing is for a phone. */
  readonly narrow: boolean;
  readonly palette: Palette;
}

/** One drawing of a figure; most figures have one. */
export interface Panel {
  /** Names the panel when there are several. */
  readonly heading?: string;
  readonly plot: PlotOptions;
}

/**
 * How a figure is made from rows. Ready-made ones: `lineWithInterval`, `dotInterval`, `heatmaps`, `predictedMeasured`,
 * `sparkline`.
 */
export interface FigureSpec<Row extends DataRow = DataRow> {
  /** Lower-case letters, digits and hyphens; unique within a page. */
  readonly id: string;
  /** A sentence that says what the data show. */
  readonly title: string | ((data: readonly Row[]) => string);
  /** How to read the figure: what is drawn, intervals, number of seeds, sources of reference values. */
  readonly caption: string | ((data: readonly Row[]) => string);
  /** The rows that are drawn, computed from measurements. */
  data(rows: readonly Measurement[]): readonly Row[];
  /** The figure in words, for readers who can't see it. */
  summary(data: readonly Row[]): string;
  /** The drawings, for a frame. Colours must be `currentColor`, CSS variables or the palette's. */
  panels(data: readonly Row[], frame: Frame): readonly Panel[];
  /** The label by which rows are coloured: its values get palette entries. @default "score" */
  readonly by?: string;
  /** Panels side by side where there is room. @default 1 */
  readonly columns?: number;
  /** Panels shown at once; the others open on request. @default all */
  readonly visible?: number;
}

/** A figure that is drawn: text, data and SVG markup; put it into a section of a page. */
export interface Figure {
  readonly kind: "figure";
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly summary: string;
  readonly data: readonly DataRow[];
  readonly panels: readonly DrawnPanel[];
  readonly columns: number;
  readonly visible: number;
}

/** A panel's SVG for a desktop (`wide`) and for a phone (`narrow`). */
export interface DrawnPanel {
  readonly heading?: string;
  readonly wide: string;
  readonly narrow: string;
}

/** Width in CSS pixels that figures are drawn for on a desktop. */
export const wideWidth = 720;
/** Width in CSS pixels that figures are drawn for on a phone. */
export const narrowWidth = 350;

/**
 * Draws a figure from measurements. The result is plain data and depends on nothing but the arguments. Colours depend on
 * all names among the rows: give every figure of a page the same rows, and a name looks the same in all of them.
 *
 * @throws RangeError when the id isn't a slug.
 */
export function figure<Row extends DataRow>(spec: FigureSpec<Row>, rows: readonly Measurement[]): Figure {
  assertSlug("a figure", spec.id);
  const data = spec.data(rows);
  const by = spec.by ?? "score";
  const names = new Set<string>();
  for (const row of rows) if (row.labels[by] !== undefined) names.add(String(row.labels[by]));
  if (names.size === 0) { // Published values are drawn without a colour of their own, and must not take one from a mechanism.
    for (const row of data) if (typeof row[by] === "string" && row.kind !== "published") names.add(row[by]);
  }
  const colours = palette([...names]);
  const empty = data.length === 0;
  const draw = (width: number, narrow: boolean) => empty ? [] : spec.panels(data, { width, narrow, palette: colours });
  const wide = draw(wideWidth, false);
  const narrow = draw(narrowWidth, true);
  return {
    kind: "figure",
    id: spec.id,
    title: text(spec.title, data),
    caption: text(spec.caption, data),
    summary: empty ? "No rows were measured for this figure." : spec.summary(data),
    data,
    panels: wide.map((panel, index) => ({
      heading: panel.heading,
      wide: renderPlot(panel.plot),
      narrow: renderPlot(narrow[index].plot),
    })),
    columns: spec.columns ?? 1,
    visible: spec.visible ?? wide.length,
  };
}

function text<Row>(source: string | ((data: readonly Row[]) => string), data: readonly Row[]): string {
  return typeof source === "string" ? source : source(data);
}
