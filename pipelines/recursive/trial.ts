/**
 * One trial of the recursive autoencoder: learn along one kind of tree, and measure what was built.
 *
 * Rows (every row carries the labels `composer`, `alpha`, `form`, `fold`):
 *
 * | metric | step | unit | further labels |
 * | --- | --- | --- | --- |
 * | `set` | 0 | sentences | set, name, split, licence, citation, checksum |
 * | `parameters` | 0 | 1 | kind: counted, predicted, words |
 * | `shape` | 0 | 1 | name, rows, columns |
 * | `loss/train`, `speed/sentences` | epoch | nats, 1/s | |
 * | `accuracy` | epochs | % | head: sentence, root; for baselines `composer` is theirs |
 * | `reconstruction/level`, `reconstruction/length` | level, words | 1 | |
 * | `child/more`, `child/fewer` | 0 | 1 | of merges whose children have unequal words |
 * | `norm/parent`, `norm/word`, `depth`, `depth/least`, `merges`, `candidates`, `candidates/inside` | 0 | 1 | |
 * | `tree` | node | 1 | sentence, start, end, text, height, left, right, positive, truth |
 * | `nearest` | rank | 1 | phrase, neighbour |
 *
 * @module
 */
import { deserialize, serialize } from "node:v8";
import { concat, concatMap, defer, filter, map, type Observable, of, range, tap, toArray } from "rxjs";
import {
  adam,
  batch,
  judge,
  linearDecay,
  minimise,
  type Parameters,
  pull,
  recursiveLoss,
  type RecursiveLossOptions,
  recursiveSum,
  seedFrom,
  shuffle,
  tokenize,
  train,
  withParameters,
} from "../../operators/mod.ts";
import type { Trial, TrialContext, TrialEvent } from "../experiment.ts";
import { baselineRows, dataRows, judgedRows, parameterRows, rowMaker } from "./measurements.ts";
import { type Setting, settingOf } from "./setting.ts";

interface Checkpoint {
  readonly epochs: number;
  readonly parameters: Awaited<ReturnType<Parameters["save"]>>;
}

/** Runs one trial; goes on after the last finished epoch when there is a checkpoint. */
export function runRecursiveTrial(trial: Trial, { checkpoint }: TrialContext): Observable<TrialEvent> {
  const before = checkpoint && deserialize(checkpoint) as Checkpoint;
  return defer(() => settingOf(trial)).pipe(
    concatMap((setting) =>
      withParameters(trial.seed, (parameters) => {
        if (before) parameters.restore(before.parameters);
        const start = before?.epochs ?? 0;
        const epochs = setting.size("epochs");
        return concat(
          start === 0 ? of({ rows: dataRows(setting), progress: 0 }) : of(),
          trial.options.optimiser === "lbfgs"
            ? allAtOnce(setting, parameters)
            : range(start + 1, epochs - start).pipe(concatMap((epoch) => oneEpoch(setting, parameters, epoch))),
          finish(setting, parameters, epochs),
        );
      })
    ),
  );
}

function oneEpoch(setting: Setting, parameters: Parameters, epoch: number): Observable<TrialEvent> {
  const { trial, sets: { train: learnt }, known, model, size } = setting;
  const epochs = size("epochs");
  const steps = Math.ceil(learnt.length / size("batch")) * epochs;
  let seen = 0, loss = 0, seconds = 0;
  return concat(
    pull(learnt).pipe(
      shuffle(seedFrom(trial.seed, `epoch ${epoch}`), learnt.length),
      tokenize(known),
      batch({ size: size("batch") }),
      train(model, {
        parameters,
        optimiser: adam(),
        learningRate: linearDecay(size("rate"), steps),
        loss: recursiveLoss(lossOf(setting)),
        clip: size("clip"),
      }),
      tap((step) => {
        seen += step.examples;
        loss += step.loss * step.examples;
        seconds += step.seconds;
      }),
      filter(({ step }) => step % 10 === 0),
      map(() => ({ rows: [], progress: 0.95 * (epoch - 1 + seen / learnt.length) / epochs })),
    ),
    defer(async (): Promise<TrialEvent> => {
      const state: Checkpoint = { epochs: epoch, parameters: await parameters.save() };
      const row = rowMaker(setting);
      return {
        rows: [
          row("loss/train", loss / seen, "nats", epoch),
          row("speed/sentences", seen / seconds, "1/s", epoch),
        ],
        checkpoint: serialize(state),
        progress: 0.95 * epoch / epochs,
      };
    }),
  );
}

/** Learns by L-BFGS: no state on the way, so that a killed trial begins anew. */
function allAtOnce(setting: Setting, parameters: Parameters): Observable<TrialEvent> {
  const { sets: { train: learnt }, known, model, size } = setting;
  const iterations = size("iterations");
  const row = rowMaker(setting);
  const started = performance.now();
  return pull(learnt).pipe(
    tokenize(known),
    batch({ size: 64 }),
    minimise(model, { parameters, loss: recursiveSum(lossOf(setting)), iterations }),
    map(({ step, loss, evaluations }): TrialEvent => ({
      rows: [
        row("loss/train", loss, "nats", step),
        row("speed/sentences", 1000 * evaluations * learnt.length / (performance.now() - started), "1/s", step),
      ],
      progress: 0.95 * step / iterations,
    })),
  );
}

function lossOf({ size }: Setting): RecursiveLossOptions {
  const decay = size("decay");
  return {
    alpha: size("alpha"),
    sentence: size("sentence"),
    decay: decay === 0 ? {} : { words: decay, recursive: decay, label: decay, sentence: decay },
  };
}

/** Judges the test sentences and measures their trees. One event: the end is stored whole or not at all. */
function finish(setting: Setting, parameters: Parameters, epochs: number): Observable<TrialEvent> {
  const { sets, known, model } = setting;
  return pull(sets.test).pipe(
    tokenize(known),
    batch({ size: 64 }),
    judge(model, parameters),
    toArray(),
    map((judged): TrialEvent => ({
      rows: [
        ...parameterRows(setting, parameters),
        ...judgedRows(setting, judged.flat(), epochs),
        ...baselineRows(setting, epochs),
      ],
      progress: 1,
    })),
  );
}
