import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { from, lastValueFrom, of, toArray } from "rxjs";
import {
  featureMaps,
  kernelMechanism,
  measureAttention,
  measureDecoding,
  measureParts,
  tf,
  useEngine,
} from "../../../operators/mod.ts";
import { packFunctions } from "../../../operators/backends/pack.ts";
import { InputError } from "../../../operators/records.ts";
import type { TrialEvent } from "../../../pipelines/experiment.ts";
import { kernelsExperiment } from "../../../pipelines/kernels.ts";
import { poly2Bytes, softmaxBytes, totalBytes } from "../../../pipelines/kernels/bytes.ts";
import {
  contender,
  contenderNames,
  contenderOf,
  loadContender,
  usualNames,
} from "../../../pipelines/kernels/contenders.ts";
import { resolveOptions } from "../../../pipelines/options.ts";
import type { Table } from "../../../reports/mod.ts";
import { placesOfNames } from "../../helpers/markup.ts";

const { taylor } = featureMaps;
const engine = await useEngine();
const tiny = { lengths: "16,32,64", dims: "4", repeats: "3", budget: "0", words: "64" };
const options = await resolveOptions(kernelsExperiment, "quick", new Map(Object.entries(tiny)));
const configurations = await kernelsExperiment.configurations(options);

async function run(index: number, checkpoint?: Uint8Array): Promise<TrialEvent[]> {
  const trial = { id: `t${index}`, pipeline: "kernels", options: configurations[index], seed: 3, version: "1" };
  return await lastValueFrom(kernelsExperiment.run(trial, { checkpoint }).pipe(toArray()));
}

Deno.test("each trial leaves no tensor, and the page of all holds twelve judged claims", async () => {
  const before = tf.memory().numTensors;
  const events = [];
  for (const index of configurations.keys()) events.push(...await run(index));
  assertEquals(tf.memory().numTensors, before);
  const rows = events.flatMap(({ rows }) => rows);
  for (const { metric, value } of rows) assert(Number.isFinite(value), `${metric} is ${value}`);
  const trials = configurations.map((options, i) => ({
    id: `t${i}`,
    pipeline: "kernels",
    options,
    seed: 3,
    version: "1",
  }));
  const page = await kernelsExperiment.page({ trials, rows, profile: "quick", command: "c", machines: [] });
  placesOfNames(page); // throws where a name has two colours
  const blocks = page.sections.flatMap(({ blocks }) => blocks);
  const claims = blocks.find((block) => typeof block === "object" && "claims" in block) as {
    claims: readonly unknown[];
  };
  assertEquals(claims.claims.length, 12);
  assertEquals(
    blocks.filter((block) => typeof block === "object" && "kind" in block && block.kind === "figure").length,
    8,
  );
  const training = blocks.find((block): block is Table =>
    typeof block === "object" && "id" in block && block.id === "training-crossovers"
  )!;
  assert(training.rows.some(({ predicted }) => Number(predicted) > 0));
  assert(training.caption.includes("N = 16 and 64"), training.caption);
});

Deno.test("a trial that goes on behind a length has the lengths behind it, and the end", async () => {
  const whole = await run(0);
  const rest = await run(0, whole[0].checkpoint);
  const steps = (events: readonly TrialEvent[]) =>
    events.map(({ rows }) => rows.map(({ metric, step }) => `${metric} ${step}`));
  assertEquals(steps([whole[0], ...rest]), steps(whole));
});

Deno.test("counted operations equal the closed form for every mechanism that is counted", async () => {
  const rows = (await run(1)).flatMap(({ rows }) => rows).filter(({ metric, step }) =>
    metric === "operations" && step === 16
  );
  const of = (kind: string) =>
    new Map(rows.filter(({ labels }) => labels.kind === kind).map(({ labels, value }) => [labels.mechanism, value]));
  const predicted = of("predicted"), counted = of("counted");
  assertEquals([...counted.keys()].map(String), usualNames);
  for (const [name, value] of counted) assertEquals(value, predicted.get(name), String(name));
});

