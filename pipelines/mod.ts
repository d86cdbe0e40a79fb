/**
 * Pipelines: one question a file.
 *
 * @module
 */
import { autoencoderExperiment } from "./autoencoder.ts";
import { contextExperiment } from "./context.ts";
import type { Experiment } from "./experiment.ts";
import { engineExperiment } from "./engine.ts";
import { kernelsExperiment } from "./kernels.ts";
import { recursiveExperiment } from "./recursive.ts";
import { pathsExperiment } from "./paths.ts";
import { scoresExperiment } from "./scores.ts";

export * from "./experiment.ts";
export { Store } from "./run/store.ts";
export { type StoredChain, type TrialSink, withStore } from "./run/with_store.ts";

/** Every question, in the order of the site. */
export const experiments: readonly Experiment[] = [
  scoresExperiment,
  pathsExperiment,
  kernelsExperiment,
  contextExperiment,
  recursiveExperiment,
  autoencoderExperiment,
  engineExperiment,
];
