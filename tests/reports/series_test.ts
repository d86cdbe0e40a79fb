import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { logTicks, niceCeiling, spread } from "../../reports/figures/series.ts";

Deno.test("labels that don't touch stay where they are", () => {
  assertEquals(spread([90, 10, 50], 15, 0, 100), [90, 10, 50]);
});

Deno.test("labels that touch are moved apart around their middle", () => {
  assertEquals(spread([50, 50, 50], 10, 0, 100), [40, 50, 60]);
  assertEquals(spread([50, 52], 10, 0, 100), [46, 56]);
  assertEquals(spread([99, 100], 10, 0, 100), [90, 100], "and kept inside");
});

Deno.test("any labels end at least a gap apart, in their order, inside where there is room", () => {
  const positions = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 13 });
  fc.assert(fc.property(positions, (given) => {
    const moved = spread(given, 17, 0, 300);
    const order = given.map((_, index) => index).sort((a, b) => given[a] - given[b] || a - b);
    for (let rank = 1; rank < order.length; rank++) {
      assert(moved[order[rank]] - moved[order[rank - 1]] >= 17 - 1e-9);
    }
    assert(Math.min(...moved) >= -1e-9 && Math.max(...moved) <= 300 + 1e-9);
  }));
});

Deno.test("a nice ceiling is round, not below the value and less than twice as large", () => {
  assertEquals([0.07, 1, 14.2, 57, 6.3e6, 0].map(niceCeiling).map((value) => Number(value.toPrecision(6))), [
    0.08,
    1,
    15,
    60,
    8e6,
    1,
  ]);
  fc.assert(fc.property(fc.double({ min: 1e-9, max: 1e12, noNaN: true }), (value) => {
    const ceiling = niceCeiling(value);
    return ceiling >= value * (1 - 1e-9) && ceiling < 2 * value;
  }));
});

Deno.test("logarithmic ticks lie inside, are few, and are powers of ten when many decades are shown", () => {
  assertEquals(logTicks(0.004, 0.09, 8), [0.005, 0.01, 0.02, 0.05]);
  assertEquals(logTicks(1, 1e6, 7), [1, 10, 100, 1000, 1e4, 1e5, 1e6]);
  assertEquals(logTicks(1, 1e12, 7), [1, 100, 1e4, 1e6, 1e8, 1e10, 1e12]);
});
