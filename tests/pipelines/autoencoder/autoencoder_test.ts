import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { lastValueFrom, toArray } from "rxjs";
import { useEngine } from "../../../operators/backends/engine.ts";
import { InputError, type Measurement } from "../../../operators/records.ts";
import { autoencoderExperiment } from "../../../pipelines/autoencoder.ts";
import type { Options, Trial } from "../../../pipelines/experiment.ts";
import { dataOf } from "../../../pipelines/autoencoder/data.ts";
import { siteFiles } from "../../../reports/mod.ts";
import { assertNothingLeft } from "../../helpers/streams.ts";
import { placesOfNames } from "../../helpers/markup.ts";

await useEngine();
const options: Options = {
  data: "",
  centre: "yes",
  lambdas: ["10", "441"],
  code: 10,
  codes: ["3"],
  unevenLambda: 60,
  steps: 300,
  images: 0,
  imageCode: 9,
  imageLambda: 3125,
  imageSteps: 10,
  batch: 0,
};

/** A trial on its own. */
const trialOf = (options: Options, seed = 1): Trial => ({
  id: "one",
  pipeline: "autoencoder",
  options,
  seed,
  version: "1",
});
const eventsOf = (trial: Trial, checkpoint?: Uint8Array) =>
  lastValueFrom(autoencoderExperiment.run(trial, { checkpoint }).pipe(toArray()));
const vectors = (await autoencoderExperiment.configurations(options))[0];

Deno.test("trials find the closed form, leave no tensor, and make a page without what isn't a number", () =>
  assertNothingLeft(async () => {
    const configurations = await autoencoderExperiment.configurations(options);
    const trials = configurations.map((each, at): Trial => ({
      id: `${at}`,
      pipeline: "autoencoder",
      options: each,
      seed: 1,
      version: "1",
    }));
    const rows: Measurement[] = [];
    for (const trial of trials) {
      const events = await lastValueFrom(autoencoderExperiment.run(trial, {}).pipe(toArray()));
      assertEquals(events.at(-1)!.progress, 1);
      rows.push(...events.flatMap((event) => event.rows));
    }
    const sums = rows.filter(({ metric, labels }) =>
      metric === "singular" && labels.penalty === "sum" && labels.optimiser === "momentum"
    );
    for (const { value, labels } of sums) assertLess(Math.abs(value ** 2 - Number(labels.theory) ** 2), 1e-3);
    const columns = (penalty: string) =>
      rows.filter((row) => row.metric === "column" && row.labels.penalty === penalty);
    assertEquals(columns("nested").length, 10);
    for (const { value, labels } of columns("nested")) assertLess(value, 5, `column ${labels.index}`);
    assert(columns("none").some(({ value }) => value > 30), "without a penalty columns have no order");
    for (const results of [rows, []]) {
      const page = await autoencoderExperiment.page({
        trials,
        rows: results,
        profile: "quick",
        command: "deno",
        machines: [],
      });
      placesOfNames(page); // throws where a name has two colours
      const html = siteFiles([page]).get("autoencoder.html")!;
      for (const word of [/\bNaN\b/, /\bundefined\b/, /\bInfinity\b/, /∞/]) assert(!word.test(html), `${word}`);
      assertEquals(html.match(/<li class="claim">/g)?.length, 9);
    }
  }));

Deno.test("K over the rank and a negative λ are refused before the first trial, in one line", async () => {
  await assertRejects(
    async () => await autoencoderExperiment.configurations({ ...options, code: 21 }),
    InputError,
    "current value is 21",
  );
  await assertRejects(
    async () => await autoencoderExperiment.configurations({ ...options, lambdas: ["-1"] }),
    InputError,
    "current value is -1",
  );
});

Deno.test("a trial goes on from any checkpoint to the same numbers", () =>
  assertNothingLeft(async () => {
    const whole = await eventsOf(trialOf(vectors));
    const at = 4;
    assert(whole[at].checkpoint);
    const rest = await eventsOf(trialOf(vectors), whole[at].checkpoint);
    assertEquals(rest.length, whole.length - at - 1);
    assertEquals(rest.flatMap(({ rows }) => rows), whole.slice(at + 1).flatMap(({ rows }) => rows));
  }));

Deno.test("columns of the non-uniform penalty end at the principal directions in the quick profile's steps", () =>
  assertNothingLeft(async () => {
    const all = await autoencoderExperiment.configurations({ ...options, steps: 600 });
    const uneven = all.find(({ penalty }) => penalty === "non-uniform")!;
    // With less momentum this seed stood 42° away, its loss within 3e-5 of the minimum.
    const rows = (await eventsOf(trialOf(uneven, 4))).flatMap((event) => event.rows);
    const angles = rows.filter(({ metric }) => metric === "column").map(({ value }) => value);
    assertEquals(angles.length, 10);
    assertLess(Math.max(...angles), 5);
  }));

Deno.test("batches of vectors come near the same minimum", () =>
  assertNothingLeft(async () => {
    const events = await eventsOf(trialOf({ ...vectors, batch: 7, steps: 600 }));
    const [loss] = events.flatMap(({ rows }) => rows).filter(({ metric }) => metric === "loss");
    assertLess(loss.value / Number(loss.labels.theory) - 1, 0.5);
    assert(loss.value >= Number(loss.labels.theory) * (1 - 1e-6), "nothing is under the minimum");
  }));

