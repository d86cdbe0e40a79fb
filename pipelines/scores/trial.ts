/**
 * One trial of the score comparison: learn with one score function and one seed, and measure on the way.
 *
 * Rows (every row carries the label `score`):
 *
 * | metric | step | unit | further labels |
 * | --- | --- | --- | --- |
 * | `set` | 0 | words | set, name, split, licence, citation, checksum |
 * | `parameters` | 0 | 1 | part: model, attention |
 * | `loss/train` | epoch | nats | |
 * | `loss`, `perplexity`, `per`, `wer`, `entropy`, `entropy/relative` | epoch | nats, 1, % | set: dev |
 * | `per`, `wer`, `loss`, ... | epochs | | set: test, beams |
 * | `speed/examples`, `speed/tokens` | epoch | 1/s | |
 * | `padding` | epoch | % | |
 * | `loss/curve` | words seen | nats | |
 * | `gradient/global`, `gradient/query`, `gradient/memory` | words seen | 1 | |
 * | `operations`, `activations`, `bytes` | 0 | 1, bytes | kind: predicted, counted; batch, queries, keys, width |
 * | `time/forward`, `time/training` | 0 | s | quantile: 0.25, 0.5, 0.75 |
 * | `score/min`, `score/max`, `score/bound`, `additivity`, `content`, `slope` | epochs | 1 | |
 * | `alignment` | epochs | 1 | word, letter, phoneme, i (output), j (input) |
 * | `prediction` | epochs | edits | word, hypothesis, reference |
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
  meanSequenceLoss,
  metrics,
  paddingShare,
  type Parameters,
  pull,
  seedFrom,
  shuffle,
  tokenize,
  train,
  withParameters,
} from "../../operators/mod.ts";
import type { Example } from "../../operators/records.ts";
import { EpochTally } from "../epoch_tally.ts";
import type { Trial, TrialContext, TrialEvent } from "../experiment.ts";
import { alignmentRows, costRows, dataRows, rowMaker, scoreRows } from "./measurements.ts";
import { longestHypothesis, type Setting, settingOf } from "./setting.ts";

/** What a trial goes on from: epochs done and everything that was learnt. */
interface Checkpoint {
  readonly epochs: number;
  readonly parameters: Awaited<ReturnType<Parameters["save"]>>;
}

const { loss, perplexity, per, wer, entropy, relativeEntropy } = metrics;
const DEV_METRICS = [loss, perplexity, per, wer, entropy, relativeEntropy];

/** Runs one trial; goes on after the last finished epoch when there is a checkpoint. */
export function runScoreTrial(trial: Trial, { checkpoint }: TrialContext): Observable<TrialEvent> {
  const before = checkpoint && deserialize(checkpoint) as Checkpoint;
  return defer(() => settingOf(trial)).pipe(
    concatMap((setting) =>
      withParameters(trial.seed, (parameters) => {
        if (before) parameters.restore(before.parameters);
        const start = before?.epochs ?? 0;
        const epochs = setting.size("epochs");
        return concat(
          start === 0 ? of({ rows: dataRows(setting), progress: 0 }) : of(),
          range(start + 1, epochs - start).pipe(concatMap((epoch) => oneEpoch(setting, parameters, epoch))),
          finish(setting, parameters, epochs),
        );
      })
    ),
  );
}

/** Learns from every word once, scores the dev words, and says so in one event with its checkpoint. */
function oneEpoch(setting: Setting, parameters: Parameters, epoch: number): Observable<TrialEvent> {
  const { trial, learnt, vocabulary, model, size, sets } = setting;
  const steps = Math.ceil(learnt.length / size("batch")) * size("epochs");
  const tally = new EpochTally(rowMaker(setting), epoch, learnt.length);
  const progress = () => 0.97 * (epoch - 1 + tally.examples / learnt.length) / size("epochs");
  return concat(
    pull(learnt).pipe(
      shuffle(seedFrom(trial.seed, `epoch ${epoch}`), learnt.length),
      tokenize(vocabulary),
      batch({ size: size("batch") }),
      tap((batch) => tally.padding(paddingShare(batch))),
      train(model, {
        parameters,
        optimiser: adam(),
        learningRate: linearDecay(size("rate"), steps),
        loss: meanSequenceLoss,
        clip: size("clip"),
        watch: true,
      }),
      tap((step) => tally.add(step)),
      filter(({ step }) => step % 25 === 0),
      map(() => ({ rows: [], progress: progress() })),
    ),
    scoreSet(setting, parameters, sets.dev, 1).pipe(
      concatMap(async (evaluation): Promise<TrialEvent> => {
        const state: Checkpoint = { epochs: epoch, parameters: await parameters.save() };
        const row = rowMaker(setting);
        const rows = Object.entries(evaluation).map(([metric, { value, unit }]) =>
          row(metric, value, unit, epoch, { set: "dev" })
        );
        return { rows: [...tally.rows(), ...rows], checkpoint: serialize(state), progress: progress() };
      }),
    ),
  );
}

/** Scores the test words, and measures what can be measured of the learnt score. */
function finish(setting: Setting, parameters: Parameters, epochs: number): Observable<TrialEvent> {
  const beams = setting.size("beams");
  const row = rowMaker(setting);
  const scored = scoreSet(setting, parameters, setting.sets.test, beams).pipe(
    map((evaluation) =>
      Object.entries(evaluation).map(([metric, { value, unit }]) =>
        row(metric, value, unit, epochs, { set: "test", beams })
      )
    ),
  );
  // One event: the trial's end is stored whole or not at all.
  const rows: TrialEvent["rows"][number][] = [];
  return concat(
    concat(
      scored,
      alignmentRows(setting, parameters, epochs),
      scoreRows(setting, parameters, epochs),
      costRows(setting, parameters),
    ).pipe(tap((some) => rows.push(...some)), ignoreElements()),
    defer(() => of({ rows, progress: 1 })),
  );
}

function scoreSet({ vocabulary, model }: Setting, parameters: Parameters, set: Iterable<Example>, beams: number) {
  return pull(set).pipe(
    tokenize(vocabulary),
    batch({ size: 128 }),
    evaluate(model, DEV_METRICS, { parameters, vocabulary: vocabulary.target, maxLength: longestHypothesis, beams }),
  );
}
