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
 * | `translation` | epochs | 1 | translation: source, hypothesis, reference |
 * | `alignment` | epochs | 1 | word, letter, symbol, i (output), j (input) |
 *
 * @module
 */
import { deserialize, serialize } from "node:v8";
import { concat, concatMap, defer, filter, ignoreElements, map, type Observable, of, range, tap } from "rxjs";
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
  withParameters,
} from "../../operators/mod.ts";
import type { Example } from "../../operators/records.ts";
import { EpochTally } from "../epoch_tally.ts";
import type { Trial, TrialContext, TrialEvent } from "../experiment.ts";
import {
  alignmentRows,
  costRows,
  dataRows,
  distanceRows,
  lengthRows,
  orderRows,
  translationRows,
} from "./measurements.ts";
import { longest, type Setting, settingOf } from "./setting.ts";

interface Checkpoint {
  readonly epochs: number;
  readonly parameters: Awaited<ReturnType<Parameters["save"]>>;
}

/** Runs one trial; goes on after the last finished epoch when there is a checkpoint. */
export function runPathTrial(trial: Trial, { checkpoint }: TrialContext): Observable<TrialEvent> {
  const before = checkpoint && deserialize(checkpoint) as Checkpoint;
  return defer(() => settingOf(trial)).pipe(
    concatMap((setting) =>
      withParameters(trial.seed, (parameters) => {
        if (before) parameters.restore(before.parameters);
        const start = before?.epochs ?? 0;
        const epochs = setting.size("epochs");
        return concat(
          start === 0 ? firstRows(setting, parameters) : of(),
          range(start + 1, epochs - start).pipe(concatMap((epoch) => oneEpoch(setting, parameters, epoch))),
          finish(setting, parameters, epochs),
        );
      })
    ),
  );
}

/** What is known before anything is learnt, in one event. */
function firstRows(setting: Setting, parameters: Parameters): Observable<TrialEvent> {
  const probed = setting.task === "copy" ? distanceRows(setting, parameters, "before") : of([]);
  return probed.pipe(map((rows) => ({ rows: [...dataRows(setting), ...rows], progress: 0 })));
}

function oneEpoch(setting: Setting, parameters: Parameters, epoch: number): Observable<TrialEvent> {
  const { trial, learnt, vocabulary, model, size, sets, row } = setting;
  const epochs = size("epochs");
  const steps = Math.ceil(learnt.length / size("batch")) * epochs;
  const warm = Math.max(1, Math.round(size("warmup") * steps));
  const tally = new EpochTally(row, epoch, learnt.length);
  const progress = () => 0.95 * (epoch - 1 + tally.examples / learnt.length) / epochs;
  return concat(
    pull(learnt).pipe(
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
      map(() => ({ rows: [], progress: progress() })),
    ),
    scoreSet(setting, parameters, sets.dev, 1).pipe(
      concatMap(async (evaluation): Promise<TrialEvent> => {
        const state: Checkpoint = { epochs: epoch, parameters: await parameters.save() };
        const rows = Object.entries(evaluation).map(([metric, { value, unit }]) =>
          row(metric, value, unit, epoch, { set: "dev" })
        );
        const learning = tally.rows().filter(({ metric }) => !/gradient\/(query|memory)/.test(metric)); // not watched
        return { rows: [...learning, ...rows], checkpoint: serialize(state), progress: progress() };
      }),
    ),
  );
}

function finish(setting: Setting, parameters: Parameters, epochs: number): Observable<TrialEvent> {
  const { row, sets, task } = setting;
  const beams = setting.size("beams");
  const scored = scoreSet(setting, parameters, sets.test, beams).pipe(
    map((evaluation) =>
      Object.entries(evaluation).map(([metric, { value, unit }]) =>
        row(metric, value, unit, epochs, { set: "test", beams })
      )
    ),
  );
  const more = task === "reverse"
    ? [lengthRows(setting, parameters)]
    : task === "copy"
    ? [distanceRows(setting, parameters, "after")]
    : task === "translation"
    ? [translationRows(setting, parameters, epochs)]
    : [orderRows(setting, parameters)];
  const rows: TrialEvent["rows"][number][] = [];
  return concat(
    concat(scored, alignmentRows(setting, parameters, epochs), defer(() => of(costRows(setting, parameters))), ...more)
      .pipe(tap((some) => rows.push(...some)), ignoreElements()),
    defer(() => of({ rows, progress: 1 })),
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
