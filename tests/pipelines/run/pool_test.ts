import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { firstValueFrom, forkJoin, lastValueFrom, toArray } from "rxjs";
import { InputError } from "../../../operators/records.ts";
import { resolveOptions } from "../../../pipelines/options.ts";
import { inProcess } from "../../../pipelines/run/executor.ts";
import { workerPool } from "../../../pipelines/run/pool.ts";
import { planTrials } from "../../../pipelines/run/trial.ts";
import { fake } from "./fake.ts";

const poolOf = (workers: number, module = new URL("./fake.ts", import.meta.url).href) =>
  workerPool({ workers, engine: { backend: "wasm", pack: "auto" }, moduleOf: () => module });

async function trialsOf(settings: Record<string, string>) {
  return await planTrials(fake, await resolveOptions(fake, "quick", new Map(Object.entries(settings))), 2);
}

Deno.test("workerPool() gives the events that a run in this process gives, checkpoints included", async () => {
  const trials = await trialsOf({ steps: "5" });
  const pool = poolOf(2);
  try {
    const local = inProcess([fake]);
    // Four trials, two workers: two wait for their turn.
    const events = await lastValueFrom(forkJoin(trials.map((trial) => pool.run(trial, {}).pipe(toArray()))));
    for (const [i, trial] of trials.entries()) {
      assertEquals(events[i], await lastValueFrom(local.run(trial, {}).pipe(toArray())));
    }
    const rest = await lastValueFrom(pool.run(trials[0], { checkpoint: new Uint8Array([3]) }).pipe(toArray()));
    assertEquals(rest.map((event) => event.checkpoint?.[0]), [4, 5]);
  } finally {
    pool.close();
  }
});

for (
  const [mode, message] of [
    ["throw", "RangeError: the second step went wrong (tests/pipelines/run/fake.ts:"],
    ["crash", "out of the blue"],
    ["exit", "the worker was ended from inside"],
  ]
) {
  Deno.test(`workerPool() turns a trial that ends with ${mode} into its error, and runs the next one`, async () => {
    const [left, right] = await trialsOf({ mode });
    const pool = poolOf(1);
    try {
      await assertRejects(() => lastValueFrom(pool.run(right, {})), Error, message);
      assertEquals((await lastValueFrom(pool.run(left, {}))).progress, 1);
    } finally {
      pool.close();
    }
  });
}

Deno.test("workerPool() keeps an InputError one, and names a module that lacks the experiment", async () => {
  const [, right] = await trialsOf({ mode: "input" });
  const pools = [poolOf(1), poolOf(1, new URL("./trial_test.ts", import.meta.url).href.replace("trial_test", "none"))];
  try {
    await assertRejects(() => lastValueFrom(pools[0].run(right, {})), InputError, "line 3 is empty");
    await assertRejects(() => lastValueFrom(pools[1].run(right, {})), Error, "none.ts");
  } finally {
    pools.forEach((pool) => pool.close());
  }
});

Deno.test("workerPool() unsubscribed stops the trial and frees its place", async () => {
  const folder = await Deno.makeTempDir();
  const log = join(folder, "starts");
  const [slow] = await trialsOf({ pause: "30", steps: "500", log });
  const [quick] = await trialsOf({});
  const pool = poolOf(1);
  try {
    await firstValueFrom(pool.run(slow, {}));
    assertEquals((await lastValueFrom(pool.run(quick, {}))).progress, 1);
    assertEquals((await Deno.readTextFile(log)).split("\n").length, 2);
  } finally {
    pool.close();
    await Deno.remove(folder, { recursive: true });
  }
});
