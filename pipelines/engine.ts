/**
 * How fast is the engine, and where is the limit?
 *
 * Every kernel of the pack is timed beside a loop of multiply-adds in registers, which is all that this processor can do
 * with the instructions that a browser's engine gives; and a training step with the pack beside the same step on the stock
 * wasm backend. All figures are ratios of neighbours in time, so that a busy machine moves both sides.
 *
 * Quick profile: under 15 s on one core. Full profile: more repetitions, and a step with 256 units.
 *
 * Source: Williams, Waterman & Patterson 2009, "Roofline", for the two limits, arithmetic and memory.
 *
 * @module
 */
import type { Experiment, Options, OptionSpec } from "./experiment.ts";
import { enginePage } from "./engine/page.ts";
import { runEngineTrial } from "./engine/trial.ts";

const options = {
  rounds: {
    kind: "integer",
    help: "repetitions of each kernel, each beside one of the peak",
    default: { quick: 7, full: 41 },
    min: 1,
    max: 10000,
  },
  steps: {
    kind: "integer",
    help: "training steps that are timed, with the pack and without it in turn",
    default: { quick: 5, full: 21 },
    min: 1,
    max: 10000,
  },
  units: { kind: "integer", help: "units of the trained model", default: { quick: 128, full: 256 }, min: 1, max: 2048 },
  batch: { kind: "integer", help: "words a training step", default: { quick: 64, full: 128 }, min: 1, max: 4096 },
} as const satisfies Record<string, OptionSpec>;

/** The experiment: `deno task pipeline engine`. */
export const engineExperiment: Experiment = {
  name: "engine",
  question: "How fast is the engine, and where is the limit?",
  version: "2",
  options,
  seeds: { quick: 1, full: 3 },
  configurations({ rounds, ...step }: Options) {
    const configurations: Options[] = [{ measures: "kernels", rounds }, { measures: "training", ...step }];
    return Promise.resolve(configurations);
  },
  run: runEngineTrial,
  page: enginePage,
};
