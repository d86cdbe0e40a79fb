import { assertEquals, assertThrows } from "@std/assert";
import { meanInterval, pairedDifference } from "../../reports/intervals.ts";
import { assertClose } from "../helpers/close.ts";

Deno.test("meanInterval() uses Student's quantiles as tables print them", () => {
  // For values -d, 0, d: s = d and s / sqrt(n) = d / sqrt(3); t(0.975, 2) = 4.302653.
  const { mean, low, high, count } = meanInterval([4, 5, 6]);
  assertEquals([mean, count], [5, 3]);
  assertClose([low, high], [5 - 4.302653 / Math.sqrt(3), 5 + 4.302653 / Math.sqrt(3)], 1e-6);
  // Two values: t(0.975, 1) = 12.706205, s / sqrt(2) = half the distance.
  assertClose([meanInterval([0, 2]).high], [1 + 12.706205], 1e-6);
  // t(0.95, 9) = 1.833113: 90% of ten values 1..10, s = sqrt(55/6).
  const ten = Array.from({ length: 10 }, (_, i) => i + 1);
  assertClose([meanInterval(ten, 0.9).low], [5.5 - 1.833113 * Math.sqrt(55 / 6 / 10)], 1e-6);
});

Deno.test("meanInterval() of one value has no ends, of equal values no width", () => {
  const one = meanInterval([7]);
  assertEquals([one.mean, one.low, one.high], [7, NaN, NaN]);
  const equal = meanInterval([3, 3, 3]);
  assertEquals([equal.low, equal.high], [3, 3]);
  assertThrows(() => meanInterval([]), RangeError, "at least one value");
  assertThrows(() => meanInterval([1, 2], 1), RangeError, "current value is 1");
});

Deno.test("meanInterval() covers the true mean in about 95% of the samples", () => {
  // Sums of 12 uniform values are near enough to normal; a linear congruential generator is random enough here.
  let state = 12345;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  let covered = 0;
  const trials = 2000;
  for (let trial = 0; trial < trials; trial++) {
    const values = Array.from({ length: 5 }, () => Array.from({ length: 12 }, uniform).reduce((a, b) => a + b) - 6);
    const { low, high } = meanInterval(values);
    if (low <= 0 && 0 <= high) covered++;
  }
  // Three standard errors of a proportion: 3 sqrt(0.95 x 0.05 / 2000) = 0.015.
  assertClose([covered / trials], [0.95], 0.015);
});

Deno.test("pairedDifference() sees through what both share, and never distinguishes by one seed", () => {
  const a = [10, 20, 30];
  const b = [9, 19.1, 28.9];
  const difference = pairedDifference(a, b);
  assertClose([difference.mean], [1], 1e-12);
  assertEquals(difference.distinguishable, true);
  assertEquals(pairedDifference(b, a).distinguishable, true);
  assertEquals(pairedDifference([1, 2, 3], [2, 2, 2]).distinguishable, false);
  assertEquals(pairedDifference([1, 2], [1, 2]).distinguishable, false);
  assertEquals(pairedDifference([5], [1]).distinguishable, false);
  assertThrows(() => pairedDifference([1], [1, 2]), RangeError, "current value is 1 and 2");
});
