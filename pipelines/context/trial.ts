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
import { deserialize, serialize } from "node:v8";
import { concat, concatMap, defer, filter, ignoreElements, map, type Observable, of, range, tap } from "rxjs";
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
  tokenize,
  train,
  withParameters,
} from "../../operators/mod.ts";
import { type Label, type Measurement, UNASKED } from "../../operators/records.ts";
import { loadAttention } from "../attention_module.ts";
import type { Trial, TrialContext, TrialEvent } from "../experiment.ts";
import { type RowMaker, rowsOf } from "../rows.ts";
import { BATCH, type Task, taskOf } from "./tasks.ts";

/** Stretches of training, each stored with a state to go on from. */
const STRETCHES = 10;

/** Bytes of one float32. */
const FLOAT = 4;

interface Checkpoint {
  readonly stretches: number;
  readonly parameters: Awaited<ReturnType<Parameters["save"]>>;
}

interface Setting {
  readonly trial: Trial;
  readonly task: Task;
  readonly row: RowMaker;
  readonly steps: number;
}

/** Runs one trial; goes on after the last finished stretch when there is a checkpoint. */
export function runContextTrial(trial: Trial, { checkpoint }: TrialContext): Observable<TrialEvent> {
  const before = checkpoint && deserialize(checkpoint) as Checkpoint;
  return defer(() => settingOf(trial)).pipe(
    concatMap((setting) =>
      withParameters(trial.seed, (parameters) => {
        if (before) parameters.restore(before.parameters);
        const done = before?.stretches ?? 0;
        return concat(
          done === 0 ? of({ rows: [...dataRows(setting), ...costRows(setting)], progress: 0 }) : of(),
          range(done, STRETCHES - done).pipe(concatMap((stretch) => learn(setting, parameters, stretch))),
          score(setting, parameters),
        );
      })
    ),
  );
}

async function settingOf(trial: Trial): Promise<Setting> {
  const { options, seed, id } = trial;
  const attention: AttentionMechanism = await loadAttention(String(options.attention));
  const task = await taskOf(options, attention, seed);
  const sizes: Record<string, Label> = options.task === "recall"
    ? { pairs: Number(options.pairs), width: Number(options.width) }
    : {};
  const labels = { task: String(options.task), attention: attention.label ?? attention.name, ...sizes };
  return { trial, task, row: rowsOf(id, labels), steps: Number(options.steps) };
}

/** One stretch of training, told in one event with its checkpoint. */
function learn({ trial, task, row, steps }: Setting, parameters: Parameters, stretch: number): Observable<TrialEvent> {
  const [from, to] = [stretch, stretch + 1].map((part) => BATCH * Math.round(steps * part / STRETCHES));
  if (from === to) return of();
  const seen = { loss: 0, examples: 0, seconds: 0 };
  return concat(
    pull(task.learnt(from, to - from)).pipe(
      tokenize(task.vocabulary),
      batch({ size: BATCH }),
      train(task.model, {
        parameters,
        optimiser: adam(),
        learningRate: linearDecay(Number(trial.options.rate), steps),
        loss: meanLabelLoss,
        clip: 1,
      }),
      tap(({ loss, examples, seconds }) => {
        seen.loss += loss * examples;
        seen.examples += examples;
        seen.seconds += seconds;
      }),
      filter(({ step }) => step % 10 === 0),
      map(() => ({ rows: [], progress: 0.97 * (from + seen.examples) / (steps * BATCH) })),
    ),
    defer(async (): Promise<TrialEvent> => {
      const state: Checkpoint = { stretches: stretch + 1, parameters: await parameters.save() };
      return {
        rows: [
          row("loss/curve", seen.loss / seen.examples, "nats", to),
          row("time/training", seen.seconds, "s", to),
        ],
        checkpoint: serialize(state),
        progress: 0.97 * to / (steps * BATCH),
      };
    }),
  );
}

/** Scores the test examples; one event, so that the trial's end is stored whole or not at all. */
function score({ task, row, steps }: Setting, parameters: Parameters): Observable<TrialEvent> {
  const rows: Measurement[] = [];
  return concat(
    pull(task.test).pipe(
      tokenize(task.vocabulary),
      batch({ size: 2 * BATCH }),
      evaluate(task.model, [metrics.accuracy, metrics.loss], { parameters }),
      tap((evaluation) => {
        for (const [metric, { value, unit }] of Object.entries(evaluation)) {
          rows.push(row(metric, value, unit, steps * BATCH, { set: "test" }));
        }
      }),
      ignoreElements(),
    ),
    defer(() => of({ rows: [...rows, row("parameters", parameters.count(), "1", 0)], progress: 1 })),
  );
}

function dataRows({ task, row }: Setting): Measurement[] {
  return Object.entries(task.sets).map(([set, { provenance, length }]) => {
    const { name, split, licence, citation, checksum } = provenance;
    return row("set", length, "examples", 0, { set, name, split, licence, citation, checksum });
  });
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
