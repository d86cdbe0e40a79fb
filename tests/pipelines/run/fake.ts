/**
 * Small experiments without tensors: deterministic rows, a checkpoint with every event, and every way to fail that the
 * runner must live through.
 *
 * @module
 */
import { concatMap, delay, map, type Observable, of, range, tap } from "rxjs";
import { InputError } from "../../../operators/records.ts";
import type { Experiment, Trial, TrialEvent } from "../../../pipelines/experiment.ts";

/** How the arm `right` misbehaves at its second step. */
const MODES = ["ok", "throw", "crash", "exit", "input"];

const same = <T>(value: T) => ({ quick: value, full: value });

/** Emits `steps` events of two rows each; the checkpoint is the number of the step. */
export const fake: Experiment = {
  name: "fake",
  question: "Does the runner keep every row?",
  version: "1",
  tensors: false,
  seeds: { quick: 2, full: 3 },
  options: {
    steps: { kind: "integer", help: "events a trial", default: { quick: 3, full: 5 }, min: 1, max: 1000 },
    pause: { kind: "number", help: "ms between events", default: same(0), min: 0 },
    mode: { kind: "text", help: "how a trial ends", default: same("ok"), choices: MODES },
    arms: {
      kind: "list",
      help: "what is compared",
      default: same(["left", "right"]),
      choices: ["left", "right"],
      modules: true,
    },
    words: { kind: "file", help: "a file", default: same("") },
    log: { kind: "text", help: "where starts are noted", default: same("") },
  },
  configurations: ({ arms, ...rest }) => Promise.resolve((arms as readonly string[]).map((arm) => ({ ...rest, arm }))),
  run: (trial, { checkpoint }) => events(trial, checkpoint?.[0] ?? 0),
  page: ({ trials, rows, command, profile }) =>
    Promise.resolve({
      name: "fake",
      question: fake.question,
      headline: `${rows.length} rows of ${trials.length} trials (${profile}): ${command}`,
      sections: [],
      rows,
    }),
};

function events(trial: Trial, from: number): Observable<TrialEvent> {
  const { steps, pause, mode, log, arm } = trial.options as Record<string, number> & { mode: string; log: string };
  if (log) Deno.writeTextFileSync(log, `${trial.id} ${from}\n`, { append: true });
  return range(from + 1, steps - from).pipe(
    concatMap((step) => Number(pause) > 0 ? of(step).pipe(delay(Number(pause))) : of(step)),
    tap((step) => {
      if (String(arm) === "right" && step === 2) misbehave(mode);
    }),
    map((step) => ({
      rows: ["a", "b"].map((metric) => ({
        trial: trial.id,
        metric,
        step,
        value: Math.sin(step * 7 + trial.seed + (metric === "a" ? 0 : 0.5)),
        unit: "1",
        labels: { arm: String(arm), seed: trial.seed },
      })),
      checkpoint: new Uint8Array([step]),
      progress: step / steps,
    })),
    // A crash comes a moment later; the trial must not be over by then.
    mode === "crash" || mode === "exit" ? delay(20) : tap(),
  );
}

function misbehave(mode: string): void {
  if (mode === "throw") throw new RangeError("the second step went wrong");
  if (mode === "input") throw new InputError("Cannot read the words as line 3 is empty");
  if (mode === "exit") Deno.exit(7);
  if (mode === "crash") {
    setTimeout(() => {
      throw new Error("out of the blue");
    }, 1);
  }
}
