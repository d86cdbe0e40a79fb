/**
 * What does an attention that is cheaper than softmax give up? Recall, structure, and reading, by state size and by cost.
 *
 * One small transformer, in which nothing but the attention differs, learns three tasks:
 *
 * - recall: multi-query associative recall (Zoology). One causal block without a perceptron, with a convolution over two
 *   positions before the projections, so that a value's key can hold the symbol before it. Softmax then learns 16 pairs
 *   in a hundred steps (two blocks without the convolution need an induction head first, and take many times as long).
 * - listops: nested lists (ListOps as in Long Range Arena), generated or from its files.
 * - bytes: sentiment of film reviews, byte by byte (Long Range Arena's Text), the official split.
 *
 * Quick profile: three seeds of four mechanisms in about a minute on two cores: recall of 16 pairs, which separates them,
 * and ListOps of up to 10 symbols. Full profile: seven mechanisms, more pairs and widths, longer sequences, and bytes: a
 * night.
 *
 * Bytes are left out of the quick profile (`--set tasks=bytes` asks for them), as a trial takes minutes: 600 steps of the
 * first 1,000 bytes, read by one block without positions (elu + 1 gets 68%). For comparison, logistic regression on how
 * often each byte occurs gets 61%, on which pairs of bytes occur 73%.
 *
 * Sources: Arora et al. 2024 (Zoology; Based); Tay et al. 2021 (Long Range Arena); Nangia & Bowman 2018; Maas et al. 2011.
 *
 * @module
 */
import { attentionMechanisms } from "../operators/mod.ts";
import { InputError } from "../operators/records.ts";
import { attentionNames } from "./attention_module.ts";
import { contextPage } from "./context/page.ts";
import { checkBatch } from "./context/sizes.ts";
import { runContextTrial } from "./context/trial.ts";
import type { Experiment, Options, OptionSpec } from "./experiment.ts";

const usual = ["softmax", "poly2", "elu", "relu", "favor-positive", "taylor", "cosformer"];

const options = {
  attentions: {
    kind: "list",
    help: "mechanisms to compare; a module (./mine.ts) may export a mechanism of your own as its default",
    default: { quick: ["softmax", "elu", "favor-positive", "taylor"], full: usual },
    choices: attentionNames,
    modules: true,
  },
  tasks: {
    kind: "list",
    help: "what is learnt",
    default: { quick: ["recall", "listops"], full: ["recall", "listops", "bytes"] },
    choices: ["recall", "listops", "bytes"],
  },
  pairs: {
    kind: "list",
    help: "recall: numbers of pairs, such as 8,16",
    default: { quick: ["16"], full: ["8", "16", "32"] },
  },
  widths: {
    kind: "list",
    help: "recall: widths of the model, one head, which decide the size of the state",
    default: { quick: ["16", "32"], full: ["16", "32", "64"] },
  },
  symbols: {
    kind: "integer",
    help: "recall: symbols, half keys and half values",
    default: { quick: 64, full: 128 },
    min: 2,
    max: 65536,
  },
  recallSteps: {
    kind: "integer",
    help: "recall: gradient steps, 32 fresh examples each",
    default: { quick: 200, full: 1600 },
    min: 1,
    max: 1_000_000,
  },
  recallRate: {
    kind: "number",
    help: "recall: Adam's learning rate at the first step; falls to 0 in a straight line",
    default: { quick: 1e-2, full: 5e-3 },
    min: 1e-8,
    max: 1,
  },
  depth: {
    kind: "integer",
    help: "listops: most lists within lists",
    default: { quick: 2, full: 10 },
    min: 1,
    max: 100,
  },
  arguments: {
    kind: "integer",
    help: "listops: most arguments of an operator",
    default: { quick: 3, full: 10 },
    min: 2,
    max: 100,
  },
  shortest: { kind: "integer", help: "listops: fewest symbols", default: { quick: 4, full: 50 }, min: 1, max: 100_000 },
  longest: { kind: "integer", help: "listops: most symbols", default: { quick: 10, full: 250 }, min: 4, max: 100_000 },
  listopsTrain: {
    kind: "file",
    help: "listops: training examples in Long Range Arena's TSV format instead",
    default: { quick: "", full: "" },
  },
  listopsTest: {
    kind: "file",
    help: "listops: test examples in Long Range Arena's TSV format instead",
    default: { quick: "", full: "" },
  },
  bytes: {
    kind: "integer",
    help: "bytes of a review that are read",
    default: { quick: 1000, full: 1000 },
    min: 1,
    max: 100_000,
  },
  bytesWidth: {
    kind: "integer",
    help: "bytes: width of the model",
    default: { quick: 32, full: 32 },
    min: 1,
    max: 4096,
  },
  bytesHeads: {
    kind: "integer",
    help: "bytes: heads, a divisor of the width",
    default: { quick: 2, full: 2 },
    min: 1,
    max: 64,
  },
  bytesBlocks: { kind: "integer", help: "bytes: blocks", default: { quick: 1, full: 1 }, min: 1, max: 48 },
  bytesSteps: {
    kind: "integer",
    help: "bytes: gradient steps, 32 examples each",
    default: { quick: 600, full: 600 },
    min: 1,
    max: 10_000_000,
  },
  bytesRate: {
    kind: "number",
    help: "bytes: Adam's learning rate after its warm-up; falls to 0 in a straight line",
    default: { quick: 1e-2, full: 1e-2 },
    min: 1e-8,
    max: 1,
  },
  width: {
    kind: "integer",
    help: "listops: width of the model",
    default: { quick: 32, full: 64 },
    min: 1,
    max: 4096,
  },
  heads: {
    kind: "integer",
    help: "listops: heads, a divisor of the width",
    default: { quick: 2, full: 4 },
    min: 1,
    max: 64,
  },
  blocks: { kind: "integer", help: "listops: blocks", default: { quick: 1, full: 2 }, min: 1, max: 48 },
  steps: {
    kind: "integer",
    help: "listops: gradient steps, 32 examples each",
    default: { quick: 120, full: 4000 },
    min: 1,
    max: 10_000_000,
  },
  rate: {
    kind: "number",
    help: "listops: Adam's learning rate at the first step; falls to 0 in a straight line",
    default: { quick: 1e-2, full: 1e-3 },
    min: 1e-8,
    max: 1,
  },
  test: {
    kind: "integer",
    help: "test examples of each task",
    default: { quick: 512, full: 2000 },
    min: 1,
    max: 25_000,
  },
} as const satisfies Record<string, OptionSpec>;

