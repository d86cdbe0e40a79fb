/**
 * A table of numbers of the user's own: CSV (commas, semicolons or tabs; a first line of names is passed over), or IDX. A
 * row is a vector; an IDX file's first side counts vectors.
 *
 * @module
 */
import { type Dataset, InputError, type Vector } from "../operators/records.ts";
import { sha256 } from "./checksum.ts";
import { datasetOf } from "./dataset.ts";
import { looksLikeIdx, parseIdx } from "./idx.ts";
import { decodeText, lineOf } from "./text.ts";

/** Decimal numbers as programs write them; what isn't finite is refused. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads a file of numbers.
 *
 * @throws InputError of one line, naming the file and, where there is one, the line and the column.
 */
export async function numericFile(path: string): Promise<Dataset<Vector>> {
  const file = JSON.stringify(path);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound ? "a missing file" : String(error).split("\n")[0];
    throw new InputError(`Cannot read ${file} as it must be a file of numbers: current value is ${reason}`);
  }
  const vectors = looksLikeIdx(bytes) ? ofIdx(bytes, file) : ofText(bytes, file);
  const name = path.split(/[\\/]/).at(-1)!;
  return datasetOf(vectors, {
    name: `${name} (numbers)`,
    split: name,
    licence: "as its owner states; the file's format names none",
    citation: `${name}, read from a file`,
    checksum: await sha256(bytes),
  });
}

function ofIdx(bytes: Uint8Array, file: string): Vector[] {
  const { shape: [count], values } = parseIdx(bytes, file);
  const width = values.length / count;
  if (!(width >= 1)) throw new InputError(`Cannot read ${file} as it must hold a vector: current value is none`);
  return Array.from({ length: count }, (_, at) => ({
    id: `${at + 1}`,
    values: values.subarray(at * width, (at + 1) * width),
  }));
}

function ofText(bytes: Uint8Array, file: string): Vector[] {
  const text = decodeText(bytes);
  const refuse = (rule: string, value: string) =>
    new InputError(`Cannot read ${file}${rule}: current value is ${value}`);
  if (typeof text !== "string") {
    throw refuse(
      `, line ${lineOf(bytes, text)}, as it must be IDX, or CSV text in UTF-8 or Latin-1`,
      `${text.what} at byte ${text.offset + 1} of the file`,
    );
  }
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const first = lines.find((line) => line.trim() !== "");
  if (first === undefined) throw refuse(" as it must have a row of numbers", "an empty file");
  const separator = ["\t", ";", ","].find((mark) => first.includes(mark)) ?? ",";
  const vectors: Vector[] = [];
  let width: number | undefined;
  lines.forEach((line, at) => {
    if (line.trim() === "") return;
    const cells = line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
    const named = width === undefined &&
      !cells.some((cell) => NUMBER.test(cell) || /^[+-]?(nan|inf(inity)?)$/i.test(cell));
    width ??= cells.length;
    if (cells.length !== width) {
      throw refuse(`, line ${at + 1}, as every row must have ${width} cells as the first has`, `${cells.length} cells`);
    }
    if (named) return;
    const values = Float32Array.from(cells, (cell, column) => {
      const value = NUMBER.test(cell) ? Math.fround(Number(cell)) : NaN;
      if (Number.isFinite(value)) return value;
      throw refuse(
        `, line ${at + 1}, column ${column + 1}, as a cell must be a finite number`,
        JSON.stringify(cell.slice(0, 40)),
      );
    });
    vectors.push({ id: `line ${at + 1}`, values });
  });
  if (vectors.length === 0) throw refuse(" as it must have a row of numbers", "names alone");
  return vectors;
}
