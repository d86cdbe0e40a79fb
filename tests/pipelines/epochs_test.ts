/** The frame of learning in epochs, on a model of a few units: going on, failing, leaving, and what an event holds. */
import { assert, assertEquals } from "@std/assert";
import { serialize } from "node:v8";
import { concat, defer, EMPTY, map, of, take, tap, throwError } from "rxjs";
import {
  adam,
  batch,
  constantRate,
  evaluate,
  meanSequenceLoss,
  metrics,
  type Parameters,
  pull,
  seedFrom,
  shuffle,
  tf,
  tokenize,
  train,
  useEngine,
} from "../../operators/mod.ts";
import { type Course, learnInEpochs } from "../../pipelines/epochs.ts";
import type { TrialContext } from "../../pipelines/experiment.ts";
import { evaluationRows, rowsOf } from "../../pipelines/rows.ts";
import { alphabet, assertNothingLeft, outcomeOf, someWords, tinyModel } from "../helpers/streams.ts";

await useEngine();

const EPOCHS = 4;
const row = rowsOf("tiny", {});

/** Learns spelt words; notes in `learnt` which epochs were begun. */
function spelling(parameters: Parameters, learnt: number[] = []): Course {
  const model = tinyModel();
  const scored = (epoch: number, set: string) =>
    pull(someWords).pipe(
      tokenize(alphabet),
      batch({ size: 4 }),
      evaluate(model, [metrics.loss, metrics.per], { parameters, vocabulary: alphabet.target, maxLength: 8 }),
      map((evaluation) => evaluationRows(row, evaluation, epoch, { set })),
    );
  return {
    begin: () => of({ rows: [row("set", someWords.length, "words", 0)], progress: 0 }),
    epochs: EPOCHS,
    epoch: (epoch) => {
      let loss = 0, seen = 0;
      learnt.push(epoch);
      return {
        learn: pull(someWords).pipe(
          shuffle(seedFrom(7, `epoch ${epoch}`), someWords.length),
          tokenize(alphabet),
          batch({ size: 4 }),
          train(model, { parameters, optimiser: adam(), learningRate: constantRate(0.01), loss: meanSequenceLoss }),
          tap((step) => {
            loss += step.loss * step.examples;
            seen += step.examples;
          }),
          map(() => seen / someWords.length),
        ),
        rows: concat(defer(() => of([row("loss/train", loss / seen, "nats", epoch)])), scored(epoch, "dev")),
      };
    },
    end: () => concat(scored(EPOCHS, "test"), defer(() => of([row("parameters", parameters.count(), "1", 0)]))),
  };
}

const run = (context: TrialContext, course: (parameters: Parameters) => Course = spelling) =>
  outcomeOf(learnInEpochs(5, context, course));

/** A course like {@linkcode spelling} that fails where it is told to. */
const failing = (place: "learn" | "rows" | "end", learnt: number[] = []) => (parameters: Parameters): Course => {
  const sound = spelling(parameters, learnt);
  const failure = throwError(() => new Error(`no ${place}`));
  return {
    ...sound,
    epoch: (epoch) => {
      const { learn, rows } = sound.epoch(epoch);
      if (epoch !== 2) return { learn, rows };
      return place === "learn"
        ? { learn: concat(learn.pipe(take(1)), failure), rows }
        : { learn, rows: place === "rows" ? concat(rows, failure) : rows };
    },
    end: () => place === "end" ? concat(sound.end(), failure) : sound.end(),
  };
};

Deno.test("going on from the checkpoint of any epoch gives the rows of a run that was never stopped", () =>
  assertNothingLeft(async () => {
    const { values: whole } = await run({});
    const places = whole.flatMap(({ checkpoint }, at) => checkpoint ? [at] : []);
    assertEquals(places.length, EPOCHS);
    const losses = places.map((at) => whole[at].rows[0].value);
    assert(losses[EPOCHS - 1] < losses[0], `${losses}`);
    const rowsOfEvents = (events: typeof whole) => events.flatMap(({ rows }) => rows);
    for (const [done, at] of places.entries()) {
      const learnt: number[] = [];
      const { values: rest, error } = await run(
        { checkpoint: whole[at].checkpoint },
        (parameters) => spelling(parameters, learnt),
      );
      assertEquals(error, undefined);
      assertEquals(rowsOfEvents([...whole.slice(0, at + 1), ...rest]), rowsOfEvents(whole));
      assertEquals(learnt, [1, 2, 3, 4].slice(done + 1));
    }
  }));

