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
import {
  concat,
  concatMap,
  defer,
  filter,
  ignoreElements,
  map,
  type Observable,
  of,
  pipe,
  range,
  tap,
  using,
} from "rxjs";
import {
  adam,
  attend,
  batch,
  bidirectionalGru,
  decode,
  encode,
  evaluate,
  linearDecay,
  luongDecoder,
  meanSequenceLoss,
  metrics,
  type Model,
  paddingShare,
  type Parameters,
  pull,
  type Score,
  seedFrom,
  shuffle,
  tokenize,
  train,
  type Vocabularies,
  vocabularies,
  withParameters,
} from "../operators/mod.ts";
import type { Decoded } from "../operators/mod.ts";
import type { Batch, Example } from "../operators/records.ts";
import { EpochTally } from "./epoch_tally.ts";
import type { Options, Trial, TrialContext, TrialEvent } from "./experiment.ts";
import { eachPronunciation, readSets, type Sets } from "./pronunciation.ts";
import { alignmentRows, costRows, dataRows, rowMaker, scoreRows } from "./scores_rows.ts";
import { loadScore } from "./score_module.ts";

/** What a trial goes on from: epochs done and everything that was learnt. */
interface Checkpoint {
  readonly epochs: number;
  readonly parameters: Awaited<ReturnType<Parameters["save"]>>;
}

/** A trial's fixed parts. */
export interface Setting {
  readonly trial: Trial;
  readonly score: Score;
  readonly sets: Sets;
  readonly learnt: readonly Example[];
  readonly vocabulary: Vocabularies;
  readonly model: Model<Decoded>;
  readonly size: (name: string) => number;
}

const DEV_METRICS = Object.values(metrics);

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

async function settingOf(trial: Trial): Promise<Setting> {
  const { options } = trial;
  const size = (name: string) => Number(options[name]);
  const [sets, score] = await Promise.all([readSets(options), loadScore(String(options.score))]);
  const learnt = eachPronunciation(sets.train);
  const vocabulary = vocabularies(learnt);
  return { trial, score, sets, learnt, vocabulary, size, model: modelOf(score, options, vocabulary) };
}

/** The model: the same for every score. */
function modelOf(score: Score, options: Options, vocabulary: Vocabularies): Model<Decoded> {
  const units = Number(options.units);
  const embedding = Number(options.embedding);
  return pipe(
    encode(bidirectionalGru({ units: Math.floor(units / 2), embedding }), vocabulary.source),
    attend(score, { query: units }),
    decode(luongDecoder({ units, embedding }), vocabulary.target),
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

/** Steps of a search: more than any word in CMUdict needs but a few abbreviations (`www` has 3 letters, 21 phonemes). */
export function longestHypothesis({ source }: Batch): number {
  return 2 * source.width + 10;
}