/** What each task's trials depend on, beside the attention: the name in a trial, and the option that gives it. */
const PARTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  listops: {
    ...Object.fromEntries(["width", "heads", "blocks", "steps", "rate"].map((name) => [name, name])),
    ...Object.fromEntries(
      ["depth", "arguments", "shortest", "longest", "listopsTrain", "listopsTest"].map((name) => [name, name]),
    ),
  },
  bytes: {
    bytes: "bytes",
    width: "bytesWidth",
    heads: "bytesHeads",
    blocks: "bytesBlocks",
    steps: "bytesSteps",
    rate: "bytesRate",
  },
};

/** The experiment: `deno task pipeline context`. */
export const contextExperiment: Experiment = {
  name: "context",
  question: "What does an attention that is cheaper than softmax give up?",
  version: "3",
  options,
  seeds: { quick: 3, full: 3 },
  configurations(options: Options) {
    try {
      return Promise.resolve(checkedTrials(options));
    } catch (error) {
      return Promise.reject(error);
    }
  },
  run: runContextTrial,
  page: contextPage,
};

/** Trials whose batches can fit; a mechanism of one's own is looked at when its trial begins. */
function checkedTrials(options: Options): Options[] {
  const trials = everyTrial(options);
  for (const trial of trials) {
    const attention = attentionMechanisms.find(({ name }) => name === trial.attention);
    if (attention && !trial.listopsTrain && !trial.listopsTest) checkBatch(trial, attention);
  }
  return trials;
}

function everyTrial(options: Options): Options[] {
  const pick = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, options[name]]));
  const sizes = { pairs: numbers(options, "pairs"), widths: numbers(options, "widths") };
  const least = 2 * Math.max(...sizes.pairs);
  if (Number(options.symbols) < least || Number(options.symbols) % 2 !== 0) {
    throw new InputError(
      `Cannot use --set symbols=${options.symbols} as symbols must be even, and at least ${least} for ` +
        `${Math.max(...sizes.pairs)} pairs: current value is ${options.symbols}`,
    );
  }
  for (const [width, heads] of [["width", "heads"], ["bytesWidth", "bytesHeads"]]) {
    if (Number(options[width]) % Number(options[heads]) === 0) continue;
    throw new InputError(
      `Cannot use --set ${heads}=${options[heads]} as ${heads} must divide the width ${options[width]}: ` +
        `current value is ${options[heads]}`,
    );
  }
  if (Number(options.shortest) > Number(options.longest)) {
    throw new InputError(
      `Cannot use --set shortest=${options.shortest} as shortest must be at most longest, ${options.longest}: ` +
        `current value is ${options.shortest}`,
    );
  }
  return (options.tasks as readonly string[]).flatMap((task) =>
    (options.attentions as readonly string[]).flatMap((attention): Options[] =>
      task === "recall"
        ? sizes.pairs.flatMap((pairs) =>
          sizes.widths.map((width) => ({
            ...pick(["symbols", "test"]),
            task,
            attention,
            pairs,
            width,
            steps: options.recallSteps,
            rate: options.recallRate,
          }))
        )
        : [{
          ...Object.fromEntries(Object.entries(PARTS[task]).map(([name, option]) => [name, options[option]])),
          ...pick(["test"]),
          task,
          attention,
        }]
    )
  );
}

function numbers(options: Options, key: "pairs" | "widths"): number[] {
  return (options[key] as readonly string[]).map((text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 1 || value > 4096) {
      throw new InputError(
        `Cannot use --set ${key}=${
          options[key]
        } as ${key} must be whole numbers from 1 to 4096: current value is ${text}`,
      );
    }
    return value;
  });
}
