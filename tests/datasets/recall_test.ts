import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { drawsFrom } from "../../datasets/draws.ts";
import { recall, type RecallOptions } from "../../datasets/mod.ts";
import { InputError, UNASKED } from "../../operators/records.ts";

Deno.test("recall: every key stands once among the pairs, asks once, and its label is its value", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 11 }),
      fc.nat(7),
      fc.nat(13),
      fc.nat(),
      async (pairs, more, room, seed) => {
        const vocabulary = 2 * (pairs + more), length = 4 * pairs + 2 * room;
        const set = await recall({ split: "train", pairs, vocabulary, length, size: 3, seed });
        for (const { source, targets: [target] } of set) {
          assertEquals([source.length, target.length], [length, length]);
          const value = new Map<string, string>();
          for (let pair = 0; pair < pairs; pair++) value.set(source[2 * pair], source[2 * pair + 1]);
          assertEquals(value.size, pairs);
          const asked = target.flatMap((label, at) => label === UNASKED ? [] : [at]);
          assertEquals(asked.length, pairs);
          assertEquals(new Set(asked.map((at) => source[at])).size, pairs);
          for (const at of asked) {
            assert(at >= 2 * pairs && at % 2 === 0);
            assertEquals(target[at], value.get(source[at]));
          }
          assert(source.every((symbol) => /^[kv]\d+$/.test(symbol) && Number(symbol.slice(1)) < vocabulary / 2));
        }
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("recall is the same in every walk, and differs between seeds and splits", async () => {
  const make = (options: Partial<RecallOptions>) =>
    recall({ split: "train", pairs: 5, vocabulary: 22, size: 7, ...options });
  const set = await make({});
  assertEquals([...set], [...set]);
  assertEquals([...await make({ size: 11 })].slice(0, 7), [...set]);
  const text = async (options: Partial<RecallOptions>) => JSON.stringify([...await make(options)].map((e) => e.source));
  assertEquals(new Set([await text({}), await text({ seed: 2 }), await text({ split: "test" })]).size, 3);
});

Deno.test("recall asks sooner with a small power", async () => {
  const mean = async (power: number) => {
    let sum = 0, count = 0;
    for (
      const { targets: [target] } of await recall({
        split: "dev",
        pairs: 3,
        vocabulary: 6,
        length: 106,
        size: 211,
        power,
      })
    ) {
      target.forEach((label, at) => label !== UNASKED && (sum += at, count++));
    }
    return sum / count;
  };
  const [soon, uniform] = [await mean(0.01), await mean(1)];
  // Uniform over the 50 places 6, 8, ..., 104: mean 55, standard error 29 / sqrt(633) = 1.2.
  assert(Math.abs(uniform - 55) < 5, `${uniform}`);
  assert(soon < 40, `${soon}`);
});

Deno.test("weighted draws follow their weights", () => {
  const counts = [0, 0, 0];
  for (let at = 0; at < 3000; at++) counts[drawsFrom(at, "weights").weighted([1, 2, 3], 1)[0]]++;
  // Four standard deviations of a share of a half in 3,000: 110.
  assert(counts.every((count, at) => Math.abs(count - 500 * (at + 1)) < 110), `${counts}`);
});

const refused: [Partial<RecallOptions>, string][] = [
  [{ split: "all" as "test" }, 'its split must be train, dev or test: current value is "all"'],
  [{ pairs: 0 }, "pairs must be a positive whole number: current value is 0"],
  [{ pairs: 2.5 }, "pairs must be a positive whole number: current value is 2.5"],
  [{ vocabulary: 23 }, "vocabulary must be even (half keys, half values): current value is 23"],
  [{ vocabulary: 8 }, "vocabulary must be at least 10 for 5 pairs: current value is 8"],
  [{ length: 21 }, "length must be even: current value is 21"],
  [{ length: 18 }, "length must be at least 20 for 5 pairs: current value is 18"],
  [{ power: 0 }, "power must lie in (0, 1]: current value is 0"],
  [{ seed: 0.5 }, "its seed must be a whole number: current value is 0.5"],
];
for (const [options, message] of refused) {
  Deno.test(`recall refuses ${JSON.stringify(options)}`, async () => {
    const error = await assertRejects(
      () => recall({ split: "test", pairs: 5, vocabulary: 22, size: 1, ...options }),
      InputError,
    );
    assertEquals(error.message, `Cannot generate recall as ${message}`);
  });
}
