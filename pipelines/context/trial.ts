/**
 * One trial of the context comparison: learn one task with one attention and one seed, and score unseen examples.
 *
 * Rows (every row carries the labels `task` and `attention`; recall's also `pairs` and `width`):
 *
 * | metric | step | unit | further labels |
 * | --- | --- | --- | --- |
 * | `set` | 0 | examples | set, name, split, licence, citation, checksum |
 * | `parameters` | 0 | 1 | |
 * | `operations` | 0 | 1 | positions; of one example's forward pass, without the head |
 * | `state` | 0 | bytes | positions; what the causal form carries after the last of them |
 * | `chance` | 0 | % | share of the commonest label among the test examples |
 * | `loss/curve` | examples seen | nats | |
 * | `accuracy`, `loss` | examples seen | %, nats | set: test |
 * | `time/training` | examples seen | s | |
 *
 * @module
 */
import { concat, concatMap, defer, EMPTY, filter, map, type Observable, of, tap } from "rxjs";
import {
  adam,
  type AttentionMechanism,
  batch,
  evaluate,
  linearDecay,
  meanLabelLoss,
  metrics,
  type Parameters,
  pull,
  type Schedule,
  tokenize,
  train,
  warmUp,
} from "../../operators/mod.ts";
import { type Label, type Measurement, UNASKED } from "../../operators/records.ts";
import { loadAttention } from "../attention_module.ts";
import { type Epoch, learnInEpochs } from "../epochs.ts";
import type { Options, Trial, TrialContext, TrialEvent } from "../experiment.ts";
import { evaluationRows, type RowMaker, rowsOf, setRows } from "../rows.ts";
import { checkBatch } from "./sizes.ts";
import { BATCH, type Task, taskOf, warmSteps } from "./tasks.ts";

/** Stretches of training, each stored with a state to go on from, as epochs are. */
const STRETCHES = 10;

/** Bytes of one float32. */
const FLOAT = 4;

interface Setting {
  readonly trial: Trial;
  readonly task: Task;
  readonly row: RowMaker;
  readonly steps: number;
}

/** Runs one trial; goes on after the last finished stretch when there is a checkpoint. */
export function runContextTrial(trial: Trial, context: TrialContext): Observable<TrialEvent> {
  return defer(() => settingOf(trial)).pipe(
    concatMap((setting) =>
      learnInEpochs(trial.seed, context, (parameters) => ({
        begin: () => {
          const { row, task } = setting;
          return of({ rows: [...setRows(row, task.sets, "examples"), ...costRows(setting)], progress: 0 });
        },
        epochs: STRETCHES,
        epoch: (stretch) => oneStretch(setting, parameters, stretch),
        end: () => finish(setting, parameters),
      }))
    ),
  );
}

async function settingOf(trial: Trial): Promise<Setting> {
  const { options, seed, id } = trial;
  const attention: AttentionMechanism = await loadAttention(String(options.attention));
  const task = await taskOf(options, attention, seed);
  checkBatch(options, attention, task.longest);
  const sizes: Record<string, Label> = options.task === "recall"
    ? { pairs: Number(options.pairs), width: Number(options.width) }
    : {};
  const labels = { task: String(options.task), attention: attention.label ?? attention.name, ...sizes };
  return { trial, task, row: rowsOf(id, labels), steps: Number(options.steps) };
}

/** One stretch of training, from 1; where there are fewer steps than stretches, some have none. */
function oneStretch({ trial, task, row, steps }: Setting, parameters: Parameters, stretch: number): Epoch {
  const [from, to] = [stretch - 1, stretch].map((part) => BATCH * Math.round(steps * part / STRETCHES));
  if (from === to) return { learn: EMPTY, rows: EMPTY };
  const seen = { loss: 0, examples: 0, seconds: 0 };
  return {
    learn: pull(task.learnt(from, to - from)).pipe(
      tokenize(task.vocabulary),
      batch({ size: BATCH }),
      train(task.model, {
        parameters,
        optimiser: adam(),
        learningRate: rateOf(trial.options, steps),
        loss: meanLabelLoss,
        clip: 1,
      }),
      tap(({ loss, examples, seconds }) => {
        seen.loss += loss * examples;
        seen.examples += examples;
        seen.seconds += seconds;
      }),
      filter(({ step }) => step % 10 === 0),
      map(() => seen.examples / (to - from)),
    ),
    rows: defer(() =>
      of([row("loss/curve", seen.loss / seen.examples, "nats", to), row("time/training", seen.seconds, "s", to)])
    ),
  };
}

/** Down a straight line; reviews, which begin at a high rate, warm up first. */
function rateOf({ task, rate }: Options, steps: number): Schedule {
  const warm = task === "bytes" ? warmSteps(steps) : 0;
  const down = linearDecay(Number(rate), steps - warm);
  return warm === 0 ? down : warmUp(Number(rate), warm, down);
}

/** Scores the test examples. */
function finish({ task, row, steps }: Setting, parameters: Parameters): Observable<Measurement[]> {
  return concat(
    pull(task.test).pipe(
      tokenize(task.vocabulary),
      batch({ size: 2 * BATCH }),
      evaluate(task.model, [metrics.accuracy, metrics.loss], { parameters }),
      map((evaluation) => evaluationRows(row, evaluation, steps * BATCH, { set: "test" })),
    ),
    defer(() => of([row("parameters", parameters.count(), "1", 0)])),
  );
}

/** What one example costs in closed form, and what guessing the commonest label would give. */
function costRows({ task, row }: Setting): Measurement[] {
  const { positions, contextualiser, vocabulary } = task;
  const told = contextualiser.cost({ vocabulary: vocabulary.source.size, batch: 1, positions });
  const counts = new Map<string, number>();
  for (const { targets: [target] } of task.test) {
    for (const label of target) if (label !== UNASKED) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [
    row("chance", 100 * Math.max(...counts.values()) / total, "%", 0),
    ...(told.attention === undefined
      ? []
      : [row("operations", told.operations + told.attention, "1", 0, { positions })]),
    ...(told.state === undefined ? [] : [row("state", FLOAT * told.state, "bytes", 0, { positions })]),
  ];
}