for (const causal of [false, true]) {
  for (const d of [16, 40]) {
    Deno.test(`peak bytes are the closed form's within 5% (D ${d}, causal ${causal})`, async () => {
      const all = [...contenderNames.map(contender), contenderOf(kernelMechanism(taylor({ deduplicated: true })))];
      const lengths = [64, 128, 200, 512, 700, 1024, 1500];
      const measured = await lastValueFrom(
        from(lengths).pipe(
          measureAttention(() => all.map(({ mechanism }) => mechanism), {
            engine,
            d,
            m: d,
            causal,
            repeats: 1,
            budget: 0,
          }),
          toArray(),
        ),
      );
      for (const { mechanism, n, peakBytes } of measured.flat()) {
        const predicted = all.find(({ name }) => name === mechanism.name)!.bytes({ n, d, m: d, causal })!;
        assertAlmostEquals(peakBytes / totalBytes(predicted), 1, 0.05, `${mechanism.name}, N ${n}`);
      }
    });
  }
}

Deno.test("what training is said to hold is the measured peak's to three times, for every mechanism", async () => {
  const all = contenderNames.map(contender);
  for (const [d, causal] of [[16, false], [32, true], [64, false]] as const) {
    const settings = { engine, d, m: d, causal, repeats: 1, budget: 0, pass: "training" as const };
    const measured = await lastValueFrom(
      from([256, 1024]).pipe(measureAttention(() => all.map(({ mechanism }) => mechanism), settings), toArray()),
    );
    assertEquals(measured.map((at) => at.length), [13, 13]);
    for (const { mechanism, n, peakBytes } of measured.flat()) {
      const told = all.find(({ name }) => name === mechanism.name)!.trainingBytes({ n, d, m: d, causal })!;
      const text = `${mechanism.name}, N ${n}, D ${d}: ${peakBytes / told}`;
      assert(peakBytes < told, text);
      if (told > 2 ** 25) assert(told < 3 * peakBytes, text);
    }
  }
});

Deno.test("scratch is what the device kernels ask for", () => {
  const { attentionScratch, poly2Scratch } = packFunctions()!;
  const whole = (bytes: number) => Math.ceil(bytes / 65536) * 65536;
  for (const [n, d, m] of [[5, 3, 7], [64, 16, 16], [300, 37, 41], [4096, 64, 64]]) {
    const sizes = { n, d, m };
    assertEquals(softmaxBytes(sizes, "streaming")["blocks (scratch)"], whole(attentionScratch(n, d, m)));
    for (const [causal, linear] of [[false, false], [false, true], [true, false], [true, true]]) {
      const bytes = poly2Bytes({ ...sizes, causal }, linear ? "linear" : "quadratic");
      const scratch = Object.entries(bytes).filter(([name]) => name.endsWith("(scratch)"));
      const sum = scratch.reduce((all, [, value]) => all + value, 0);
      assertEquals(sum, whole(poly2Scratch(n, n, d, m, Number(linear), Number(causal))));
    }
  }
});

Deno.test("sizes that are no sizes, or huge, are refused in one line", async () => {
  const ask = async (key: string, value: string) =>
    await kernelsExperiment.configurations(
      await resolveOptions(kernelsExperiment, "quick", new Map([[key, value]])),
    );
  for (const value of ["0", "-4", "1.5", "many"]) {
    await assertRejects(() => ask("lengths", value), InputError, "must be a positive whole number");
    await assertRejects(() => ask("dims", value), InputError, "must be a positive whole number");
  }
  await assertRejects(() => ask("lengths", "900000000"), InputError, "current value is");
  // 525,825 features of 1,024 positions, their sums, and what is made of both.
  await assertRejects(
    () => ask("dims", "1024"),
    InputError,
    "must fit in 2 GiB: current value is 12.11 GiB (n 1024",
  );
  assert(await ask("dims", "512"));
});

