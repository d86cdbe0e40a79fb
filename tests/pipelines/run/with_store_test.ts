import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { concat, lastValueFrom, map, NEVER, type Observable, range, take, tap, throwError, toArray } from "rxjs";
import { record } from "../../../operators/mod.ts";
import { InputError, type Measurement } from "../../../operators/records.ts";
import { Store, type TrialSink, withStore } from "../../../pipelines/mod.ts";
import { trialId } from "../../../pipelines/run/trial.ts";

const chain = { pipeline: "squares", options: { by: 2 }, seed: 3 };
const id = await trialId({ ...chain, version: "1" });

const rowOf = (trial: string, step: number): Measurement => (
  { trial, metric: "square", step, value: step ** 2, unit: "1", labels: { of: step } }
);
const squares = (count: number) => (sink: TrialSink): Observable<Measurement> =>
  range(1, count).pipe(map((step) => rowOf(sink.trial, step)), record(sink, 2));

async function inFolder(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(join(folder, "rows.sqlite"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function read<T>(path: string, body: (store: Store) => T): T {
  const store = new Store(path);
  try {
    return body(store);
  } finally {
    store.close();
  }
}

Deno.test("withStore() lets a chain of one's own record, passes its rows on, and finishes its trial", () =>
  inFolder(async (path) => {
    const emitted = await lastValueFrom(withStore(path, chain, squares(5)).pipe(toArray()));
    assertEquals(emitted.map(({ step }) => step), [1, 2, 3, 4, 5]);
    read(path, (store) => {
      assertEquals(store.rows([id]), emitted);
      assertEquals([...store.finished([id])], [id]);
      assertEquals(store.trials([id]), [{ id, ...chain, version: "1" }]);
    });
    // As with pipelines, what is finished stays as it is; another seed is another trial.
    await assertRejects(() => lastValueFrom(withStore(path, chain, squares(2))), Error, "finished already");
    await lastValueFrom(withStore(path, { ...chain, seed: 4 }, squares(2)));
    assertEquals(read(path, (store) => store.rows([id]).length), 5);
  }));

Deno.test("withStore() keeps what a failing or abandoned chain had measured, and begins anew at the next", () =>
  inFolder(async (path) => {
    const failing = (sink: TrialSink) =>
      concat(range(1, 3).pipe(map((step) => rowOf(sink.trial, step))), throwError(() => new Error("lost\nits way")))
        .pipe(record(sink, 2));
    await assertRejects(() => lastValueFrom(withStore(path, chain, failing)), Error, "lost");
    read(path, (store) => {
      assertEquals(store.rows([id]).map(({ step }) => step), [1, 2, 3]);
      assertEquals(store.failures([id]).map(({ message }) => message), ["lost"]);
    });
    const endless = (sink: TrialSink) =>
      concat(range(1, 3).pipe(map((step) => rowOf(sink.trial, step))), NEVER).pipe(record(sink, 2));
    let leaving = false;
    await lastValueFrom(withStore(path, chain, endless).pipe(take(2), tap(() => leaving = true)));
    assert(leaving);
    read(path, (store) => {
      assertEquals(store.rows([id]).map(({ step }) => step), [1, 2]);
      assertEquals([...store.finished([id])], []);
    });
    await lastValueFrom(withStore(path, chain, squares(1)));
    assertEquals(read(path, (store) => store.rows([id]).map(({ step }) => step)), [1]);
  }));

Deno.test("withStore() refuses rows of another trial, and a store that can't be used", () =>
  inFolder(async (path) => {
    const strange = (sink: TrialSink) => range(1, 2).pipe(map((step) => rowOf("other", step)), record(sink));
    const error = await assertRejects(() => lastValueFrom(withStore(path, chain, strange)), Error);
    assertStringIncludes(error.message, `it must belong to ${id}: current value is other`);
    const text = `${path}.txt`;
    await Deno.writeTextFile(text, "no database\n".repeat(100));
    await assertRejects(() => lastValueFrom(withStore(text, chain, squares(2))), InputError, "not an SQLite database");
  }));
