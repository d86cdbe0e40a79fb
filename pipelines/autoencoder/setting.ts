/**
 * The fixed parts of one trial of the autoencoder pipeline.
 *
 * @module
 */
import type { LinearAutoencoder, Optimum } from "../../operators/mod.ts";
import type { Trial } from "../experiment.ts";
import type { TrialData } from "./data.ts";

/** The fixed parts of a trial. */
export interface Setting {
  readonly trial: Trial;
  readonly data: TrialData;
  readonly autoencoder: LinearAutoencoder;
  readonly optimum: Optimum;
  /** λ in the notes' normalisation. */
  readonly lambda: number;
  readonly rate: number;
  readonly momentum: number;
  /** The norm that a gradient is clipped to. */
  readonly clip: number;
}

/** Labels of every row of a trial. */
export function labelsOf({ trial: { options } }: Setting) {
  const { source, penalty, lambda, code, optimiser } = options;
  return {
    source: String(source),
    penalty: String(penalty),
    lambda: Number(lambda),
    code: Number(code),
    optimiser: String(optimiser),
  };
}
