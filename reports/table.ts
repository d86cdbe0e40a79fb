/**
 * Tables of numbers: rounded to what their interval supports, right-aligned, units in the header.
 *
 * @module
 */
import { assertSlug, type Estimate, estimateDecimals, isEstimate } from "./format.ts";

/** One column of a table. */
export interface Column {
  /** Key of the column's cells in each row. */
  readonly key: string;
  readonly heading: string;
  /** Printed in the header, behind the heading. */
  readonly unit?: string;
  /** `text` is left-aligned. Numbers are right-aligned; an estimate prints as mean ± half-width. @default "number" */
  readonly kind?: "text" | "number" | "bytes";
  /** Digits behind the point; by default three significant digits, or as many as an interval supports. */
  readonly digits?: number;
}

/** A cell: text, a number, a mean with its interval, or nothing (an en dash). */
export type Cell = string | number | Estimate | null;

/** A table in a section of a page. */
export interface Table {
  readonly kind: "table";
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
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
 * Digits behind the point for a column of estimates: one number for all, the median of what the intervals support, so
 * that points stand under each other. `undefined` leaves each cell to itself.
 */
export function tableDecimals(table: Table, column: Column): number | undefined {
  if (column.digits !== undefined) return column.digits;
  const supported = table.rows.map((row) => row[column.key]).filter(isEstimate).map(estimateDecimals)
    .sort((a, b) => a - b);
  return supported.length > 0 ? supported[Math.floor(supported.length / 2)] : undefined;
}
