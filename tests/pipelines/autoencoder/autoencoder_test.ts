import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { lastValueFrom, toArray } from "rxjs";
import { useEngine } from "../../../operators/backends/engine.ts";
import { InputError } from "../../../operators/records.ts";
import { autoencoderExperiment } from "../../../pipelines/autoencoder.ts";
import type { Options, Trial } from "../../../pipelines/experiment.ts";
import { siteFiles } from "../../../reports/mod.ts";
import { assertNothingLeft } from "../../helpers/streams.ts";

await useEngine();
const options: Options = {
  data: "",
  lambdas: ["10", "441"],
  code: 10,
  steps: 300,
  images: 0,
  imageCode: 9,
  imageLambda: 3125,
  imageSteps: 10,
  batch: 0,
};

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
    const rows = [];
    for (const trial of trials) {
      const events = await lastValueFrom(autoencoderExperiment.run(trial, {}).pipe(toArray()));
      assertEquals(events.at(-1)!.progress, 1);
      rows.push(...events.flatMap((event) => event.rows));
    }
    const sums = rows.filter(({ metric, labels }) =>
      metric === "singular" && labels.penalty === "sum" && labels.optimiser === "momentum"
    );
    for (const { value, labels } of sums) assertLess(Math.abs(value ** 2 - Number(labels.theory) ** 2), 1e-3);
    for (const results of [rows, []]) {
      const page = await autoencoderExperiment.page({
        trials,
        rows: results,
        profile: "quick",
        command: "deno",
        machines: [],
      });
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
