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
import { concat, concatMap, defer, filter, map, type Observable, of, reduce, tap } from "rxjs";
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
} from "../../operators/mod.ts";
import type { Measurement } from "../../operators/records.ts";
import { type Epoch, learnInEpochs } from "../epochs.ts";
import type { Trial, TrialContext, TrialEvent } from "../experiment.ts";
import { setRows } from "../rows.ts";
import { baselineRows, judging, parameterRows, rowMaker } from "./measurements.ts";
import { type Setting, settingOf } from "./setting.ts";

/** Runs one trial; goes on after the last finished epoch when there is a checkpoint. */
export function runRecursiveTrial(trial: Trial, context: TrialContext): Observable<TrialEvent> {
  return defer(() => settingOf(trial)).pipe(
    concatMap((setting) =>
      learnInEpochs(trial.seed, context, (parameters) => {
        const { train, test } = setting.sets;
        const first = of({ rows: setRows(rowMaker(setting), { train, test }, "sentences"), progress: 0 });
        const atOnce = trial.options.optimiser === "lbfgs";
        return {
          begin: () => atOnce ? concat(first, allAtOnce(setting, parameters)) : first,
          epochs: atOnce ? 0 : setting.size("epochs"),
          epoch: (epoch) => oneEpoch(setting, parameters, epoch),
          end: () => finish(setting, parameters),
        };
      })
    ),
  );
}

function oneEpoch(setting: Setting, parameters: Parameters, epoch: number): Epoch {
  const { trial, sets: { train: learnt }, known, model, size } = setting;
  const steps = Math.ceil(learnt.length / size("batch")) * size("epochs");
  const row = rowMaker(setting);
  let seen = 0, loss = 0, seconds = 0;
  return {
    learn: pull(learnt).pipe(
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
      map(() => seen / learnt.length),
    ),
    rows: defer(() =>
      of([row("loss/train", loss / seen, "nats", epoch), row("speed/sentences", seen / seconds, "1/s", epoch)])
    ),
  };
}

/** Learns by L-BFGS, without epochs: no state on the way, so that a killed trial begins anew. */
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

/** Judges the test sentences and measures their trees. */
function finish(setting: Setting, parameters: Parameters): Observable<Measurement[]> {
  const { sets, known, model, size } = setting;
  return pull(sets.test).pipe(
    tokenize(known),
    batch({ size: 64 }),
    judge(model, parameters),
    reduce((tally, judged) => {
      judged.forEach(tally.add);
      return tally;
    }, judging(setting)),
    map((tally) => [
      ...parameterRows(setting, parameters),
      ...tally.rows(size("epochs")),
      ...baselineRows(setting, size("epochs")),
    ]),
  );
}
