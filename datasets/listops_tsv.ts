/**
 * ListOps from a file in Long Range Arena's format: a header `Source`, tab, `Target`; then an expression, a tab, and its
 * value a line. The parentheses that the files have around every step are no symbols, and are left out.
 *
 * Source: Tay et al. 2021, Long Range Arena: `basic_train.tsv`, `basic_val.tsv`, `basic_test.tsv` of its release.
 *
 * @module
 */
import { type Dataset, type Example, InputError } from "../operators/records.ts";
import { sha256 } from "./checksum.ts";
import { datasetOf } from "./dataset.ts";
import { evaluated } from "./listops.ts";
import { decodeText } from "./text.ts";

/** The largest file that is read, in bytes; Long Range Arena's training file has 0.6 GB. */
const MAX_BYTES = 2 ** 30;

/**
 * Reads a ListOps file: one example a line, in the file's order. Every expression is evaluated, and must give the value
 * beside it.
 *
 * @throws InputError of one line, naming the file and, where there is one, the line.
 */
export async function listopsFile(path: string): Promise<Dataset<Example>> {
  const file = JSON.stringify(path);
  const bytes = await read(path, file);
  const text = decodeText(bytes);
  if (typeof text !== "string") {
    const line = bytes.subarray(0, text.offset).reduce((lines, byte) => byte === 10 ? lines + 1 : lines, 1);
    throw new InputError(
      `Cannot read ${file}, line ${line}, as ListOps must be text: current value is ${text.what} at byte ` +
        `${text.offset + 1} of the file`,
    );
  }
  const items: Example[] = [];
  for (const [at, raw] of text.split("\n").entries()) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    const refuse = (rule: string, value: string) => {
      throw new InputError(`Cannot read ${file}, line ${at + 1}, as ${rule}: current value is ${value}`);
    };
    if (at === 0) {
      if (line !== "Source\tTarget") refuse("the first line must be Source, a tab, Target", quote(line));
      continue;
    }
    if (line === "") continue;
    const fields = line.split("\t");
    if (fields.length !== 2) refuse("a line must be an expression, a tab and a digit", `${fields.length} fields`);
    const [expression, target] = fields;
    const source = expression.split(" ").filter((symbol) => symbol !== "" && symbol !== "(" && symbol !== ")");
    const value = evaluated(source);
    if (typeof value !== "number") refuse((value as { rule: string }).rule, (value as { value: string }).value);
    if (!/^[0-9]$/.test(target)) refuse("the target must be a digit", quote(target));
    if (Number(target) !== value) refuse(`the target must be the expression's value ${value}`, target);
    items.push({ id: `line ${at + 1}`, source, targets: [[target]] });
  }
  if (items.length === 0) {
    throw new InputError(`Cannot read ${file} as it must have an example: current value is a file without any`);
  }
  const name = path.split(/[\\/]/).at(-1)!;
  return datasetOf(items, {
    name: `${name} (ListOps in Long Range Arena's format)`,
    split: name,
    licence: "as its owner states; Long Range Arena's code is Apache-2.0",
    citation: "Nangia & Bowman 2018; Tay et al. 2021, Long Range Arena",
    checksum: await sha256(bytes),
  });
}

async function read(path: string, file: string): Promise<Uint8Array<ArrayBuffer>> {
  const refuse = (rule: string, value: string) =>
    new InputError(`Cannot read ${file} as ${rule}: current value is ${value}`);
  try {
    const { isFile, isDirectory, size } = await Deno.stat(path);
    if (!isFile) throw refuse("ListOps must be a file", isDirectory ? "a directory" : "a device or pipe");
    if (size > MAX_BYTES) throw refuse(`ListOps may have ${MAX_BYTES} bytes at most`, `${size} bytes`);
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (error instanceof Deno.errors.NotFound) throw refuse("ListOps must be a file", "a missing file");
    throw refuse("ListOps must be readable", (error instanceof Error ? error.message : String(error)).split("\n")[0]);
  }
}

function quote(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}
