/**
 * Tables of numbers: rounded to what their interval supports, right-aligned, units in the header.
 *
 * @module
 */
import {
  assertSlug,
  type Estimate,
  formatBytes,
  formatEstimate,
  formatNumber,
  isEstimate,
  significantDecimals,
} from "./format.ts";

/** One column of a table. */
export interface Column {
  /** Key of the column's cells in each row. */
  readonly key: string;
  readonly heading: string;
  /** Printed in the header, behind the heading. */
  readonly unit?: string;
  /** `text` is left-aligned. Numbers are right-aligned; an estimate prints as mean ± half-width. @default "number" */
  readonly kind?: "text" | "number" | "bytes";
  /** Digits behind the point, at most those that an interval supports; by default three significant digits, or all those. */
  readonly digits?: number;
}

/** A number that is known in part: about, under, or over a value. */
export interface Bound {
  readonly sign: "~" | "<" | ">";
  readonly value: number;
}

/** A cell: text, a number, a mean with its interval, a bound, or nothing (an en dash). */
export type Cell = string | number | Estimate | Bound | null;

/** A table in a section of a page. */
export interface Table {
  readonly kind: "table";
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
  /** Whether a reader opens it: what few look for shall not stand in the way of others. @default {false} */
  readonly folded?: boolean;
}

/** What a table is made of. */
export type TableSpec = Omit<Table, "kind">;

/**
 * Makes a table; the first column heads its rows.
 *
 * @throws RangeError when the id isn't a slug, there is no column, or a row lacks a cell.
 */
export function table(spec: TableSpec): Table {
  assertSlug("a table", spec.id);
  if (spec.columns.length === 0) throw new RangeError(`Cannot make table ${spec.id} as it needs a column: it has 0`);
  for (const [index, row] of spec.rows.entries()) {
    for (const column of spec.columns) {
      if (row[column.key] === undefined) {
        throw new RangeError(
          `Cannot make table ${spec.id} as every row needs a cell ${column.key} (null for none): row ${index} has none`,
        );
      }
    }
  }
  return { kind: "table", ...spec };
}

/**
 * A cell as a reader sees it. A number that its digits would make 0 and that isn't is told to be below the last of them;
 * an estimate has the digits that its own interval supports.
 */
export function cellText(cell: Cell, { kind, digits }: Column): string {
  if (cell === null) return "–";
  if (typeof cell === "string") return cell;
  if (isEstimate(cell)) return formatEstimate(cell, digits);
  const print = (value: number) => kind === "bytes" ? formatBytes(value) : formatNumber(value, digits);
  if (typeof cell !== "number") return `${cell.sign} ${print(cell.value)}`;
  if (cell !== 0 && digits !== undefined && Math.abs(cell) < 10 ** -digits / 2) {
    return `< ${formatNumber(10 ** -digits, significantDecimals(10 ** -digits, 1))}`;
  }
  return cell === 0 ? "0" : print(cell);
}

/** What a column is sorted by: the number behind a cell, or its text. */
export function cellValue(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell !== "object") return String(cell);
  return String(isEstimate(cell) ? cell.mean : cell.value);
}
