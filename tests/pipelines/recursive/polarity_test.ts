/** Cross-validation at the size of the movie-review polarity data: 10,662 sentences in two files of Latin-1. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { lastValueFrom, toArray } from "rxjs";
import { crossValidation, sentences } from "../../../datasets/mod.ts";
import { useEngine } from "../../../operators/backends/engine.ts";
import { tf } from "../../../operators/numerics/tf.ts";
import type { Options, Trial } from "../../../pipelines/experiment.ts";
import { recursiveExperiment } from "../../../pipelines/recursive.ts";
import { POLARITY_SIZE, writePolarity } from "../../helpers/polarity.ts";

async function withPolarity(use: (files: Awaited<ReturnType<typeof writePolarity>>) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(await writePolarity(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("10 folds of 10,662 sentences: each held out once, 533 or 534 of each class a fold", () =>
  withPolarity(async (files) => {
    const all = await sentences([
      { label: "negative", path: files.negative },
      { label: "positive", path: files.positive },
    ]);
    assertEquals(all.length, 2 * POLARITY_SIZE);
    assert([...all].some(({ source }) => source.some((word) => word.includes("é"))));
    const held = new Map<string, number>();
    for (let fold = 0; fold < 10; fold++) {
      const { train, test } = crossValidation(all, 10, fold);
      assertEquals(train.length + test.length, all.length);
      const positive = [...test].filter(({ targets }) => targets[0][0] === "positive").length;
      assert(positive === 533 || positive === 534, `${positive}`);
      assert(test.length - positive === positive, `${test.length}`);
      const learnt = new Set(Array.from(train, ({ id }) => id));
      for (const { id } of test) {
        assert(!learnt.has(id));
        held.set(id, (held.get(id) ?? 0) + 1);
      }
    }
    assertEquals([held.size, Math.max(...held.values())], [all.length, 1]);
  }));

Deno.test("a fold of that size is learnt to its end from its checkpoint, within half a gigabyte", () =>
  withPolarity(async (files) => {
    await useEngine();
    const defaults = Object.fromEntries(
      Object.entries(recursiveExperiment.options).map(([key, spec]) => [key, spec.default.full]),
    );
    const options: Options = {
      ...defaults,
      ...files,
      composers: ["balanced"],
      alphas: ["none"],
      forms: ["none"],
      width: 8,
      epochs: 2,
      rate: 0.01,
    };
    const configurations = await recursiveExperiment.configurations(options);
    assertEquals(configurations.map(({ fold }) => fold), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const trial: Trial = { id: "t", pipeline: "recursive", options: configurations[6], seed: 1, version: "2" };
    const before = { tensors: tf.memory().numTensors, bytes: Deno.memoryUsage().rss };
    const whole = await lastValueFrom(recursiveExperiment.run(trial, {}).pipe(toArray()));
    const { checkpoint } = whole.filter(({ checkpoint }) => checkpoint)[0];
    const rest = await lastValueFrom(recursiveExperiment.run(trial, { checkpoint }).pipe(toArray()));
    assertEquals(tf.memory().numTensors, before.tensors);
    assertLess(Deno.memoryUsage().rss - before.bytes, 512 * 2 ** 20);
    const rows = whole.flatMap(({ rows }) => rows);
    const valueOf = (metric: string, labels: object, from = rows) =>
      from.find((row) =>
        row.metric === metric && Object.entries(labels).every(([key, value]) => row.labels[key] === value)
      )!.value;
    assertEquals(valueOf("set", { set: "train" }) + valueOf("set", { set: "test" }), 2 * POLARITY_SIZE);
    const accuracy = valueOf("accuracy", { head: "sentence" });
    assertGreater(accuracy, valueOf("accuracy", { composer: "majority" }) + 20);
    // The first epoch isn't learnt again, and the end is the same.
    assertEquals(rest.flatMap(({ rows }) => rows).filter(({ metric }) => metric === "loss/train").length, 1);
    assertEquals(valueOf("accuracy", { head: "sentence" }, rest.flatMap(({ rows }) => rows)), accuracy);
  }));
