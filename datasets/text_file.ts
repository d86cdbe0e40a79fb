/**
 * A text file of the user's, whole and decoded, or one line that says what is wrong with it and where.
 *
 * @module
 */
import { InputError } from "../operators/records.ts";
import { decodeText, lineOf } from "./text.ts";

/** The largest file that is read, in bytes. */
const MAX_BYTES = 2 ** 30;

/**
 * Reads a text file in UTF-8 or Latin-1.
 *
 * @param what What the file holds, in the plural: `sentences`, `trees`.
 * @throws InputError of one line; for a wrong encoding with line and byte.
 */
export async function readText(
  path: string,
  what: string,
): Promise<{ readonly text: string; readonly bytes: Uint8Array<ArrayBuffer> }> {
  const file = JSON.stringify(path);
  const refuse = (rule: string, value: string) =>
    new InputError(`Cannot read ${what} from ${file} as ${rule}: current value is ${value}`);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    const { isFile, isDirectory, size } = await Deno.stat(path);
    if (!isFile) throw refuse("it must be a file", isDirectory ? "a directory" : "a device or pipe");
    if (size === 0) throw refuse(`it must hold ${what}`, "an empty file");
    if (size > MAX_BYTES) throw refuse(`it may have ${MAX_BYTES} bytes at most`, `${size} bytes`);
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (error instanceof Deno.errors.NotFound) throw refuse("it must be a file", "a missing file");
    throw refuse("it must be readable", (error instanceof Error ? error.message : String(error)).split("\n")[0]);
  }
  const text = decodeText(bytes);
  if (typeof text === "string") return { text, bytes };
  throw new InputError(
    `Cannot read ${file}, line ${lineOf(bytes, text)}, as ${what} must be text in UTF-8 or Latin-1: ` +
      `current value is ${text.what} at byte ${text.offset + 1} of the file`,
  );
}
