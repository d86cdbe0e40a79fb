/**
 * A pronouncing dictionary of the user's own, or any release of CMUdict, from a file in CMUdict's format:
 *
 * ```text
 * ;;; a comment
 * DATA  D EY1 T AH0
 * DATA(2)  D AE1 T AH0
 * aalborg AO1 L B AO0 R G # place, danish
 * ```
 *
 * A line is a word, blanks or tabs, and phonemes between blanks or tabs. `WORD(2)` and further lines for the same word
 * are variants of it. Comments are lines that begin with `;;;` or with `#` and a blank, and whatever follows a `#`
 * after the phonemes. (`#HASH-MARK` is a word of CMUdict 0.7b, and stays one.) Line ends are LF or CR LF; letters are
 * upper or lower case; text is UTF-8 or Latin-1 (see text.ts).
 *
 * @module
 */
import { type Dataset, type Example, InputError } from "../operators/records.ts";
import { sha256 } from "./checksum.ts";
import { datasetOf } from "./dataset.ts";
import { headword, type Pronunciations, pronunciations } from "./pronunciation.ts";
import { decodeText } from "./text.ts";

/** The largest file that is read, in bytes; CMUdict has 3.6 MB. */
const MAX_BYTES = 256 * 2 ** 20;

/** How to read a dictionary file. */
export interface DictionaryFileOptions {
  /**
   * Keep stress digits or remove them, as published results do.
   *
   * @default {false}
   */
  readonly stress?: boolean;
  /**
   * The most letters and the most phonemes that a word may have: one endless line would otherwise decide the width of
   * a batch. CMUdict's longest word has 34 letters.
   *
   * @default {64}
   */
  readonly maxLength?: number;
}

/**
 * Reads a dictionary file: one example a word, in the file's order, words in lower case, phonemes in upper case.
 *
 * @throws InputError of one line, naming the file and, where there is one, the line.
 */
export async function dictionaryFile(path: string, options: DictionaryFileOptions = {}): Promise<Dataset<Example>> {
  const { stress = false, maxLength = 64 } = options;
  const file = JSON.stringify(path);
  if (!Number.isInteger(maxLength) || maxLength < 1) {
    throw new InputError(
      `Cannot read ${file} as maxLength must be a whole number of at least 1: current value is ${maxLength}`,
    );
  }
  const bytes = await readBytes(path, file);
  const text = decodeText(bytes);
  if (typeof text !== "string") {
    const line = bytes.subarray(0, text.offset).reduce((lines, byte) => byte === 10 ? lines + 1 : lines, 1);
    throw new InputError(
      `Cannot read ${file}, line ${line}, as a dictionary must be text in UTF-8 or Latin-1: ` +
        `current value is ${text.what} at byte ${text.offset + 1} of the file`,
    );
  }

  const gathered = pronunciations(stress);
  const lines = text.split("\n");
  lines.forEach((line, at) => {
    const fault = readLine(line, gathered, maxLength);
    if (fault === undefined) return;
    const cut = fault.unfinished && at === lines.length - 1 ? " at the file's end, which seems truncated" : "";
    throw new InputError(
      `Cannot read ${file}, line ${at + 1}, as ${fault.rule}: current value is ${fault.value}${cut}`,
    );
  });
  const examples = gathered.examples();
  if (examples.length === 0) {
    throw new InputError(
      `Cannot read ${file} as a dictionary must have a line WORD  PH ON EM ES: current value is a file without any`,
    );
  }
  const name = path.split(/[\\/]/).at(-1)!;
  return datasetOf(examples, {
    name: `${name} (a dictionary in CMUdict's format)`,
    split: name,
    licence: "as its owner states; the file's format names none",
    citation: `${name}, read from a file`,
    checksum: await sha256(bytes),
  });
}

/** The bytes of a regular file that is not empty and not too large. */
async function readBytes(path: string, file: string): Promise<Uint8Array<ArrayBuffer>> {
  const refuse = (rule: string, value: string) =>
    new InputError(`Cannot read ${file} as ${rule}: current value is ${value}`);
  if (path === "") throw refuse("a dictionary must be a file", "an empty path");
  try {
    const { isFile, isDirectory, size } = await Deno.stat(path);
    if (!isFile) throw refuse("a dictionary must be a file", isDirectory ? "a directory" : "a device or pipe");
    if (size === 0) throw refuse("a dictionary must have a line WORD  PH ON EM ES", "an empty file");
    if (size > MAX_BYTES) throw refuse(`a dictionary may have ${MAX_BYTES} bytes at most`, `${size} bytes`);
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (error instanceof Deno.errors.NotFound) throw refuse("a dictionary must be a file", "a missing file");
    const reason = error instanceof Error ? error.message : String(error);
    throw refuse("a dictionary must be readable", reason.split("\n")[0]);
  }
}

interface Fault {
  readonly rule: string;
  readonly value: string;
  /** More of the line would have helped: at a file's end, a sign that the file was cut. */
  readonly unfinished?: boolean;
}

/** Reads one line into the gathered words; says what is wrong with it otherwise. */
function readLine(line: string, into: Pronunciations, maxLength: number): Fault | undefined {
  const written = line.endsWith("\r") ? line.slice(0, -1) : line;
  if (written.startsWith(";;;") || /^#?[ \t]*$/.test(written) || /^#[ \t]/.test(written)) return;

  const fields = written.split(/[ \t]+/);
  const word = headword(fields[0]).toLowerCase().normalize("NFC");
  if (word === "") return { rule: "a line must begin with a word", value: quote(written) };
  if (/[\s\p{C}]/u.test(word)) {
    return { rule: "a word must be of visible characters", value: JSON.stringify(clip(word)) };
  }
  const letters = word.length > maxLength ? Array.from(word).length : word.length;
  if (letters > maxLength) {
    return { rule: `a word may have ${maxLength} letters at most (maxLength)`, value: `${letters} in ${quote(word)}` };
  }

  const comment = fields.findIndex((field, at) => at > 0 && field.startsWith("#"));
  const phonemes = fields.slice(1, comment < 0 ? undefined : comment).filter((phoneme) => phoneme !== "");
  if (phonemes.length === 0) {
    return {
      rule: "a word must have phonemes (WORD  PH ON EM ES)",
      value: `${quote(fields[0])} alone`,
      unfinished: true,
    };
  }
  if (phonemes.length > maxLength) {
    return {
      rule: `a word may have ${maxLength} phonemes at most (maxLength)`,
      value: `${phonemes.length} for ${quote(word)}`,
    };
  }
  const symbols: string[] = [];
  for (const phoneme of phonemes) {
    const symbol = into.symbol(phoneme);
    if (symbol === undefined) {
      return {
        rule: "a phoneme must be letters and at most one stress digit 0, 1 or 2",
        value: `${quote(phoneme)} for ${quote(word)}`,
      };
    }
    symbols.push(symbol);
  }
  into.add(word, symbols);
}

/** A value as a message shows it: in quotes, and not longer than a line bears. */
function quote(value: string): string {
  return JSON.stringify(clip(value));
}

function clip(value: string): string {
  const characters = Array.from(value.slice(0, 82));
  return characters.length > 40 ? characters.slice(0, 40).join("") + "…" : value;
}