Deno.test("measurements refuse what is no size or wouldn't fit, before anything is allocated", async () => {
  const whole = [contender("softmax-materialised").mechanism];
  const ask = (n: number, sizes = { d: 4, m: 4 }) =>
    lastValueFrom(of(n).pipe(measureAttention(() => whole, { engine, repeats: 1, ...sizes })));
  const before = tf.memory().numBytes;
  for (const n of [0, -1, 1.5]) await assertRejects(() => ask(n), InputError, `n must be a positive whole number`);
  await assertRejects(
    () => ask(8, { d: 0, m: 4 }),
    InputError,
    "d must be a positive whole number: current value is 0",
  );
  await assertRejects(
    () => ask(60_000),
    InputError,
    "must fit in 4 GiB: current value is 26.83 GiB (n 60000, d 4, m 4",
  );
  const decode = (position: number) => lastValueFrom(of(position).pipe(measureDecoding(whole, { d: 4, m: 4 })));
  await assertRejects(() => decode(0), InputError, "n must be a positive whole number");
  const parts = { n: 8, d: 4, m: 4, features: 2 ** 28 };
  assertThrows(() => measureParts(parts), InputError, "must fit in 2 GiB: current value is");
  assertThrows(() => measureParts({ ...parts, features: 0 }), InputError, "features must be a positive whole number");
  assertEquals(tf.memory().numBytes, before);
});

Deno.test("a feature map of the user's own joins by its module", async () => {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  const tfAt = new URL("../../../operators/numerics/tf.ts", import.meta.url);
  await Deno.writeTextFile(
    path,
    `import { tf } from "${tfAt}";
    export default { name: "square", citation: "mine", dimension: (d) => d, apply: (x) => tf.square(x) };`,
  );
  const own = await loadContender(path);
  assertEquals([own.name, own.cost({ n: 8, d: 2, m: 2 }), own.bytes({ n: 8, d: 2, m: 2 })], [
    "square",
    undefined,
    undefined,
  ]);
  await Deno.writeTextFile(path + ".2.ts", `export default { name: "half" };`);
  await assertRejects(() => loadContender(path + ".2.ts"), InputError, "must have citation (text)");
  await Deno.remove(path);
  await Deno.remove(path + ".2.ts");
});

Deno.test("an attention of the user's own tells its cost and its bytes, or the page says that it doesn't", async () => {
  const folder = await Deno.makeTempDir();
  const at = (name: string) => `${folder}/${name}.ts`;
  const attention = (rest: string) =>
    `export default { name: "first", citation: "mine", apply: (q, k, v) => v.clone(), ${rest} };`;
  await Deno.writeTextFile(at("told"), attention("bytes: ({ n, m }) => ({ output: 4 * n * m })"));
  await Deno.writeTextFile(at("untold"), attention("").replace("first", "second"));
  await Deno.writeTextFile(at("wrong"), attention("bytes: () => ({ output: -1 })"));
  assertEquals((await loadContender(at("told"))).bytes({ n: 8, d: 2, m: 3 }), { output: 96 });
  const wrong = await loadContender(at("wrong"));
  assertThrows(
    () => wrong.bytes({ n: 8, d: 2, m: 3 }),
    InputError,
    'bytes must be numbers from 0: current value for "output" is -1',
  );
  const given = { ...tiny, words: "0", training: "1", mechanisms: ["softmax", at("told"), at("untold")].join(",") };
  const own = await resolveOptions(kernelsExperiment, "quick", new Map(Object.entries(given)));
  const [options] = await kernelsExperiment.configurations(own);
  const trial = { id: "own", pipeline: "kernels", options, seed: 3, version: "1" };
  const events = await lastValueFrom(kernelsExperiment.run(trial, {}).pipe(toArray()));
  const rows = events.flatMap(({ rows }) => rows);
  const page = await kernelsExperiment.page({ trials: [trial], rows, profile: "quick", command: "c", machines: [] });
  const table = page.sections.flatMap(({ blocks }) => blocks)
    .find((block): block is Table => typeof block === "object" && "id" in block && block.id === "bytes")!;
  assertEquals(table.rows.filter(({ mechanism }) => mechanism !== "softmax"), [
    { mechanism: "first", tensor: "output", n: 64, bytes: 1024 },
    { mechanism: "second", tensor: "not given", n: 64, bytes: null },
  ]);
  assert(table.caption.includes("Not given"), table.caption);
  assertEquals([...new Set(rows.filter(({ metric }) => metric === "training").map(({ labels }) => labels.mechanism))], [
    "softmax",
  ]);
  const notes = page.sections.flatMap(({ blocks }) => blocks).filter((block) => typeof block === "string");
  assert(notes.some((note) => note.includes("No gradient can be taken through first and second")), notes.join("\n"));
  await Deno.remove(folder, { recursive: true });
});
