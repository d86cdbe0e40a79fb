import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { from, lastValueFrom, toArray } from "rxjs";
import { cmudict } from "../../datasets/cmudict.ts";
import { batch, collate, paddingShare } from "../../operators/batch.ts";
import { pull } from "../../operators/demand.ts";
import { shuffle } from "../../operators/shuffle.ts";
import type { Batch, Example, Tokens } from "../../operators/records.ts";
import { tokenize } from "../../operators/tokenize.ts";
import { vocabularies } from "../../operators/vocabulary.ts";

const all = (tokens: Iterable<Tokens>, size: number) => lastValueFrom(from(tokens).pipe(batch({ size }), toArray()));

function tokens(source: number, target: number, id = `${source}/${target}`): Tokens {
  return {
    example: { id, source: [], targets: [[]] },
    source: Int32Array.from({ length: source }, (_, at) => 4 + at),
    target: Int32Array.from({ length: target }, (_, at) => 5 + at),
  };
}

Deno.test("batch pads rows to rectangles, of one letter, of none, and of empty targets", () => {
  assertEquals(collate([tokens(1, 0), tokens(3, 2)]), {
    examples: [tokens(1, 0).example, tokens(3, 2).example],
    size: 2,
    source: { ids: Int32Array.of(4, 0, 0, 4, 5, 6), lengths: Int32Array.of(1, 3), width: 3 },
    target: { ids: Int32Array.of(0, 0, 5, 6), lengths: Int32Array.of(0, 2), width: 2 },
  });
  const empty = collate([tokens(0, 0)]);
  assertEquals([empty.source.width, empty.target.width, paddingShare(empty)], [1, 1, 1]);
  // Used 4 + 2 of 6 + 4 positions.
  assertEquals(paddingShare(collate([tokens(1, 0), tokens(3, 2)])), 0.4);
});

Deno.test("batch of an empty source is empty, and sizes under 1 are refused", async () => {
  assertEquals(await all([], 5), []);
  for (const options of [{ size: 0 }, { size: 1.5 }, { size: 2, inFlight: 0 }, { size: 2, pool: -1 }]) {
    let message = "";
    try {
      batch(options);
    } catch (error) {
      message = (error as Error).message;
    }
    assert(/^Cannot batch as (size|inFlight|pool) must be a whole number of at least [01]: /.test(message), message);
  }
});

Deno.test("the order of batches depends on the source's order alone, and every example comes once", async () => {
  const given = Array.from({ length: 211 }, (_, at) => tokens(1 + at * 7 % 23, 1 + at * 5 % 13, `${at}`));
  const ids = (batches: Batch[]) => batches.map(({ examples }) => examples.map(({ id }) => id));
  const once = ids(await all(given, 7));
  const pulled = await lastValueFrom(pull(given).pipe(batch({ size: 7, inFlight: 1 }), toArray()));
  assertEquals(ids(pulled), once);
  assertEquals(once.flat().map(Number).sort((a, b) => a - b), given.map((_, at) => at));
  assert(once.every((batch) => batch.length <= 7));
});

Deno.test("padding is under 15% of CMUdict's positions", async () => {
  const examples: Example[] = [...await cmudict({ split: "train" })];
  for (const size of [32, 128]) {
    const batches = await lastValueFrom(
      pull(examples).pipe(shuffle(1, 10_000), tokenize(vocabularies(examples)), batch({ size }), toArray()),
    );
    assertEquals(batches.reduce((sum, { size }) => sum + size, 0), examples.length);
    const positions = ({ size, source, target }: Batch) => size * (source.width + target.width);
    const padding = batches.reduce((sum, batch) => sum + paddingShare(batch) * positions(batch), 0);
    const share = padding / batches.reduce((sum, batch) => sum + positions(batch), 0);
    console.log(`padding share at size ${size}: ${(100 * share).toFixed(1)}%`);
    assertLessOrEqual(share, 0.15);
  }
});

Deno.test("every stretch of batches holds lengths in the source's shares, the last ones too", async () => {
  const examples: Example[] = [...await cmudict({ split: "train" })];
  const known = vocabularies(examples);
  for (const [count, size] of [[4000, 32], [20_000, 64]]) {
    const some = examples.filter((_, at) => at % Math.floor(examples.length / count) === 0).slice(0, count);
    const mean = some.reduce((sum, { source }) => sum + source.length, 0) / some.length;
    const deviation = Math.sqrt(some.reduce((sum, { source }) => sum + (source.length - mean) ** 2, 0) / some.length);
    const batches = await lastValueFrom(
      pull(some).pipe(shuffle(1, count), tokenize(known), batch({ size }), toArray()),
    );
    const stretch = Math.ceil(batches.length / 8);
    for (let at = 0; at < batches.length; at += stretch) {
      const lengths = batches.slice(at, at + stretch).flatMap(({ source }) => [...source.lengths]);
      const here = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
      // Batches of one length each are few in a stretch: its mean may be off by a part of the words' own spread.
      assertLessOrEqual(Math.abs(here - mean), deviation / 4, `at batch ${at} of ${batches.length}, size ${size}`);
    }
  }
});

Deno.test("without a pool batches are the source in its own order", async () => {
  const given = Array.from({ length: 11 }, (_, at) => tokens(1 + at * 7 % 5, 1, `${at}`));
  const made = await lastValueFrom(from(given).pipe(batch({ size: 4, pool: 0 }), toArray()));
  const ids = made.flatMap(({ examples }) => examples.map(({ id }) => id));
  assertEquals(ids, given.map(({ example }) => example.id));
  assertEquals(made.map(({ size }) => size), [4, 4, 3]);
});
