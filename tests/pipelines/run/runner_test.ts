import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import { concat, finalize, map, NEVER, type Observable, of, Subject, tap, throwError } from "rxjs";
import { InputError } from "../../../operators/records.ts";
import type { Trial, TrialEvent } from "../../../pipelines/experiment.ts";
import { resolveOptions } from "../../../pipelines/options.ts";
import { type Executor, inProcess } from "../../../pipelines/run/executor.ts";
import type { Progress } from "../../../pipelines/run/progress.ts";
import { type Plan, runPlans } from "../../../pipelines/run/runner.ts";
import { Store } from "../../../pipelines/run/store.ts";
import { planTrials } from "../../../pipelines/run/trial.ts";
import { fake } from "./fake.ts";

const MACHINE = { processor: "p", cores: 2, system: "s", deno: "2", engine: "none" };
const SILENT: Progress = { start() {}, begin() {}, update() {}, finish() {}, fail() {}, close() {} };

async function planOf(settings: Record<string, string> = {}): Promise<Plan> {
  const options = await resolveOptions(fake, "quick", new Map(Object.entries(settings)));
  const trials = await planTrials(fake, options, 2);
  return { experiment: fake, module: "fake.ts", options, profile: "quick", command: "c", trials };
}

async function withStore(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(join(folder, "store.sqlite"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(path: string, plan: Plan, executor: Executor, more: { stop?: Observable<unknown> } = {}) {
  const store = new Store(path);
  try {
    const context = { store, executor, workers: 2, progress: SILENT, machine: MACHINE, stop: NEVER, ...more };
    return await runPlans([plan], context);
  } finally {
    store.close();
  }
}

function rowsOf(path: string, plan: Plan) {
  const store = new Store(path);
  const ids = plan.trials.map((trial) => trial.id);
  const result = { rows: store.rows(ids), finished: store.finished(ids).size };
  store.close();
  return result;
}

class Killed extends InputError {}

Deno.test("runPlans() resumed after a death at any event gives the rows of an undisturbed run", () =>
  withStore(async (path) => {
    const plan = await planOf({ steps: "5" });
    await run(path, plan, inProcess([fake]));
    const expected = rowsOf(path, plan);
    assertEquals([expected.finished, expected.rows.length], [4, 4 * 5 * 2]);

    let name = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ after: fc.nat(9), saves: fc.boolean() }), { maxLength: 5 }),
        async (deaths) => {
          const file = `${path}-${name++}`;
          const finishedRuns = new Map<string, number>();
          // Each death is abrupt: the error ends the whole call, as kill -9 would, between two stored events.
          const mortal = (after: number, saves: boolean): Executor => ({
            close() {},
            run: (trial, context) =>
              fake.run(trial, context).pipe(
                map((event) => {
                  if (after-- === 0) throw new Killed("killed");
                  return saves ? event : { ...event, checkpoint: undefined };
                }),
                tap({ complete: () => finishedRuns.set(trial.id, (finishedRuns.get(trial.id) ?? 0) + 1) }),
              ),
          });
          for (const { after, saves } of deaths) {
            await run(file, plan, mortal(after, saves)).catch((error) => assert(error instanceof Killed));
          }
          await run(file, plan, mortal(Infinity, true));
          assertEquals(rowsOf(file, plan), expected);
          assertEquals([...finishedRuns.values()], plan.trials.map(() => 1));
        },
      ),
      { numRuns: 25 },
    );
  }));

Deno.test("runPlans() goes on when one trial fails, and tries it again from its checkpoint", () =>
  withStore(async (path) => {
    const plan = await planOf({ mode: "throw" });
    const { failures, interrupted } = await run(path, plan, inProcess([fake]));
    assertEquals(failures.map(({ trial, message }) => [trial.options.arm, trial.seed, message]), [
      ["right", 1, "the second step went wrong"],
      ["right", 2, "the second step went wrong"],
    ]);
    assertEquals(interrupted, false);
    assertEquals(rowsOf(path, plan).finished, 2);
    const resumed: [string, number | undefined][] = [];
    const healed: Executor = {
      close() {},
      run: (trial, context) => {
        resumed.push([String(trial.options.arm), context.checkpoint?.[0]]);
        return fake.run({ ...trial, options: { ...trial.options, mode: "ok" } }, context);
      },
    };
    assertEquals((await run(path, plan, healed)).failures, []);
    assertEquals(resumed, [["right", 1], ["right", 1]]);
    assertEquals(rowsOf(path, plan).rows.length, 4 * 3 * 2);
  }));

Deno.test("runPlans() ends at once when a trial's input can't be used, and keeps what was stored", () =>
  withStore(async (path) => {
    const plan = await planOf({ mode: "input" });
    await assertRejects(() => run(path, plan, inProcess([fake])), InputError, "line 3 is empty");
    const { finished, rows } = rowsOf(path, plan);
    assertEquals([finished, rows.length], [1, 3 * 2 + 1 * 2]);
  }));

Deno.test("runPlans() stopped unsubscribes from running trials, starts no other, and says so", () =>
  withStore(async (path) => {
    const plan = await planOf();
    const stop = new Subject<void>();
    const started: Trial[] = [];
    let ended = 0;
    const endless: Executor = {
      close() {},
      run: (trial) => {
        started.push(trial);
        const event: TrialEvent = {
          rows: [{ trial: trial.id, metric: "a", step: 1, value: 1, unit: "1", labels: {} }],
          progress: 0.5,
        };
        if (started.length === 2) setTimeout(() => stop.next(), 5);
        return concat(of(event), NEVER).pipe(finalize(() => ended++));
      },
    };
    const { interrupted } = await run(path, plan, endless, { stop });
    assertEquals([interrupted, started.length, ended, rowsOf(path, plan).rows.length], [true, 2, 2, 2]);
  }));

Deno.test("runPlans() refuses a store that another run is using, before any trial starts", () =>
  withStore(async (path) => {
    const plan = await planOf();
    const other = new Store(path);
    other.lock();
    const executor: Executor = { close() {}, run: () => throwError(() => new Error("must not start")) };
    await assertRejects(() => run(path, plan, executor), InputError, "another process is running trials");
    other.close();
  }));

Deno.test("runPlans() runs trials that take times one by one, after all others", () =>
  withStore(async (path) => {
    const timed = { ...fake, name: "timed", alone: true };
    const shared = await planOf({ pause: "5" });
    const trials = await planTrials(timed, shared.options, 2);
    const plans = [{ ...shared, experiment: timed, trials }, shared];
    const running = new Set<string>();
    const seen: { pipeline: string; beside: number }[] = [];
    const inner = inProcess([fake, timed]);
    const executor: Executor = {
      ...inner,
      run: (trial, context) => {
        running.add(trial.id);
        seen.push({ pipeline: trial.pipeline, beside: running.size });
        return inner.run(trial, context).pipe(finalize(() => running.delete(trial.id)));
      },
    };
    const store = new Store(path);
    await runPlans(plans, { store, executor, workers: 2, progress: SILENT, machine: MACHINE, stop: NEVER });
    store.close();
    assertEquals(seen.map(({ pipeline }) => pipeline), [...Array(4).fill("fake"), ...Array(4).fill("timed")]);
    assertEquals(seen.slice(4).map(({ beside }) => beside), [1, 1, 1, 1]);
    assert(seen.slice(0, 4).some(({ beside }) => beside === 2));
  }));
