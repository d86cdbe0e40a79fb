import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { concatMap, delay, filter, map, of, range, repeat, take, toArray } from "rxjs";
import { lastValueFrom } from "rxjs";
import { batch } from "../../operators/batch.ts";
import { pull } from "../../operators/demand.ts";
import { lend, settle } from "../../operators/loan.ts";
import { shuffle } from "../../operators/shuffle.ts";
import { tf } from "../../operators/numerics/tf.ts";
import type { Batch, Tokens } from "../../operators/records.ts";

tf.env().set("IS_TEST", true);
await tf.setBackend("cpu");

/** A source of tokens that counts what was taken from it. */
function counted(count: number) {
  const state = { taken: 0, closed: 0 };
  const walk = function* (): Generator<Tokens> {
    try {
      for (let item = 0; item < count; item++) {
        state.taken++;
        const ids = new Int32Array([4 + item % 3]);
        yield { example: { id: `${item}`, source: ["a"], targets: [["A"]] }, source: ids, target: ids };
      }
    } finally {
      state.closed++;
    }
  };
  return { state, source: { [Symbol.iterator]: walk } };
}

const sum = lend((batch: Batch) => ({ sum: tf.sum(tf.tensor1d(batch.source.ids, "int32")) }));
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

Deno.test("pull() walks a source anew for each subscription and closes the iterator of one that leaves", async () => {
  const { state, source } = counted(5);
  assertEquals((await lastValueFrom(pull(source).pipe(toArray()))).length, 5);
  assertEquals((await lastValueFrom(pull(source).pipe(toArray()))).length, 5);
  assertEquals(state, { taken: 10, closed: 2 });
  const left = counted(5);
  await lastValueFrom(pull(left.source).pipe(take(2)));
  assertEquals(left.state, { taken: 2, closed: 1 });
});

Deno.test("pull() reads async iterables and passes their errors on", async () => {
  const failing = async function* () {
    yield 1;
    await wait(1);
    throw new Error("broken pipe");
  };
  const seen: unknown[] = [];
  await new Promise<void>((resolve) =>
    pull(failing()).subscribe({
      next: (value) => seen.push(value),
      error: (error) => {
        seen.push(error.message);
        resolve();
      },
    })
  );
  assertEquals(seen, [1, "broken pipe"]);
});

Deno.test("at most inFlight batches lie between a source and settle when what follows is slow", async () => {
  for (const inFlight of [1, 2, 5]) {
    const { state, source } = counted(40);
    let settled = 0;
    let most = 0;
    await lastValueFrom(
      pull(source).pipe(
        batch({ size: 1, inFlight, pool: 0 }),
        map((record) => {
          most = Math.max(most, state.taken - settled);
          return record;
        }),
        sum,
        settle(),
        map(() => {
          settled++;
          const until = performance.now() + 2; // a slow, synchronous sink
          while (performance.now() < until);
        }),
      ),
    );
    assertEquals(settled, 40);
    assertLessOrEqual(most, inFlight);
  }
});

Deno.test("demand is held back through delays, shuffles, epochs and inner chains", async () => {
  const chains = {
    delay: (source: Iterable<Tokens>) =>
      pull(source).pipe(batch({ size: 1, inFlight: 3, pool: 0 }), delay(5), sum, settle()),
    shuffle: (source: Iterable<Tokens>) =>
      pull(source).pipe(shuffle(1, 7), batch({ size: 1, inFlight: 3, pool: 0 }), sum, settle()),
    epochs: (source: Iterable<Tokens>) =>
      range(3).pipe(concatMap(() => pull(source)), batch({ size: 1, inFlight: 3, pool: 0 }), sum, settle()),
    repeat: (source: Iterable<Tokens>) =>
      pull(source).pipe(repeat(3), batch({ size: 1, inFlight: 3, pool: 0 }), sum, settle()),
    inner: (source: Iterable<Tokens>) =>
      pull(source).pipe(
        batch({ size: 1, inFlight: 3, pool: 0 }),
        concatMap((record) => of(record).pipe(sum, settle(), delay(3))),
      ),
  };
  for (const [name, chain] of Object.entries(chains)) {
    const { state, source } = counted(20);
    let out = 0;
    let most = 0;
    await new Promise<void>((resolve, reject) =>
      chain(source).subscribe({
        next: () => {
          out++;
          most = Math.max(most, state.taken - out);
        },
        error: reject,
        complete: resolve,
      })
    );
    assert(out === 20 || out === 60, `${name} lost items: ${out}`);
    // The shuffle's buffer of 7 lies before the batches.
    assertLessOrEqual(most, name === "shuffle" ? 11 : 4, `${name} ran ahead`);
  }
});

Deno.test("a chain that never lends runs freely, and one that drops batches goes on", async () => {
  const free = counted(500);
  assertEquals((await lastValueFrom(pull(free.source).pipe(batch({ size: 2 }), toArray()))).length, 250);
  const dropping = counted(4);
  const kept = await lastValueFrom(
    pull(dropping.source).pipe(
      batch({ size: 1, inFlight: 2, pool: 0 }),
      filter((_, index) => index > 1),
      sum,
      settle(),
      toArray(),
    ),
  );
  assertEquals(kept.length, 2);
});
