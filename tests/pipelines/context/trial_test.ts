import { assert, assertEquals, assertRejects } from "@std/assert";
import { lastValueFrom, toArray } from "rxjs";
import { tf, useEngine } from "../../../operators/mod.ts";
import { InputError, type Measurement } from "../../../operators/records.ts";
import { contextExperiment } from "../../../pipelines/context.ts";
import type { Options, TrialContext, TrialEvent } from "../../../pipelines/experiment.ts";
import { resolveOptions } from "../../../pipelines/options.ts";

await useEngine();

const tiny = {
  attentions: "softmax,elu",
  tasks: "recall,listops,bytes",
  pairs: "3",
  widths: "6",
  symbols: 8,
  recallSteps: 20,
  width: 6,
  steps: 20,
  bytes: 17,
  bytesWidth: 6,
  bytesSteps: 20,
  test: 37,
};
async function configurations(settings: Record<string, unknown> = {}): Promise<readonly Options[]> {
  const given = new Map(Object.entries({ ...tiny, ...settings }).map(([key, value]) => [key, `${value}`]));
  return await contextExperiment.configurations(await resolveOptions(contextExperiment, "quick", given));
}
const every = await configurations();

async function run(options: Options, context: TrialContext = {}): Promise<TrialEvent[]> {
  const trial = { id: "tiny", pipeline: "context", options, seed: 3, version: "1" };
  return await lastValueFrom(contextExperiment.run(trial, context).pipe(toArray()));
}

/** Rows that depend on nothing but options and seed. */
function timeless(events: readonly TrialEvent[]): Measurement[] {
  return events.flatMap(({ rows }) => rows).filter(({ metric }) => !metric.startsWith("time/"));
}

Deno.test("the trials are every task with every attention, and a trial's options are its task's own", () => {
  assertEquals(every.map(({ task, attention }) => `${task} ${attention}`), [
    "recall softmax",
    "recall elu",
    "listops softmax",
    "listops elu",
    "bytes softmax",
    "bytes elu",
  ]);
  assertEquals(Object.keys(every[0]).sort(), "attention pairs rate steps symbols task test width".split(" "));
  assert(!("bytes" in every[2]) && !("depth" in every[4]));
});

for (const options of every.filter(({ attention }) => attention === "elu")) {
  Deno.test(`a trial of ${options.task} gives the same rows twice, goes on from its checkpoint, and leaves no tensor`, async () => {
    const before = tf.memory().numTensors;
    const whole = await run(options);
    assertEquals(timeless(await run(options)), timeless(whole));
    const places = whole.flatMap(({ checkpoint }, at) => checkpoint ? [at] : []);
    assertEquals(places.length, 10);
    const at = places[4];
    const rest = await run(options, { checkpoint: whole[at].checkpoint });
    assertEquals(timeless([...whole.slice(0, at + 1), ...rest]), timeless(whole));
    assertEquals(tf.memory().numTensors, before);
    const rows = timeless(whole);
    for (const { metric, value } of rows) assert(Number.isFinite(value), `${metric} is ${value}`);
    for (const metric of ["set", "parameters", "operations", "state", "chance", "loss/curve", "accuracy", "loss"]) {
      assert(rows.some((row) => row.metric === metric), `no row of ${metric}`);
    }
    const told = rows.find(({ metric }) => metric === "state")!;
    // C (M + 1) numbers by head, four bytes each, after C = D features.
    const heads = options.task === "recall" ? 1 : 2;
    assertEquals(told.value, 4 * heads * (6 / heads) * (6 / heads + 1));
  });
}

const refused: [Record<string, unknown>, string][] = [
  [
    { symbols: 4 },
    "Cannot use --set symbols=4 as symbols must be even, and at least 6 for 3 pairs: current value is 4",
  ],
  [{ bytesHeads: 4 }, "Cannot use --set bytesHeads=4 as bytesHeads must divide the width 6: current value is 4"],
  [{ heads: 4 }, "Cannot use --set heads=4 as heads must divide the width 6: current value is 4"],
  [{ pairs: "3,x" }, "Cannot use --set pairs=3,x as pairs must be whole numbers from 1 to 4096: current value is x"],
  [
    { shortest: 20 },
    "Cannot use --set shortest=20 as shortest must be at most longest, 10: current value is 20",
  ],
  [
    // Weights and gradients of 2 heads' pairs in 32 examples: 5.12 x 10^12 bytes.
    { tasks: "bytes", bytes: 100_000, attentions: "softmax-materialised" },
    "Cannot learn bytes with softmax, materialised as the least that one batch takes must fit in 4 GiB: current value " +
    "is 4.66 TiB (n 100000, d 3, m 3, heads 2, batch 32)",
  ],
  [
    { tasks: "recall", pairs: "4096", symbols: 8192, attentions: "softmax-materialised" },
    "Cannot learn recall with softmax, materialised as the least that one batch takes must fit in 4 GiB: current value " +
    "is 64.52 GiB (n 16384, d 6, m 6, heads 1, batch 32)",
  ],
];
for (const [settings, message] of refused) {
  Deno.test(`the pipeline refuses ${JSON.stringify(settings)}`, async () => {
    assertEquals((await assertRejects(() => configurations(settings), InputError)).message, message);
  });
}

Deno.test("ListOps files in Long Range Arena's format are learnt from, round after round", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/basic.tsv`;
    await Deno.writeTextFile(file, "Source\tTarget\n[MAX 2 9 ]\t9\n[MIN 2 9 ]\t2\n( ( ( [SM 4 ) 9 ) ] )\t3\n");
    const [options] = await configurations({ tasks: "listops", listopsTrain: file, listopsTest: file });
    const rows = timeless(await run(options));
    assertEquals(rows.filter(({ metric }) => metric === "set").map(({ value }) => value), [3, 3]);
    await Deno.writeTextFile(file, "Source\tTarget\n[MAX 2 9 ]\t2\n");
    const error = await assertRejects(() => run(options), InputError);
    assert(error.message.includes("line 2, as the target must be the expression's value 9"), error.message);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
