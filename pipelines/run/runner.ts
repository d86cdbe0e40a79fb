/**
 * From a plan to stored rows: what is finished is skipped, what was interrupted goes on, one failed trial doesn't stop
 * the others, and every event is stored before the next one is looked at.
 *
 * @module
 */
import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  ignoreElements,
  lastValueFrom,
  mergeMap,
  type Observable,
  takeUntil,
  tap,
} from "rxjs";
import { InputError } from "../../operators/records.ts";
import type { Machine, Options, Profile, Trial, TrialEvent } from "../experiment.ts";
import type { Executor } from "./executor.ts";
import type { Loaded } from "./load.ts";
import type { Progress } from "./progress.ts";
import type { Store } from "./store.ts";

/** One pipeline of a call: the experiment, what was asked of it, and the trials that answer. */
export interface Plan extends Loaded {
  readonly options: Options;
  readonly profile: Profile;
  /** The command that asks for this pipeline alone. */
  readonly command: string;
  readonly trials: readonly Trial[];
}

/** What {@linkcode runPlans} works with. */
export interface RunContext {
  readonly store: Store;
  readonly executor: Executor;
  /** Trials that run at once. */
  readonly workers: number;
  readonly progress: Progress;
  readonly machine: Machine;
  /** Its first value stops the run. */
  readonly stop: Observable<unknown>;
}

/** How a run ended. */
export interface Outcome {
  readonly failures: readonly { readonly trial: Trial; readonly message: string }[];
  readonly interrupted: boolean;
}

/**
 * Runs what isn't finished of these plans.
 *
 * @throws InputError when another process runs trials with the store, when the store refuses rows, or when a trial finds
 *     its input unusable (the same input would fail the other trials too). What was stored stays.
 */
export async function runPlans(plans: readonly Plan[], context: RunContext): Promise<Outcome> {
  const { store, executor, workers, progress, machine, stop } = context;
  store.lock();
  const runs = new Map<string, number>();
  for (const { experiment, module, profile, command, trials } of plans) {
    const ids = trials.map((trial) => trial.id);
    runs.set(
      experiment.name,
      store.begin({ pipeline: experiment.name, module, profile, command, trials: ids, machine }),
    );
  }
  const all = plans.flatMap((plan) => plan.trials);
  const finished = store.finished(all.map((trial) => trial.id));
  const failures: { trial: Trial; message: string }[] = [];
  let interrupted = false;

  const runOne = (trial: Trial): Observable<TrialEvent> =>
    defer(() => {
      const checkpoint = store.claim(trial, runs.get(trial.pipeline));
      progress.begin(trial, checkpoint !== undefined);
      return executor.run(trial, { checkpoint });
    }).pipe(
      tap({
        next: (event) => {
          store.append(trial.id, event);
          progress.update(trial, event.progress);
        },
        complete: () => {
          store.finish(trial.id);
          progress.finish(trial);
        },
      }),
      catchError((error) => {
        if (error instanceof InputError) throw error;
        const message = (error instanceof Error ? error.message : String(error)).split("\n")[0];
        store.fail(trial.id, message);
        failures.push({ trial, message });
        progress.fail(trial, message);
        return EMPTY;
      }),
    );

  const stopped = stop.pipe(tap(() => interrupted = true));
  progress.start(all, finished);
  try {
    const alone = new Set(plans.filter((plan) => plan.experiment.alone).map((plan) => plan.experiment.name));
    const open = all.filter((trial) => !finished.has(trial.id));
    const [timed, shared] = [true, false].map((own) => open.filter(({ pipeline }) => alone.has(pipeline) === own));
    const work = concat(
      from(shared).pipe(mergeMap(runOne, workers)),
      // Two trials at once would measure each other.
      from(timed).pipe(concatMap(runOne)),
    ).pipe(
      ignoreElements(),
      takeUntil(stopped),
    );
    await lastValueFrom(work, { defaultValue: undefined });
    if (!interrupted) runs.forEach((run) => store.end(run));
  } finally {
    progress.close();
    executor.close();
  }
  return { failures, interrupted };
}
