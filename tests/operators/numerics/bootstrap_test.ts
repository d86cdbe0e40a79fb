/** Paired bootstrap: against closed forms of a mean's bootstrap, and its edges. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { pairedBootstrap } from "../../../operators/numerics/bootstrap.ts";
import { randomFrom } from "../../../operators/numerics/random.ts";

const mean = ([sum, count]: readonly number[]) => sum / count;
const rows = (values: number[]) => values.map((value) => [value, 1]);

Deno.test("pairedBootstrap() has the spread of a mean of paired differences", () => {
  const random = randomFrom(3);
  const second = Array.from({ length: 400 }, () => random.normal());
  const differences = second.map(() => 0.1 + random.normal());
  const first = second.map((value, at) => value + differences[at]);
  const { difference, interval, p } = pairedBootstrap(rows(first), rows(second), mean, { draws: 4000 });
  const average = differences.reduce((sum, value) => sum + value, 0) / 400;
  const deviation = Math.sqrt(differences.reduce((sum, value) => sum + (value - average) ** 2, 0) / 400);
  assertAlmostEquals(difference, average, 1e-12);
  // The interval of a mean is ± 1.96 s / sqrt(n); 4,000 draws place its ends to about 3%.
  assertAlmostEquals((interval[1] - interval[0]) / 2, 1.96 * deviation / 20, 0.006);
  assert(p < 0.2, `${p}`);
});

Deno.test("pairedBootstrap() sees no difference between a system and itself, and is sure of a constant one", () => {
  const values = rows([1, 5, 2, 8]);
  assertEquals(pairedBootstrap(values, values, mean), { difference: 0, interval: [0, 0], p: 1 });
  const better = rows([2, 6, 3, 9]);
  const { difference, interval } = pairedBootstrap(better, values, mean, { draws: 50 });
  assertEquals([difference, ...interval], [1, 1, 1]);
});

Deno.test("pairedBootstrap() gives the same for the same seed, and refuses what it can't use", () => {
  const [first, second] = [rows([1, 5, 2, 8, 4]), rows([2, 3, 4, 5, 1])];
  assertEquals(pairedBootstrap(first, second, mean), pairedBootstrap(first, second, mean));
  assertThrows(() => pairedBootstrap([], [], mean), RangeError, "at least one segment");
  assertThrows(() => pairedBootstrap(first, rows([1]), mean), RangeError, "the same segments");
  assertThrows(() => pairedBootstrap(first, second, mean, { draws: 0 }), RangeError, "draws");
  assertThrows(() => pairedBootstrap(first, second, mean, { level: 1 }), RangeError, "level");
});
