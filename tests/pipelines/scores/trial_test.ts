import { assert, assertEquals, assertLess } from "@std/assert";
import { concat, firstValueFrom, ignoreElements, lastValueFrom, takeWhile, toArray } from "rxjs";
import {
  adam,
  batch,
  evaluate,
  linearDecay,
  meanSequenceLoss,
  metrics,
  pull,
  seedFrom,
  shuffle,
  tf,
  tokenize,
  train,
  useEngine,
  withParameters,
} from "../../../operators/mod.ts";
import type { Measurement } from "../../../operators/records.ts";
import type { TrialContext, TrialEvent } from "../../../pipelines/experiment.ts";
import { resolveOptions } from "../../../pipelines/options.ts";
import { scoresExperiment } from "../../../pipelines/scores.ts";
import { longestHypothesis, settingOf } from "../../../pipelines/scores/setting.ts";

await useEngine();

const tiny = { words: 96, devWords: 20, testWords: 20, units: 8, embedding: 4, batch: 16, epochs: 2, dropout: 0.2 };
const settings = new Map(Object.entries(tiny).map(([key, value]) => [key, `${value}`]));
const shared = await resolveOptions(scoresExperiment, "quick", settings);
const [, general] = await scoresExperiment.configurations(shared);

async function run(context: TrialContext = {}, options = general): Promise<TrialEvent[]> {
  const trial = { id: "tiny", pipeline: "scores", options, seed: 3, version: "1" };
  return await lastValueFrom(scoresExperiment.run(trial, context).pipe(toArray()));
}

/** Rows that depend on nothing but options and seed. */
function timeless(events: readonly TrialEvent[]): Measurement[] {
  return events.flatMap(({ rows }) => rows).filter(({ metric }) => !/^(time|speed)\//.test(metric));
}

Deno.test("a trial gives the same rows to the last digit when it runs twice, and leaves no tensor", async () => {
  const before = tf.memory().numTensors;
  const [first, second] = [await run(), await run()];
  assertEquals(timeless(first), timeless(second));
  assertEquals(tf.memory().numTensors, before);
  for (const { metric, value } of timeless(first)) assert(Number.isFinite(value), `${metric} is ${value}`);
});

Deno.test("a trial that goes on from its checkpoint gives the rows of one that was never stopped", async () => {
  const whole = await run();
  const at = whole.findIndex(({ checkpoint }) => checkpoint);
  const rest = await run({ checkpoint: whole[at].checkpoint });
  assertEquals(timeless([...whole.slice(0, at + 1), ...rest]), timeless(whole));
});

Deno.test("dev words are scored by the way on what the steps so far have learnt", async () => {
  const trial = { id: "within", pipeline: "scores", options: { ...general, epochs: 1 }, seed: 3, version: "1" };
  const stored = timeless(await run({}, trial.options)).filter(({ labels, metric }) =>
    labels.set === "dev" && metric === "loss"
  );
  assertEquals(stored.map(({ step }) => step), [0.2, 0.4, 0.6, 0.8, 1]);
  // The same training by hand, left after as many steps as reach each mark.
  const { learnt, vocabulary, model, sets } = await settingOf(trial);
  const byHand = (mark: number) => {
    let seen = 0;
    return firstValueFrom(withParameters(trial.seed, (parameters) =>
      concat(
        pull(learnt).pipe(
          shuffle(seedFrom(trial.seed, "epoch 1"), learnt.length),
          tokenize(vocabulary),
          batch({ size: tiny.batch }),
          takeWhile(({ size }) => (seen += size) < mark * learnt.length, true),
          train(model, {
            parameters,
            optimiser: adam(),
            learningRate: linearDecay(Number(general.rate), Math.ceil(learnt.length / tiny.batch)),
            loss: meanSequenceLoss,
            clip: Number(general.clip),
          }),
          ignoreElements(),
        ),
        pull(sets.dev).pipe(
          tokenize(vocabulary),
          batch({ size: 128 }),
          evaluate(model, [metrics.loss], {
            parameters,
            vocabulary: vocabulary.target,
            maxLength: longestHypothesis,
          }),
        ),
      )));
  };
  for (const { step, value } of stored) assertEquals((await byHand(step)).loss.value, value, `after ${step} of a pass`);
});

Deno.test("what is counted of a trial's score is what its closed form predicts, for all five", async () => {
  for (const options of await scoresExperiment.configurations(shared)) {
    const rows = timeless(await run({}, { ...options, epochs: 1, words: 32 }));
    for (const metric of ["operations", "activations", "bytes"]) {
      const of = (kind: string) => rows.find((row) => row.metric === metric && row.labels.kind === kind)!.value;
      assertEquals(of("counted"), of("predicted"), `${options.score}: ${metric}`);
    }
  }
});

Deno.test("a stopped trial frees its tensors at once", async () => {
  const before = tf.memory().numTensors;
  let events = 0;
  const trial = { id: "stopped", pipeline: "scores", options: { ...general, words: 2000 }, seed: 1, version: "1" };
  await new Promise<void>((resolve) => {
    const subscription = scoresExperiment.run(trial, {}).subscribe(() => {
      if (++events === 2) {
        queueMicrotask(() => {
          subscription.unsubscribe();
          setTimeout(resolve, 50);
        });
      }
    });
  });
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("a trial learns: the loss after a few hundred words is below that of guessing", async () => {
  const rows = timeless(await run({}, { ...general, words: 600, units: 16, epochs: 2 }));
  const loss = rows.filter(({ metric }) => metric === "loss/train").map(({ value }) => value);
  assertLess(loss[1], loss[0]);
  assertLess(loss[1], Math.log(43));
});
