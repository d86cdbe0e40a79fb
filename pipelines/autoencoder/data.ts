/**
 * What an autoencoder learns from: vectors, their moments, and the principal directions to hold it against.
 *
 * @module
 */
import { datasetOf, mnist, numericFile } from "../../datasets/mod.ts";
import {
  chosenSpectrum,
  covarianceOf,
  type Eigen,
  momentsOf,
  rankOf,
  type SecondMoments,
  spanOf,
  symmetricEigen,
} from "../../operators/mod.ts";
import { type Dataset, InputError, type Vector } from "../../operators/records.ts";
import type { Options } from "../experiment.ts";

/** The widest vector that is taken: its second moments are a square matrix. */
const WIDEST = 2048;

/** Data of one trial. */
export interface TrialData {
  readonly vectors: Dataset<Vector>;
  readonly moments: SecondMoments;
  /** Of the second moments; of the covariance where biases take up the mean. Of centred vectors both are the same. */
  readonly eigen: Eigen;
}

const kept = new Map<string, Promise<TrialData>>();

/**
 * Reads what a trial's options name; once a process.
 *
 * @param light Checks without decomposing anything large.
 * @throws InputError when it can't be used, or K is over its rank.
 */
export async function dataOf(options: Options, seed: number, light = false): Promise<TrialData | undefined> {
  const { source, data, centre, images, bias, code } = options;
  const limit = (rank: number) => {
    if (Number(code) > rank) {
      throw new InputError(
        `Cannot learn a code as its width K must be at most the data's rank (${rank}): current value is ${code}`,
      );
    }
  };
  if (light && source === "mnist") {
    limit(spanOf(await mnist({ split: "test", size: Number(images) }), Number(code), Number(bias) === 1));
    return undefined;
  }
  const key = [source, data, centre, images, bias, source === "synthetic" ? seed : ""].join("|");
  let found = kept.get(key);
  if (!found) kept.set(key, found = prepare(options, seed));
  const ready = await found;
  limit(rankOf(ready.eigen.values));
  return ready;
}

async function prepare({ source, data, centre, images, bias }: Options, seed: number): Promise<TrialData> {
  const vectors = source === "synthetic"
    ? synthetic(seed)
    : source === "mnist"
    ? await mnist({ split: "test", size: Number(images) })
    : centre === "yes"
    ? centred(await numericFile(String(data)))
    : await numericFile(String(data));
  const [{ values: first }] = vectors;
  if (first.length > WIDEST) {
    throw new InputError(
      `Cannot learn from ${vectors.provenance.name} as a vector may have ${WIDEST} entries at most: current value is ${first.length}`,
    );
  }
  const moments = momentsOf(vectors);
  const matrix = bias ? covarianceOf(moments) : moments.second;
  const eigen = symmetricEigen({ rows: moments.width, columns: moments.width, values: matrix });
  return { vectors, moments, eigen: { ...eigen, values: eigen.values.map((mu) => Math.max(0, mu)) } };
}

/** Vectors less their mean. Sums are of differences from the first vector, so that a constant column is exactly 0. */
function centred(vectors: Dataset<Vector>): Dataset<Vector> {
  let origin: Vector["values"] | undefined;
  let mean = new Float64Array(0);
  for (const { values } of vectors) {
    if (!origin) [origin, mean] = [values, new Float64Array(values.length)];
    for (let at = 0; at < mean.length; at++) mean[at] += (values[at] - origin[at]) / vectors.length;
  }
  mean = mean.map((value, at) => value + origin![at]);
  return datasetOf(
    Array.from(vectors, ({ id, values }) => ({ id, values: values.map((value, at) => value - mean[at]) })),
    { ...vectors.provenance, name: `${vectors.provenance.name}, each column less its mean` },
  );
}

function synthetic(seed: number): Dataset<Vector> {
  const sigma = Array.from({ length: 20 }, (_, at) => 20 - at);
  return datasetOf(chosenSpectrum(sigma, seed), {
    name: "Synthetic vectors, 20 × 20, singular values 1 to 20",
    split: "all",
    licence: "made by this program from each trial's seed",
    citation: "after Kunin et al. 2019",
    checksum: "none: made from the seed",
  });
}
