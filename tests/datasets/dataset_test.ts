import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { datasetOf, subset } from "../../datasets/mod.ts";
import { InputError } from "../../operators/records.ts";

const provenance = { name: "numbers", split: "all", licence: "none", citation: "none", checksum: "0" };
const numbers = (count: number) => datasetOf(Array.from({ length: count }, (_, at) => ({ id: `${at}` })), provenance);
const ids = (dataset: Iterable<{ id: string }>) => Array.from(dataset, ({ id }) => id);

Deno.test("datasetOf can be walked again and again, also at the same time", () => {
  const dataset = numbers(3);
  assertEquals(dataset.length, 3);
  const walk = dataset[Symbol.iterator]();
  walk.next();
  assertEquals(ids(dataset), ["0", "1", "2"]);
  assertEquals(walk.next().value, { id: "1" });
});

Deno.test("subset: smaller ones begin larger ones, the largest is a permutation, seeds differ", () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 211 }), fc.integer(), fc.nat(), (length, seed, cut) => {
    const dataset = numbers(length);
    const whole = ids(subset(dataset, length, seed));
    const size = 1 + cut % length;
    assertEquals(ids(subset(dataset, size, seed)), whole.slice(0, size));
    assertEquals(whole.toSorted((a, b) => Number(a) - Number(b)), ids(dataset));
  }));
  const dataset = numbers(211);
  assertEquals(ids(subset(dataset, 211, 1)).join() === ids(subset(dataset, 211, 2)).join(), false);
});

Deno.test("subset doesn't depend on the dataset's order, and is pinned", () => {
  const dataset = numbers(13);
  const backwards = datasetOf([...dataset].reverse(), provenance);
  assertEquals(ids(subset(dataset, 5, 7)), ids(subset(backwards, 5, 7)));
  assertEquals(ids(subset(dataset, 5, 7)), ["1", "10", "0", "6", "7"]);
});

Deno.test("subset is unbiased: the mean place of its items is that of all", () => {
  const chosen = ids(subset(numbers(10007), 1009, 3)).map(Number);
  const mean = chosen.reduce((sum, place) => sum + place, 0) / chosen.length;
  // Standard error of the mean: 10007 / sqrt(12 * 1009) = 91; four of them.
  assertEquals(Math.abs(mean - 5003) < 364, true, `mean ${mean}`);
});

Deno.test("subset says in its provenance what it is", () => {
  assertEquals(subset(numbers(13), 5, 7).provenance, { ...provenance, split: "all, 5 of 13, seed 7" });
  assertEquals(subset(numbers(13), 13, 7).provenance, provenance);
});

Deno.test("subset refuses sizes and seeds that are none", () => {
  const sizeMessage = (size: number) =>
    `Cannot take a subset of numbers (all) as its size must be a whole number from 1 to 13: current value is ${size}`;
  for (const size of [0, -1, 14, 2.5, NaN]) {
    const error = assertThrows(() => subset(numbers(13), size), InputError);
    assertEquals(error.message, sizeMessage(size));
  }
  const error = assertThrows(() => subset(numbers(13), 5, 0.5), InputError);
  assertEquals(
    error.message,
    "Cannot take a subset of numbers (all) as its seed must be a whole number: current value is 0.5",
  );
});
