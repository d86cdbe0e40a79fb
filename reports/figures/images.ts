/**
 * Small pictures in rows and columns: directions, reconstructions, filters.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { DataRow, FigureSpec, Frame } from "../figure.ts";
import { clipLabel, groupBy } from "./series.ts";

/** Options of {@linkcode images}. */
export interface ImageOptions {
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  /** The figure in words. */
  readonly summary: string;
  /** Pictures in the order of rows, then columns. */
  readonly pictures: readonly Picture[];
  /** Pixels in a picture's row. */
  readonly width: number;
}

/** One picture. */
export type Picture = DataRow & {
  readonly row: string;
  readonly column: number;
  /** Two hexadecimal digits a pixel, 80 is the middle grey, row by row. */
  readonly pixels: string;
};

/** A figure of pictures, one line a name. */
export function images(options: ImageOptions): FigureSpec<Picture> {
  return {
    id: options.id,
    title: options.title,
    caption: options.caption,
    by: "row",
    data: () => options.pictures,
    summary: () => options.summary,
    panels: (data, frame) => [{ plot: draw(data, frame, options.width) }],
  };
}

function draw(data: readonly Picture[], frame: Frame, width: number): Plot.PlotOptions {
  const rows = [...groupBy(data, (each) => each.row).keys()];
  const columns = Math.max(...data.map((each) => each.column));
  const cell = frame.width / columns, header = 20, high = cell + header;
  const top = (each: Picture) => rows.indexOf(each.row) * high + header;
  return {
    width: frame.width,
    height: rows.length * high + 4,
    margin: 0,
    x: { type: "linear", domain: [0, frame.width], range: [0, frame.width], axis: null },
    y: { type: "linear", domain: [0, rows.length * high + 4], range: [0, rows.length * high + 4], axis: null },
    marks: [
      Plot.image(data, {
        x: (each: Picture) => (each.column - 0.5) * cell,
        y: (each: Picture) => top(each) + cell / 2,
        src: (each: Picture) => bitmap(each.pixels, width),
        width: cell - 4,
        height: cell - 4,
        imageRendering: "pixelated",
      }),
      Plot.text(rows, {
        x: 2,
        y: (_: string, index: number) => index * high + header - 7,
        text: (row: string) => clipLabel(row, frame.narrow ? 40 : 80),
        textAnchor: "start",
        fontWeight: "600",
      }),
    ],
  };
}

/** A bitmap of 256 greys as an address: the one picture format that needs neither compression nor a checksum. */
function bitmap(pixels: string, width: number): string {
  const count = pixels.length / 2, height = Math.floor(count / width), stride = Math.ceil(width / 4) * 4;
  const start = 54 + 1024;
  const bytes = new Uint8Array(start + stride * height), view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, start, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 8, true);
  view.setUint32(34, stride * height, true);
  view.setUint32(46, 256, true);
  for (let grey = 0; grey < 256; grey++) bytes.fill(grey, 54 + 4 * grey, 57 + 4 * grey);
  for (let at = 0; at < width * height; at++) {
    const row = height - 1 - Math.floor(at / width); // a bitmap's rows go upwards
    bytes[start + row * stride + at % width] = parseInt(pixels.slice(2 * at, 2 * at + 2), 16);
  }
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `data:image/bmp;base64,${btoa(text)}`;
}
