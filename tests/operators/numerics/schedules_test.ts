import { assertEquals, assertThrows } from "@std/assert";
import {
  constantRate,
  cosineDecay,
  halving,
  inverseSquareRoot,
  linearDecay,
  warmUp,
} from "../../../operators/numerics/schedules.ts";

const first = (count: number, schedule: (taken: number) => number) =>
  Array.from({ length: count }, (_, index) => schedule(index));

Deno.test("schedules by hand", () => {
  assertEquals(first(3, constantRate(0.5)), [0.5, 0.5, 0.5]);
  assertEquals(first(6, linearDecay(8, 4)), [8, 6, 4, 2, 0, 0]);
  assertEquals(first(4, linearDecay(8, 2, 4)), [8, 6, 4, 4]);
  assertEquals(first(5, warmUp(8, 2)), [4, 8, 8, 8, 8]);
  assertEquals(first(7, warmUp(8, 2, linearDecay(8, 4))), [4, 8, 8, 6, 4, 2, 0]);
  assertEquals(first(6, halving(8, 2, 2)), [8, 8, 4, 4, 2, 2]);
  assertEquals(first(3, cosineDecay(8, 2, 2)).map((rate) => Math.round(rate * 1e9) / 1e9), [8, 5, 2]);
  assertEquals(first(8, inverseSquareRoot(8, 2)).map((rate) => Math.round(rate * 100) / 100), [
    ...[4, 8, 6.53, 5.66, 5.06, 4.62, 4.28, 4],
  ]);
  assertThrows(() => linearDecay(1, 0), RangeError, "current value is 0");
  assertThrows(() => warmUp(1, 1.5), RangeError, "current value is 1.5");
});
