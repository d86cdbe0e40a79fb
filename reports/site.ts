/**
 * The static site: an index, one page a question, their data, one stylesheet and one small script. It needs no server.
 *
 * @module
 */
import { stringify } from "@std/csv";
import { dirname, join } from "@std/path";
import { InputError, type Measurement } from "../operators/records.ts";
import script from "./assets/site.js" with { type: "text" };
import { indexDocument, pageDocument } from "./documents.ts";
import type { DataRow } from "./figure.ts";
import type { Page } from "./page.ts";
import { stylesheet } from "./stylesheet.ts";

/**
 * Writes `index.html`, `NAME.html`, `NAME.csv`, `NAME.json`, `NAME/FIGURE.csv`, `NAME/FIGURE.json`, `NAME/TEXT.txt`, `style.css` and
 * `site.js` into a folder, which is made where it is missing. Every file is replaced whole, the index last, so that a
 * reader never meets half a file. The bytes depend on the pages alone.
 *
 * @throws InputError when the folder can't be written or the disk is full.
 */
export async function writeSite(pages: readonly Page[], out: string): Promise<void> {
  for (const [path, content] of siteFiles(pages)) await replaceFile(join(out, path), content, out);
}

/**
 * The site's files by path, in the order in which they are written.
 *
 * @throws RangeError when two pages share a name.
 */
export function siteFiles(pages: readonly Page[]): Map<string, string> {
  const files = new Map<string, string>([["style.css", stylesheet()], ["site.js", script]]);
  for (const page of pages) {
    if (files.has(`${page.name}.html`)) {
      throw new RangeError(`Cannot write the site as pages need names of their own: ${page.name} stands twice`);
    }
    for (const block of page.sections.flatMap((section) => section.blocks)) {
      if (typeof block === "string" || block.kind !== "figure") continue;
      files.set(`${page.name}/${block.id}.csv`, dataCsv(block.data));
      files.set(`${page.name}/${block.id}.json`, jsonLines(block.data));
    }
    for (const { id, text } of page.texts ?? []) files.set(`${page.name}/${id}.txt`, text);
    const csv = measurementsCsv(page.rows), json = jsonLines(page.rows);
    files.set(`${page.name}.csv`, csv);
    files.set(`${page.name}.json`, json);
    files.set(`${page.name}.html`, pageDocument(page, { csv: byteLength(csv), json: byteLength(json) }));
  }
  return files.set("index.html", indexDocument(pages));
}

/** Rows of a figure as CSV, every column that any row has. */
function dataCsv(rows: readonly DataRow[]): string {
  return csv(rows, [...new Set(rows.flatMap((row) => Object.keys(row)))]);
}

/** Measurements as CSV: the fixed columns, then every label in alphabetical order. */
export function measurementsCsv(rows: readonly Measurement[]): string {
  const fixed = ["trial", "metric", "step", "value", "unit"];
  const labels = [...new Set(rows.flatMap((row) => Object.keys(row.labels)))].sort();
  // A label named like a fixed column must not replace it.
  const named = new Map(labels.map((label) => [label, fixed.includes(label) ? `label_${label}` : label]));
  const flat = rows.map(({ labels, ...row }) => ({
    ...row,
    ...Object.fromEntries(Object.entries(labels).map(([label, value]) => [named.get(label)!, value])),
  }));
  return csv(flat, [...fixed, ...named.values()]);
}

function csv(rows: readonly Readonly<Record<string, unknown>>[], columns: readonly string[]): string {
  if (columns.length === 0) return "";
  return stringify([columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))], { crlf: false });
}

/** A JSON array with one row a line, so that versions of it can be compared. */
function jsonLines(rows: readonly object[]): string {
  return rows.length === 0 ? "[]\n" : `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]\n`;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

async function replaceFile(path: string, content: string, out: string): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.part`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(temporary, content);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new InputError(
      `Cannot write the site as --out must be a folder with room that can be written: ${out} (${reason})`,
    );
  }
}
