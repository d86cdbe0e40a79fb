import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { InputError, type Measurement } from "../../../operators/records.ts";
import type { Machine, Trial } from "../../../pipelines/experiment.ts";
import { explain, SCHEMA_VERSION } from "../../../pipelines/run/sqlite.ts";
import { Store } from "../../../pipelines/run/store.ts";

const MACHINE: Machine = { processor: "p", cores: 2, system: "s", deno: "2", engine: "wasm, pack auto" };

function trial(id: string): Trial {
  return { id, pipeline: "fake", options: { arm: "left" }, seed: 1, version: "1" };
}

function row(id: string, step: number, value = step / 3): Measurement {
  return { trial: id, metric: "per", step, value, unit: "%", labels: { arm: "left", seed: 1 } };
}

async function inFolder(body: (path: string, folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(join(folder, "deep", "store.sqlite"), folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The one line that opening the store fails with. */
function refusal(path: string): string {
  const { message } = assertThrows(() => new Store(path).close(), InputError);
  assert(!message.includes("\n"));
  return message;
}

Deno.test("Store keeps rows to the last digit and in order, NaN and infinities too", () =>
  inFolder((path) => {
    const values = [1 / 3, NaN, Infinity, -Infinity, 5e-324, 0, -7];
    let store = new Store(path);
    store.claim(trial("t"));
    store.append("t", { rows: values.map((value, i) => row("t", i, value)), progress: 1 });
    store.finish("t");
    store.close();
    store = new Store(path);
    assertEquals(store.rows(["t"]), values.map((value, i) => row("t", i, value)));
    assertEquals(store.trials(["none", "t"]), [trial("t")]);
    assertEquals([...store.finished(["t", "none"])], ["t"]);
    store.close();
  }));

Deno.test("Store.claim() gives the last checkpoint and takes away rows that came after it", () =>
  inFolder((path) => {
    const store = new Store(path);
    assertEquals(store.claim(trial("t")), undefined);
    store.append("t", { rows: [row("t", 1)], progress: 0.1 });
    assertEquals(store.claim(trial("t")), undefined);
    assertEquals(store.rows(["t"]), []);
    store.append("t", { rows: [row("t", 1), row("t", 2)], checkpoint: new Uint8Array([2, 7]), progress: 0.5 });
    store.append("t", { rows: [row("t", 3)], progress: 0.7 });
    assertEquals(store.claim(trial("t")), new Uint8Array([2, 7]));
    assertEquals(store.rows(["t"]), [row("t", 1), row("t", 2)]);
    store.finish("t");
    assertEquals(store.checkpoint("t"), undefined);
    assertThrows(() => store.claim(trial("t")), Error, "finished already");
    assertEquals(store.rows(["t"]).length, 2);
    store.close();
  }));

Deno.test("Store.append() stores all of an event or nothing of it", () =>
  inFolder((path) => {
    const store = new Store(path);
    store.claim(trial("t"));
    const broken = { ...row("t", 2), value: {} as number };
    assertThrows(() => store.append("t", { rows: [row("t", 1), broken], checkpoint: new Uint8Array(1), progress: 1 }));
    assertThrows(() => store.append("t", { rows: [row("other", 1)], progress: 1 }), Error, "must belong to t");
    assertEquals(store.rows(["t"]), []);
    assertEquals(store.checkpoint("t"), undefined);
    store.append("t", { rows: [row("t", 1)], progress: 1 });
    assertEquals(store.rows(["t"]), [row("t", 1)]);
    store.close();
  }));

Deno.test("Store holds, after any events and any claims, the rows up to the last checkpoint and then the new ones", () =>
  inFolder((path) => {
    const store = new Store(path);
    let name = 0;
    const step = fc.oneof(
      fc.record({ kind: fc.constant("event" as const), rows: fc.nat(3), saved: fc.boolean() }),
      fc.record({ kind: fc.constant("claim" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const id = `t${name++}`;
        let kept: Measurement[] = [], rows: Measurement[] = [];
        store.claim(trial(id));
        for (const each of steps) {
          if (each.kind === "claim") {
            store.claim(trial(id));
            rows = [...kept];
            continue;
          }
          const added = Array.from({ length: each.rows }, (_, i) => row(id, rows.length + i));
          rows.push(...added);
          if (each.saved) kept = [...rows];
          store.append(id, { rows: added, checkpoint: each.saved ? new Uint8Array([1]) : undefined, progress: 0 });
        }
        assertEquals(store.rows([id]), rows);
      }),
      { numRuns: 40 },
    );
    store.close();
  }));

Deno.test("Store.lastRuns() and machines() give where the rows come from", () =>
  inFolder((path) => {
    const store = new Store(path);
    const run = {
      pipeline: "fake",
      module: "m",
      profile: "quick" as const,
      command: "c",
      trials: ["t"],
      machine: MACHINE,
    };
    const other = { ...MACHINE, cores: 64 };
    const first = store.begin(run);
    store.claim(trial("t"), first);
    store.end(first);
    store.begin({ ...run, profile: "full", trials: ["t", "u"], machine: other });
    assertEquals(store.lastRuns().map((each) => each.trials), [["t", "u"]]);
    assertEquals(store.lastRuns("quick"), [run]);
    assertEquals(store.machines(["t"]), [MACHINE]);
    // A later call that finished nothing doesn't hide an earlier one that did; what failed is told with its message.
    store.finish("t");
    store.begin({ ...run, trials: ["v"] });
    store.claim(trial("v"));
    store.fail("v", "why");
    assertEquals(store.lastRuns("quick"), [run]);
    assertEquals(store.failures(["t", "v"]).map(({ trial, message }) => [trial.id, message]), [["v", "why"]]);
    store.close();
  }));

Deno.test("Store.lock() is for one at a time, and is free again after close()", () =>
  inFolder((path) => {
    const [one, two] = [new Store(path), new Store(path)];
    one.lock();
    const { message } = assertThrows(() => two.lock(), InputError);
    assertStringIncludes(message, "another process is running trials with the store");
    assertEquals(two.rows([]), []);
    one.close();
    two.lock();
    two.close();
  }));

Deno.test("Store refuses what is no sound store of its own, in one line", () =>
  inFolder((path, folder) => {
    const text = join(folder, "text.sqlite");
    Deno.writeTextFileSync(text, "these are not the rows you are looking for\n".repeat(40));
    assertStringIncludes(refusal(text), "it is not an SQLite database");

    const foreign = join(folder, "foreign.sqlite");
    const db = new DatabaseSync(foreign);
    db.exec("CREATE TABLE songs (title)");
    db.close();
    assertStringIncludes(refusal(foreign), "it is the database of another program");

    new Store(path).close();
    const newer = new DatabaseSync(path);
    newer.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    newer.close();
    assertStringIncludes(refusal(path), `its version is ${SCHEMA_VERSION + 1}, this program reads up to`);

    assertStringIncludes(refusal(folder), "it can't be opened for writing");
    assertStringIncludes(refusal(join(text, "store.sqlite")), "its folder can't be made");
  }));

Deno.test("Store refuses a store with damaged pages, and leaves the file as it was", () =>
  inFolder((path) => {
    const store = new Store(path);
    store.claim(trial("t"));
    store.append("t", { rows: Array.from({ length: 997 }, (_, i) => row("t", i)), progress: 1 });
    store.close();
    const bytes = Deno.readFileSync(path);
    bytes.fill(0xa5, 4096 * 3, 4096 * 6);
    Deno.writeFileSync(path, bytes);
    assertStringIncludes(refusal(path), "it is corrupt");
    assertEquals(Deno.readFileSync(path), bytes);
    Deno.writeFileSync(path, bytes.subarray(0, 4096 * 2 + 100));
    assertStringIncludes(refusal(path), "it is corrupt");
  }));

Deno.test("a store that is locked or read-only is refused in one line", () =>
  inFolder((path) => {
    new Store(path).close();
    const other = new DatabaseSync(path);
    // Waiting is for other tests: the error is the same after 0 ms as after 5000.
    const mine = new DatabaseSync(path);
    mine.exec("PRAGMA busy_timeout = 0");
    other.exec("BEGIN EXCLUSIVE");
    const locked = assertThrows(() => mine.exec("BEGIN IMMEDIATE"));
    assertStringIncludes((explain(locked, path) as InputError).message, "another program has locked it");
    other.close();
    mine.close();
    // The system's own refusal: file modes don't stop root, under which some machines test.
    const reader = new DatabaseSync(path, { readOnly: true });
    const refused = assertThrows(() => reader.exec("BEGIN IMMEDIATE; PRAGMA user_version = 9; COMMIT"));
    reader.close();
    assert(explain(refused, path) instanceof InputError);
    assertStringIncludes((explain(refused, path) as InputError).message, "it is read-only");
  }));
