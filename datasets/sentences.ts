/**
 * Labelled sentences of the user's own: one sentence a line, one file a class, words between blanks; the format of the
 * movie-review polarity data (`rt-polarity.pos`, `rt-polarity.neg`; Pang & Lee 2005) and of many others. Text is UTF-8 or
 * Latin-1 (see text.ts), line ends are LF or CR LF. Lines without words are passed over and counted.
 *
 * @module
 */
import { type Dataset, InputError, type Sentence } from "../operators/records.ts";
import { sha256 } from "./checksum.ts";
import { datasetOf } from "./dataset.ts";
import { avalanche, fnv1a } from "./hash.ts";
import { readText } from "./text_file.ts";

/** A file and the class of its sentences. */
export interface ClassFile {
  readonly label: string;
  readonly path: string;
}

/** How to read sentences. */
export interface SentencesOptions {
  /**
   * The most words a sentence may have: one endless line would otherwise decide the depth of a batch.
   * @default {1000}
   */
  readonly maxWords?: number;
  /** What the part is called. @default {"all"} */
  readonly split?: string;
}

/** Words of a line: runs of anything but white space, in lower case. */
export function wordsOf(line: string): string[] {
  return line.toLowerCase().split(/\s+/u).filter((word) => word !== "");
}

/**
 * Reads one file a class.
 *
 * @throws InputError of one line, naming the file and, where there is one, the line; also when there are fewer than two
 * classes.
 */
export async function sentences(
  files: readonly ClassFile[],
  options: SentencesOptions = {},
): Promise<Dataset<Sentence>> {
  const { maxWords = 1000, split = "all" } = options;
  const labels = new Set(files.map(({ label }) => label));
  if (labels.size < 2) {
    throw new InputError(
      `Cannot read sentences as there must be files of at least 2 classes: current value is ${
        [...labels].join(", ") || "none"
      }`,
    );
  }
  const items: Sentence[] = [];
  const sums: string[] = [];
  let blank = 0;
  for (const { label, path } of files) {
    const { text, bytes } = await readText(path, "sentences");
    sums.push(await sha256(bytes));
    const before = items.length;
    const lines = text.split("\n");
    lines.forEach((line, at) => {
      const words = wordsOf(line);
      if (words.length === 0) {
        if (at < lines.length - 1) blank++;
        return;
      }
      if (words.length > maxWords) {
        throw new InputError(
          `Cannot read ${JSON.stringify(path)}, line ${at + 1}, as a sentence may have ${maxWords} words at most: ` +
            `current value is ${words.length}`,
        );
      }
      items.push({ id: `${label}:${at + 1}`, source: words, targets: [[label]] });
    });
    if (items.length === before) {
      throw new InputError(
        `Cannot read ${JSON.stringify(path)} as it must hold a sentence: current value is a file without words`,
      );
    }
  }
  const names = files.map(({ path }) => path.split(/[\\/]/).at(-1)!);
  return datasetOf(items, {
    name: `${names.join(", ")} (one sentence a line, one file a class)`,
    split: blank === 0 ? split : `${split}, ${blank} ${blank === 1 ? "line" : "lines"} without words passed over`,
    licence: "as its owner states; the format names none",
    citation: `${names.join(", ")}, read from files`,
    checksum: sums.length === 1 ? sums[0] : await sha256(sums.join("\n")),
  });
}

/**
 * Parts a set into `folds` of equal size, class by class, in an order that a hash decides: fold `fold` is scored on, the
 * others are learnt from. The same sentences are in the same fold on every machine.
 *
 * @param seed Any whole number; the same for every trial of one cross-validation.
 * @throws InputError when there are fewer than 2 folds, or a class has fewer sentences than there are folds.
 */
export function crossValidation(
  all: Dataset<Sentence>,
  folds: number,
  fold: number,
  seed = 1,
): { readonly train: Dataset<Sentence>; readonly test: Dataset<Sentence> } {
  if (!(Number.isInteger(folds) && folds >= 2)) {
    throw new InputError(
      `Cannot cross-validate as folds must be a whole number of at least 2: current value is ${folds}`,
    );
  }
  const start = fnv1a(`fold:${seed}:`);
  const held = new Set<string>();
  for (const [label, members] of Map.groupBy(all, ({ targets }) => targets[0][0])) {
    if (members.length < folds) {
      throw new InputError(
        `Cannot cross-validate as each class must have a sentence for each of ${folds} folds: ` +
          `current value is ${members.length} of class ${label}`,
      );
    }
    const order = members.map(({ id }) => ({ id, key: avalanche(fnv1a(id, start)) }))
      .sort((a, b) => a.key - b.key || (a.id < b.id ? -1 : 1));
    order.forEach(({ id }, at) => {
      if (at % folds === fold) held.add(id);
    });
  }
  const part = (name: string, keep: (id: string) => boolean) =>
    datasetOf([...all].filter(({ id }) => keep(id)), {
      ...all.provenance,
      split: `${name} of ${all.provenance.split}, fold ${fold + 1} of ${folds}, seed ${seed}`,
    });
  return { train: part("train", (id) => !held.has(id)), test: part("test", (id) => held.has(id)) };
}