Deno.test("an epoch and the end are one event each, the beginning comes once, and progress only grows to 1", async () => {
  const { values } = await run({});
  const told = values.filter(({ rows }) => rows.length > 0);
  assertEquals(told.map(({ rows }) => rows.map(({ metric }) => metric)), [
    ["set"],
    ...Array(EPOCHS).fill(["loss/train", "loss", "per"]),
    ["loss", "per", "parameters"],
  ]);
  assertEquals(told.map(({ checkpoint }) => checkpoint !== undefined), [false, true, true, true, true, false]);
  const progress = values.map(({ progress }) => progress);
  assertEquals(progress, [...progress].sort((a, b) => a - b));
  assertEquals([progress[0], progress.at(-1)], [0, 1]);
  assertEquals(values.length, 1 + EPOCHS * (3 + 1) + 1); // three batches an epoch
});

for (const [place, epochs] of [["learn", 1], ["rows", 1], ["end", EPOCHS]] as const) {
  Deno.test(`an error in ${place} ends the stream after ${epochs} stored epochs, and no tensor is left`, () =>
    assertNothingLeft(async () => {
      const learnt: number[] = [];
      const { values, error } = await run({}, failing(place, learnt));
      assertEquals(error?.message, `no ${place}`);
      assertEquals(values.filter(({ checkpoint }) => checkpoint).length, epochs);
      assertEquals(values.filter(({ rows }) => rows.length > 0).length, 1 + epochs);
      assertEquals(learnt, place === "end" ? [1, 2, 3, 4] : [1, 2]);
      assert(values.every(({ progress }) => progress < 1));
    }));
}

Deno.test("what fails after an epoch goes on from there, with the rows of a run that never failed", async () => {
  const { values: whole } = await run({});
  const { values: stopped } = await run({}, failing("learn"));
  const at = stopped.findLastIndex(({ checkpoint }) => checkpoint);
  const { values: rest } = await run({ checkpoint: stopped[at].checkpoint });
  const rows = [...stopped.slice(0, at + 1), ...rest].flatMap(({ rows }) => rows);
  assertEquals(rows, whole.flatMap(({ rows }) => rows));
});

Deno.test("leaving after an epoch frees its tensors, and no later epoch is begun", () =>
  assertNothingLeft(async () => {
    const learnt: number[] = [];
    const events = learnInEpochs(5, {}, (parameters) => spelling(parameters, learnt));
    await new Promise<void>((resolve, reject) => {
      const subscription = events.subscribe({
        next: ({ checkpoint }) => {
          if (!checkpoint) return;
          queueMicrotask(() => {
            subscription.unsubscribe();
            setTimeout(resolve, 50);
          });
        },
        error: reject,
      });
    });
    assert(learnt.length <= 2 && learnt.length > 0, `${learnt}`);
  }));

Deno.test("an epoch without rows leaves no checkpoint, and a course without epochs has its beginning and its end", async () => {
  const bare = (epochs: number): Course => ({
    begin: () => of({ rows: [row("set", 0, "words", 0)], progress: 0 }),
    epochs,
    epoch: (epoch) => ({ learn: EMPTY, rows: epoch === 1 ? EMPTY : of([row("loss", epoch, "nats", epoch)]) }),
    end: () => EMPTY,
  });
  const { values } = await run({}, () => bare(2));
  assertEquals(values.map(({ rows, checkpoint }) => [rows.length, checkpoint !== undefined]), [
    [1, false],
    [1, true],
    [0, false],
  ]);
  assertEquals((await run({}, () => bare(0))).values, [
    { rows: [row("set", 0, "words", 0)], progress: 0 },
    { rows: [], progress: 1 },
  ]);
});

Deno.test("what can't begin (a checkpoint of another kind or cut short, no course) fails and leaves no tensor", () =>
  assertNothingLeft(async () => {
    const { values } = await run({});
    const { checkpoint } = values.find(({ checkpoint }) => checkpoint)!;
    assertEquals(
      (await run({ checkpoint: serialize({ stretches: 3 }) })).error?.message,
      "Cannot go on from a checkpoint as it must say how many epochs are done: current value is undefined",
    );
    assert((await run({ checkpoint: checkpoint!.slice(0, 40) })).error);
    const before = tf.memory().numTensors;
    const { error } = await run({ checkpoint }, (parameters) => {
      parameters.group("own", () => ({ w: { shape: [2], values: new Float32Array(2) } }));
      assert(tf.memory().numTensors > before);
      throw new Error("no course");
    });
    assertEquals(error?.message, "no course");
  }));
