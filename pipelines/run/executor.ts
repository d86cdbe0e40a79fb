/**
 * The port behind which trials run: in this process, in a pool of workers, later on several machines. Whoever runs a
 * trial answers with its events; storing them is the runner's work, so no executor knows the store.
 *
 * @module
 */
import { defer, type Observable } from "rxjs";
import type { Experiment, Trial, TrialContext, TrialEvent } from "../experiment.ts";

/** Runs trials, wherever they run. */
export interface Executor {
  /** Runs one trial. Unsubscribing stops it; an error is that trial's alone, and the executor takes the next one. */
  run(trial: Trial, context: TrialContext): Observable<TrialEvent>;
  /** Stops whatever runs and frees the machine. */
  close(): void;
}

/** Runs trials on this thread. For tests and debugging: training here would block timers and progress. */
export function inProcess(experiments: readonly Experiment[]): Executor {
  return {
    run: (trial, context) =>
      defer(() => {
        const experiment = experiments.find((each) => each.name === trial.pipeline);
        if (!experiment) {
          throw new Error(`Cannot run a trial as its pipeline must be known: current value is ${trial.pipeline}`);
        }
        return experiment.run(trial, context);
      }),
    close: () => {},
  };
}
