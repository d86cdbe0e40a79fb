/**
 * Pairs of sentences, one in each of two languages, and line-aligned files of them: line i of one file is translated by
 * line i of the other, as in Multi30k.
 *
 * @module
 */
import { type Dataset, InputError } from "../operators/records.ts";
import { sha256 } from "./checksum.ts";
import { datasetOf } from "./dataset.ts";
import { readText } from "./text_file.ts";

/** A sentence and its translations. */
export interface Pair {
  /** Unique within its dataset. */
  readonly id: string;
  readonly source: string;
  /** Translations that count as right, at least one; the first is the one that is learnt. */
  readonly targets: readonly string[];
}

/** Which files to read. */
export interface LinePairsOptions {
  /** Path of the sentences. */
  readonly source: string;
  /** Path of their translations. */
  readonly target: string;
  /** Leave out pairs with more words than this on either side. @default {Infinity} */
  readonly maxWords?: number;
}

/**
 * Reads line-aligned files. Pairs with an empty line on either side are left out.
 *
 * @throws InputError of one line when a file can't be read, when the files have different numbers of lines, or when no
 *     pair is left.
 */
export async function linePairs({ source, target, maxWords = Infinity }: LinePairsOptions): Promise<Dataset<Pair>> {
  const read = await Promise.all([source, target].map((path) => readText(path, "sentences")));
  const [sources, targets] = read.map(({ text }) => linesOf(text));
  if (sources.length !== targets.length) {
    throw new InputError(
      `Cannot pair ${JSON.stringify(source)} with ${JSON.stringify(target)} as both must have as many lines: ` +
        `current value is ${sources.length} and ${targets.length}`,
    );
  }
  const fits = (text: string) => text !== "" && text.split(" ").length <= maxWords;
  const pairs = sources.flatMap((line, at): Pair[] =>
    fits(line) && fits(targets[at]) ? [{ id: `${at + 1} ${line}`, source: line, targets: [targets[at]] }] : []
  );
  if (pairs.length === 0) {
    throw new InputError(
      `Cannot pair ${JSON.stringify(source)} with ${JSON.stringify(target)} as there must be a pair of lines with ` +
        `${maxWords === Infinity ? "words" : `1 to ${maxWords} words`} on both sides: current value is 0 pairs`,
    );
  }
  const names = [source, target].map((path) => path.split(/[\\/]/).at(-1)!);
  return datasetOf(pairs, {
    name: `${names.join(" and ")} (line-aligned files)`,
    split: `${pairs.length} of ${sources.length} pairs`,
    licence: "as their owner states; the files name none",
    citation: `${names.join(" and ")}, read from files`,
    checksum: await sha256((await Promise.all(read.map(({ bytes }) => sha256(bytes)))).join(" ")),
  });
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => line.replace(/\s+/gu, " ").trim());
}