Deno.test("a small trial on digits: directions and reconstructions as pictures, no more than the rank", () =>
  assertNothingLeft(async () => {
    const all = await autoencoderExperiment.configurations({ ...options, images: 60, imageCode: 4, imageSteps: 120 });
    const digits = all.find(({ source, penalty }) => source === "mnist" && penalty === "sum")!;
    // λ belongs to a sum over images, of which there are few here.
    const rows = (await eventsOf(trialOf({ ...digits, lambda: 20 }))).flatMap((event) => event.rows);
    const [loss] = rows.filter(({ metric }) => metric === "loss");
    assertLess(Math.abs(loss.value / Number(loss.labels.theory) - 1), 0.02);
    for (const [metric, kinds, count] of [["direction", 2, 4], ["reconstruction", 3, 9]] as const) {
      const pictures = rows.filter((row) => row.metric === metric);
      assertEquals(pictures.length, kinds * count);
      for (const { labels } of pictures) assert(/^[0-9a-f]{1568}$/.test(String(labels.pixels)));
    }
    const errors = Map.groupBy(
      rows.filter(({ metric }) => metric === "reconstruction"),
      ({ labels }) => String(labels.kind),
    );
    for (const { value } of errors.get("original")!) assertEquals(value, 0);
    const total = (kind: string) => errors.get(kind)!.reduce((sum, { value }) => sum + value, 0);
    assertLess(total("principal"), 60 * 30);
    assertLess(total("learnt"), 2 * total("principal"));
    // Sixty images and their mean span 59 dimensions, whatever all 10,000 span.
    await assertRejects(
      async () => await autoencoderExperiment.configurations({ ...options, images: 60, imageCode: 60 }),
      InputError,
      "at most the data's rank (59): current value is 60",
    );
    assert(await autoencoderExperiment.configurations({ ...options, images: 60, imageCode: 59 }));
  }));

Deno.test("a table of one's own: widths over its rank are left out, K over it is refused", async () => {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  try {
    const lines = Array.from({ length: 13 }, (_, at) => `${at % 5},${at % 3},${at * at % 7},${at}`);
    await Deno.writeTextFile(path, ["a,b,c,d", ...lines].join("\n"));
    const own = { ...options, data: path, code: 2, codes: ["1", "3", "15"] };
    const all = await autoencoderExperiment.configurations(own);
    assertEquals([...new Set(all.map(({ code }) => Number(code)))].sort(), [1, 2, 3]);
    assert(all.every(({ source }) => source === "file"));
    await assertRejects(
      async () => await autoencoderExperiment.configurations({ ...own, code: 5 }),
      InputError,
      "rank (4): current value is 5",
    );
    await assertRejects(
      async () => await autoencoderExperiment.configurations({ ...own, codes: ["2.5"] }),
      InputError,
      "current value is 2.5",
    );
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("of a table of one's own the directions are PCA's, of centred columns, unless it is to be learnt as it is", () =>
  assertNothingLeft(async () => {
    // Spread 3 along (1, 1, 0)/√2, 1 along (0, 0, 1), 0.3 along (1, -1, 0)/√2, about a mean that lies along the last.
    const n = 24, turn = 2 * Math.PI / n;
    const lines = Array.from({ length: n }, (_, at) => {
      const [a, b, c] = [3 * Math.cos(at * turn), Math.sin(at * turn), 0.3 * Math.cos(2 * at * turn)];
      return [20 + (a + c) / Math.SQRT2, -20 + (a - c) / Math.SQRT2, b].join(",");
    });
    const directions = [[Math.SQRT1_2, Math.SQRT1_2, 0], [0, 0, 1], [Math.SQRT1_2, -Math.SQRT1_2, 0]];
    const overlap = (a: ArrayLike<number>, b: readonly number[]) =>
      Math.abs(b.reduce((sum, value, at) => sum + value * a[at], 0));
    const path = await Deno.makeTempFile({ suffix: ".csv" });
    try {
      await Deno.writeTextFile(path, ["a,b,c", ...lines].join("\n"));
      const own = { ...options, data: path, code: 2, codes: [], lambdas: ["1"] };
      const [centred] = await autoencoderExperiment.configurations(own);
      const { eigen } = (await dataOf(centred, 1))!;
      directions.forEach((direction, at) => assert(overlap(eigen.vectors[at], direction) > 1 - 1e-9, `${at}`));
      for (const [at, spread] of [9 / 2, 1 / 2, 0.09 / 2].entries()) {
        assertLess(Math.abs(eigen.values[at] / spread - 1), 1e-5);
      }
      const trial = trialOf(centred);
      const rows = (await eventsOf(trial)).flatMap((event) => event.rows);
      const angles = rows.filter(({ metric }) => metric === "angle").map(({ value }) => value);
      assertEquals(angles.length, 2);
      assertLess(Math.max(...angles), 1);
      const results = { trials: [trial], rows, profile: "quick", command: "deno", machines: [] } as const;
      const html = siteFiles([await autoencoderExperiment.page(results)]).get("autoencoder.html")!;
      assert(html.includes("those of PCA") && html.includes("each column less its mean"));

      const [plain] = await autoencoderExperiment.configurations({ ...own, centre: "no" });
      // About 0 the mean itself, at right angles to the widest spread, comes first.
      assert(overlap((await dataOf(plain, 1))!.eigen.vectors[0], directions[2]) > 0.999);
      const constant = `${path}.constant`;
      await Deno.writeTextFile(constant, "5,0.1,1\n5,0.1,2\n5,0.1,4");
      await assertRejects(
        async () => await autoencoderExperiment.configurations({ ...own, data: constant }),
        InputError,
        "rank (1): current value is 2",
      );
      await Deno.remove(constant);
    } finally {
      await Deno.remove(path);
    }
  }));
