/**
 * What does a regularised linear autoencoder really learn?
 *
 * A linear autoencoder learns synthetic vectors whose singular values are 1 to 20, and images of digits, under several
 * penalties, strengths and optimisers; what it learnt is held against the closed forms. λ is stated as Kunin et al. do,
 * added to a squared error that is a sum over vectors; the notes' λ is that over n.
 *
 * Synthetic vectors are learnt uncentred, as there; biases take up the digits' mean; of a table of one's own each column's
 * mean is subtracted first, so that directions are those of PCA (`--set centre=no` leaves it).
 *
 * Quick profile: 10,000 test images of MNIST as in Kunin et al., K = 9, biases; synthetic 20 × 20, K = 10.
 *
 * Sources: Kunin, Bloom, Goeva & Seed 2019; Bao, Lucas, Sachdeva & Grosse 2020.
 *
 * @module
 */
import { rankOf } from "../operators/mod.ts";
import { InputError } from "../operators/records.ts";
import { autoencoderPage } from "./autoencoder/page.ts";
import { runAutoencoderTrial } from "./autoencoder/trial.ts";
import { dataOf } from "./autoencoder/data.ts";
import type { Experiment, Options, OptionSpec } from "./experiment.ts";

const options = {
  data: {
    kind: "file",
    help: "numbers of your own, CSV or IDX, in place of the synthetic vectors and the digits",
    default: { quick: "", full: "" },
  },
  centre: {
    kind: "text",
    help:
      "of numbers of your own: yes subtracts each column's mean first, as PCA does; no learns from them as they are",
    default: { quick: "yes", full: "yes" },
    choices: ["yes", "no"],
  },
  lambdas: {
    kind: "list",
    help: "λ of the sum penalty, squared error summed over vectors; the first also serves other penalties",
    default: {
      quick: ["10", "200", "361", "441"],
      full: ["10", "1", "25", "49", "81", "121", "169", "225", "289", "361", "441"],
    },
  },
  code: { kind: "integer", help: "K, the width of the code", default: { quick: 10, full: 10 }, min: 1, max: 1024 },
  codes: {
    kind: "list",
    help: "other widths K, with the sum penalty and the first λ; those over the data's rank are left out",
    default: { quick: ["3", "15"], full: ["1", "3", "5", "15", "19"] },
  },
  unevenLambda: {
    kind: "number",
    help: "mean λ of the non-uniform penalty, whose own are 1, 3, 5, … K-ths of it",
    default: { quick: 60, full: 60 },
    min: 0,
    max: 1e9,
  },
  steps: {
    kind: "integer",
    help:
      "most gradient steps on vectors, two and three times as many by plain descent and with the non-uniform penalty",
    default: { quick: 600, full: 4000 },
    min: 10,
    max: 1e6,
  },
  images: {
    kind: "integer",
    help: "MNIST test images, 0 for none",
    default: { quick: 10_000, full: 10_000 },
    min: 0,
    max: 10_000,
  },
  imageCode: { kind: "integer", help: "K for images", default: { quick: 9, full: 9 }, min: 1, max: 784 },
  imageLambda: {
    kind: "number",
    help: "λ for images, squared error summed over them",
    default: { quick: 3125, full: 3125 },
    min: 0,
    max: 1e9,
  },
  imageSteps: {
    kind: "integer",
    help: "most gradient steps on images",
    default: { quick: 450, full: 3000 },
    min: 10,
    max: 1e6,
  },
  batch: {
    kind: "integer",
    help: "vectors a step; 0 learns from all at once, through their moments",
    default: { quick: 0, full: 0 },
    min: 0,
    max: 60_000,
  },
} as const satisfies Record<string, OptionSpec>;

/** The experiment: `deno task pipeline autoencoder`. */
export const autoencoderExperiment: Experiment = {
  name: "autoencoder",
  question: "What does a regularised linear autoencoder really learn?",
  version: "3",
  options,
  seeds: { quick: 3, full: 5 },
  async configurations(given: Options) {
    const {
      data,
      centre,
      lambdas,
      code,
      codes,
      unevenLambda,
      steps,
      images,
      imageCode,
      imageLambda,
      imageSteps,
      batch,
    } = given;
    const values = (lambdas as readonly string[]).map((text) => {
      const value = text.trim() === "" ? NaN : Number(text);
      if (Number.isFinite(value) && value >= 0) return value;
      throw new InputError(
        `Cannot use --set lambdas=${lambdas} as λ must be a number of at least 0: current value is ${text}`,
      );
    });
    const widths = (codes as readonly string[]).map((text) => {
      const value = text.trim() === "" ? NaN : Number(text);
      if (Number.isInteger(value) && value >= 1) return value;
      throw new InputError(
        `Cannot use --set codes=${codes} as K must be a whole number of at least 1: current value is ${text}`,
      );
    });
    const own = String(data) !== "";
    const vectors = {
      source: own ? "file" : "synthetic",
      data,
      ...(own ? { centre } : {}),
      code,
      steps,
      batch,
      bias: 0,
      images: 0,
    };
    const digits = {
      source: "mnist",
      data: "",
      code: imageCode,
      steps: imageSteps,
      batch,
      bias: 1,
      images,
      lambda: imageLambda,
    };
    const usual = { optimiser: "momentum" };
    // What the data can't bear is said before the first trial, in one line.
    const checked = await dataOf({ ...vectors, lambda: 0 }, 1, true);
    const rank = rankOf(checked?.eigen.values ?? []);
    const kinds = (penalties: readonly string[], shared: Options) =>
      penalties.map((penalty) => ({ ...shared, ...usual, penalty }));
    const all: Options[] = [
      ...values.map((lambda) => ({ ...vectors, ...usual, lambda, penalty: "sum" })),
      ...kinds(["product", "none", "nested"], { ...vectors, lambda: values[0] }),
      ...kinds(["non-uniform"], { ...vectors, lambda: unevenLambda, steps: 3 * Number(steps) }),
      ...widths.filter((width) => width !== code && width <= rank)
        .map((width) => ({ ...vectors, ...usual, lambda: values[0], penalty: "sum", code: width })),
      ...[["descent", 2], ["adam", 1]].map(([optimiser, times]) => ({
        ...vectors,
        optimiser,
        lambda: values[0],
        penalty: "sum",
        steps: Number(times) * Number(steps),
      })),
      ...(own || images === 0 ? [] : kinds(["sum", "product", "none"], digits)),
    ];
    if (!own && images !== 0) await dataOf(digits, 1, true);
    return all;
  },
  run: runAutoencoderTrial,
  page: autoencoderPage,
};
