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
 * | `loss`, `perplexity`, `per`, `wer`, `entropy`, `entropy/relative` | passes, also parts where few | nats, 1, % | set: dev |
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
import { concat, concatMap, defer, filter, map, type Observable, of, tap } from "rxjs";
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
} from "../../operators/mod.ts";
import type { Example, Measurement } from "../../operators/records.ts";
import { EpochTally } from "../epoch_tally.ts";
import { type Epoch, learnInEpochs } from "../epochs.ts";
import type { Trial, TrialContext, TrialEvent } from "../experiment.ts";
import { evaluationRows, setRows } from "../rows.ts";
import { alignmentRows, costRows, rowMaker, scoreRows } from "./measurements.ts";
import { longestHypothesis, type Setting, settingOf } from "./setting.ts";
import { marksWithin, Snapshots } from "./within_pass.ts";

const { loss, perplexity, per, wer, entropy, relativeEntropy } = metrics;
const DEV_METRICS = [loss, perplexity, per, wer, entropy, relativeEntropy];

/** Runs one trial; goes on after the last finished epoch when there is a checkpoint. */
export function runScoreTrial(trial: Trial, context: TrialContext): Observable<TrialEvent> {
  return defer(() => settingOf(trial)).pipe(
    concatMap((setting) =>
      learnInEpochs(trial.seed, context, (parameters) => ({
        begin: () => of({ rows: setRows(rowMaker(setting), setting.sets, "words"), progress: 0 }),
        epochs: setting.size("epochs"),
        epoch: (epoch) => oneEpoch(setting, parameters, epoch),
        end: () => finish(setting, parameters),
      }))
    ),
  );
}

/** Learns from every word once and scores the dev words: at the end, and within the pass where passes are few. */
function oneEpoch(setting: Setting, parameters: Parameters, epoch: number): Epoch {
  const { trial, learnt, vocabulary, model, size, sets } = setting;
  const steps = Math.ceil(learnt.length / size("batch")) * size("epochs");
  const row = rowMaker(setting);
  const tally = new EpochTally(row, epoch, learnt.length);
  const snapshots = new Snapshots(parameters, learnt.length, marksWithin(size("epochs")));
  const devRows = (parameters: Parameters, passes: number) =>
    scoreSet(setting, parameters, sets.dev, 1).pipe(
      map((evaluation) => evaluationRows(row, evaluation, passes, { set: "dev" })),
    );
  return {
    learn: pull(learnt).pipe(
      shuffle(seedFrom(trial.seed, `epoch ${epoch}`), learnt.length),
      tokenize(vocabulary),
      batch({ size: size("batch") }),
      tap((batch) => tally.padding(paddingShare(batch))),
      tap((batch) => snapshots.before(batch)),
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
      map(() => tally.examples / learnt.length),
    ),
    rows: concat(
      defer(() => of(tally.rows())),
      snapshots.each((mark, parameters) => devRows(parameters, epoch - 1 + mark)),
      devRows(parameters, epoch),
    ),
  };
}

/** Scores the test words, and measures what can be measured of the learnt score. */
function finish(setting: Setting, parameters: Parameters): Observable<Measurement[]> {
  const epochs = setting.size("epochs"), beams = setting.size("beams");
  return concat(
    scoreSet(setting, parameters, setting.sets.test, beams).pipe(
      map((evaluation) => evaluationRows(rowMaker(setting), evaluation, epochs, { set: "test", beams })),
    ),
    alignmentRows(setting, parameters, epochs),
    scoreRows(setting, parameters, epochs),
    costRows(setting, parameters),
  );
}

function scoreSet({ vocabulary, model }: Setting, parameters: Parameters, set: Iterable<Example>, beams: number) {
  return pull(set).pipe(
    tokenize(vocabulary),
    batch({ size: 128 }),
    evaluate(model, DEV_METRICS, { parameters, vocabulary: vocabulary.target, maxLength: longestHypothesis, beams }),
  );
}
