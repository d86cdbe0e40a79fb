/**
 * Which score function should I use: dot, general, concat, location, or scaled dot?
 *
 * One encoder-decoder with attention (bidirectional GRU; Luong's path; greedy while it trains, a beam at the end) learns
 * to pronounce English words, once a score function and seed. Nothing differs between trials but the score. All five see
 * a memory as wide as the decoder's state (each direction of the encoder has half the units), because dot can't be asked
 * otherwise, and no score is given a projection of its own that it doesn't have by definition.
 *
 * Quick profile: 80,000 words once, 96 units, 3 seeds: about 25 s a trial, PER about 11.5%. Full profile: 12 passes over
 * all words with 512 units and dropout: 58 minutes a trial on one core. Learning from the literature's training words,
 * general got 7.60% PER and 32.00% WER on the literature's dev words (as `test`: a beam), and 6.05% and 26.6% on dev words
 * split off the training file (greedy).
 *
 * Sources: Luong et al. 2015, sections 3 and 3.1; Bahdanau et al. 2015, appendix A.1.2; Vaswani et al. 2017, section
 * 3.2.1.
 *
 * @module
 */
import { scores } from "../operators/mod.ts";
import { InputError } from "../operators/records.ts";
import { dataOptions } from "./pronunciation.ts";
import type { Experiment, Options, OptionSpec } from "./experiment.ts";
import { scoresPage } from "./scores/page.ts";
import { runScoreTrial } from "./scores/trial.ts";

/** The scores that the notes compare. */
const compared = ["dot", "general", "concat", "location", "scaledDot"] as const;

const options = {
  scores: {
    kind: "list",
    help: "score functions to compare; a module (./mine.ts) may export a score of your own as its default",
    default: { quick: compared, full: compared },
    choices: Object.keys(scores),
    modules: true,
  },
  ...dataOptions,
  words: { ...dataOptions.words, default: { quick: 80_000, full: 0 } },
  units: {
    kind: "integer",
    help: "units of the decoder, even; each direction of the encoder has half",
    default: { quick: 96, full: 512 },
    min: 2,
    max: 2048,
  },
  embedding: {
    kind: "integer",
    help: "width of letter and phoneme embeddings",
    default: { quick: 32, full: 64 },
    min: 1,
    max: 2048,
  },
  batch: { kind: "integer", help: "words a step", default: { quick: 64, full: 64 }, min: 1, max: 4096 },
  epochs: {
    kind: "integer",
    help: "passes over the training words",
    default: { quick: 1, full: 12 },
    min: 1,
    max: 1000,
  },
  rate: {
    kind: "number",
    help: "Adam's learning rate at the first step; falls to 0 in a straight line",
    default: { quick: 1e-2, full: 1.5e-3 },
    min: 1e-8,
    max: 1,
  },
  dropout: {
    kind: "number",
    help: "share of embeddings, memory and attentional vector that training drops",
    default: { quick: 0, full: 0.2 },
    min: 0,
    max: 0.9,
  },
  clip: { kind: "number", help: "largest global gradient norm", default: { quick: 1, full: 1 }, min: 1e-6, max: 1e6 },
  beams: {
    kind: "integer",
    help: "hypotheses kept by the search that scores the test words; 1 is greedy",
    default: { quick: 3, full: 5 },
    min: 1,
    max: 30,
  },
} as const satisfies Record<string, OptionSpec>;

/** The experiment: `deno task pipeline scores`. */
export const scoresExperiment: Experiment = {
  name: "scores",
  question: "Which score function should I use: dot, general, concat, location, or scaled dot?",
  version: "3",
  options,
  seeds: { quick: 3, full: 3 },
  configurations({ scores, ...shared }: Options) {
    if (Number(shared.units) % 2 !== 0) {
      return Promise.reject(
        new InputError(
          `Cannot use --set units=${shared.units} as units must be even (each direction of the encoder has half): ` +
            `current value is ${shared.units}`,
        ),
      );
    }
    return Promise.resolve((scores as readonly string[]).map((score) => ({ ...shared, score })));
  },
  run: runScoreTrial,
  page: scoresPage,
};
