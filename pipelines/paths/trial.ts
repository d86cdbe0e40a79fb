/**
 * One trial of the path comparison: learn with one composition and one seed, and measure on the way.
 *
 * Every row carries the labels `part`, `task`, `path`, `score`, `direction`, `scope` and `cell`.
 *
 * | metric | step | unit | further labels |
 * | --- | --- | --- | --- |
 * | `set` | 0 | examples | set, name, split, licence, citation, checksum |
 * | `parameters`, `operations` | 0 | 1 | of: encoder, attention, decoder |
 * | `loss/train`, `speed/examples`, `loss/curve`, `gradient/global` | as in the score comparison | | |
 * | `loss`, `per`, `wer`, `entropy/relative`, `alignment/error`, `coverage` | epoch | nats, %, 1 | set: dev, test |
 * | `length/wer`, `length/alignment` | length | % | reverse: sequences longer than those learnt from, too |
 * | `distance/gradient` | distance in steps | 1 | copy: gradient norm at a source symbol; when: before, after learning |
 * | `distance/own` | 0 | % | copy: share of it at the symbol that is copied; when |
 * | `precedes` | 0 | 1 | change of a step's weights when the symbol before it changes |
 * | `bleu`, `chrf` | epoch | % | translation: set |
 * | `scored` | epochs | examples | translation: test sentences that were scored |
 * | `set/given` | 0 | examples | translation: set; sentences that the data have, scored or not |
 * | `translation` | epochs | nats | translation: line of the test set, source, hypothesis, reference, reference2, ...; shown |
 * | `alignment` | epochs | 1 | word, letter, symbol, i (output), j (input) |
 *
 * @module
 */
import { concat, concatMap, defer, filter, map, type Observable, of, tap } from "rxjs";
import {
  adam,
  batch,
  evaluate,
  linearDecay,
  paddingShare,
  type Parameters,
  pull,
  seedFrom,
  shuffle,
  smoothedSequenceLoss,
  tokenize,
  train,
  warmUp,
} from "../../operators/mod.ts";
import type { Example, Measurement, Prediction } from "../../operators/records.ts";
import { EpochTally } from "../epoch_tally.ts";
import { type Epoch, learnInEpochs } from "../epochs.ts";
import type { Trial, TrialContext, TrialEvent } from "../experiment.ts";
import { evaluationRows, setRows } from "../rows.ts";
import { alignmentRows, costRows, distanceRows, lengthRows, orderRows } from "./measurements.ts";
import { gathering, givenRows, translationRows } from "./said.ts";
import { longest, type Setting, settingOf } from "./setting.ts";

/** Runs one trial; goes on after the last finished epoch when there is a checkpoint. */
export function runPathTrial(trial: Trial, context: TrialContext): Observable<TrialEvent> {
  return defer(() => settingOf(trial)).pipe(
    concatMap((setting) =>
      learnInEpochs(trial.seed, context, (parameters) => ({
        begin: () => firstRows(setting, parameters),
        epochs: setting.size("epochs"),
        epoch: (epoch) => oneEpoch(setting, parameters, epoch),
        end: () => finish(setting, parameters),
      }))
    ),
  );
}

/** What is known before anything is learnt, in one event. */
function firstRows(setting: Setting, parameters: Parameters): Observable<TrialEvent> {
  const { row, sets, task } = setting;
  const probed = task === "copy" ? distanceRows(setting, parameters, "before") : of([]);
  return probed.pipe(
    map((rows) => ({ rows: [...setRows(row, sets, "examples"), ...givenRows(setting), ...rows], progress: 0 })),
  );
}

function oneEpoch(setting: Setting, parameters: Parameters, epoch: number): Epoch {
  const { trial, learnt, vocabulary, model, size, sets, row } = setting;
  const steps = Math.ceil(learnt.length / size("batch")) * size("epochs");
  const warm = Math.max(1, Math.round(size("warmup") * steps));
  const tally = new EpochTally(row, epoch, learnt.length);
  return {
    learn: pull(learnt).pipe(
      shuffle(seedFrom(trial.seed, `epoch ${epoch}`), learnt.length),
      tokenize(vocabulary),
      batch({ size: size("batch") }),
      tap((batch) => tally.padding(paddingShare(batch))),
      train(model, {
        parameters,
        optimiser: adam(),
        learningRate: warmUp(size("rate"), warm, linearDecay(size("rate"), Math.max(1, steps - warm))),
        loss: smoothedSequenceLoss(size("smoothing")),
        clip: size("clip"),
        parallel: setting.parallel,
      }),
      tap((step) => tally.add(step)),
      filter(({ step }) => step % 25 === 0),
      map(() => tally.examples / learnt.length),
    ),
    rows: scoreSet(setting, parameters, sets.dev, 1).pipe(
      map((evaluation) => {
        const learning = tally.rows().filter(({ metric }) => !/gradient\/(query|memory)/.test(metric)); // not watched
        return [...learning, ...evaluationRows(row, evaluation, epoch, { set: "dev" })];
      }),
    ),
  };
}

function finish(setting: Setting, parameters: Parameters): Observable<Measurement[]> {
  const { row, sets, size, task } = setting;
  const epochs = size("epochs"), beams = size("beams");
  const more = task === "reverse"
    ? lengthRows(setting, parameters)
    : task === "copy"
    ? distanceRows(setting, parameters, "after")
    : task === "translation"
    ? of([])
    : orderRows(setting, parameters);
  const said: Prediction[] = [];
  const scoring = task === "translation" ? { ...setting, measures: [...setting.measures, gathering(said)] } : setting;
  return concat(
    scoreSet(scoring, parameters, sets.test, beams).pipe(
      map((evaluation) => [
        ...evaluationRows(row, evaluation, epochs, { set: "test", beams }),
        ...translationRows(setting, said, epochs),
      ]),
    ),
    alignmentRows(setting, parameters, epochs),
    defer(() => of(costRows(setting, parameters))),
    more,
  );
}

function scoreSet(
  { vocabulary, model, size, measures }: Setting,
  parameters: Parameters,
  set: Iterable<Example>,
  beams: number,
) {
  return pull(set).pipe(
    tokenize(vocabulary),
    batch({ size: 128 }),
    evaluate(model, measures, {
      parameters,
      vocabulary: vocabulary.target,
      maxLength: longest,
      beams,
      alpha: beams > 1 ? size("alpha") : 0,
    }),
  );
}
