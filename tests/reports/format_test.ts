import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../operators/records.ts";
import {
  assertSlug,
  axisLabel,
  formatBytes,
  formatEstimate,
  formatExact,
  formatMean,
  formatNumber,
  formatQuantity,
  formatRange,
  formatSeconds,
  formatTick,
  listWords,
} from "../../reports/format.ts";

Deno.test("numbers carry three significant digits, grouped thousands and a true minus sign", () => {
  assertEquals(
    [0, 7, -7, 14.2371, -0.04999, 1234567, 99.96, 0.00012345, 1.5e-9].map((value) => formatNumber(value)),
    ["0", "7", "−7", "14.2", "−0.0500", "1,234,567", "100", "0.000123", "1.50 × 10⁻⁹"],
  );
  assertEquals([NaN, Infinity, -Infinity].map((value) => formatNumber(value)), ["not a number", "∞", "−∞"]);
  assertEquals(formatNumber(-0.0004, 2), "0.00", "a negative number that rounds to zero has no sign");
});

Deno.test("a formatted number reads back within half a unit of its last digit", () => {
  fc.assert(
    fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.integer({ min: 0, max: 5 }), (value, digits) => {
      fc.pre(value === 0 || Math.abs(value) >= 1e-6);
      const read = Number(formatNumber(value, digits).replaceAll(",", "").replace("−", "-"));
      return Math.abs(read - value) <= 0.5 * 10 ** -digits * (1 + 1e-9) + 1e-9;
    }),
  );
});

Deno.test("estimates carry the digits that their interval supports", () => {
  assertEquals(formatEstimate({ mean: 14.2371, low: 13.8, high: 14.6742, count: 3 }), "14.24 ± 0.44");
  assertEquals(formatEstimate({ mean: 0.04321, low: 0.0431, high: 0.04332, count: 3 }), "0.04321 ± 0.00011");
  assertEquals(formatEstimate({ mean: 1234.5, low: 1134.5, high: 1334.5, count: 3 }), "1,235 ± 100");
  assertEquals(formatEstimate({ mean: 14.2371, low: NaN, high: NaN, count: 1 }), "14.2", "one value has no interval");
  assertEquals(formatEstimate({ mean: 4.13, low: -9.4, high: 17.6, count: 2 }), "4 ± 14");
  assertEquals(formatEstimate({ mean: 2, low: 1.9004, high: 2.0996, count: 3 }), "2.00 ± 0.10");
});

Deno.test("values that agree have no interval to print, and rounding makes none", () => {
  const agreeing = (mean: number, half: number) => ({ mean, low: mean - half, high: mean + half, count: 3 });
  assertEquals(formatEstimate(agreeing(5, 0)), "5");
  assertEquals(formatEstimate(agreeing(54.620016964, 2.13e-14)), "54.6");
  assertEquals(formatEstimate(agreeing(85.84, 0), 1), "85.8");
  assertEquals(formatEstimate(agreeing(1e-6, 1e-15)), "1.00 × 10⁻⁶");
  assertEquals(formatEstimate(agreeing(0, 0)), "0");
});

Deno.test("a limit of digits never prints an interval as nothing", () => {
  assertEquals(formatEstimate({ mean: 18.0912, low: 17.92, high: 18.26, count: 2 }, 1), "18.1 ± 0.2");
  assertEquals(formatEstimate({ mean: 18.0912, low: 18.0712, high: 18.1112, count: 2 }, 1), "18.09 ± 0.02");
  const estimates = fc.record({
    mean: fc.double({ min: -1e5, max: 1e5, noNaN: true }),
    half: fc.double({ min: 1e-5, max: 1e5, noNaN: true }),
  });
  fc.assert(fc.property(estimates, fc.integer({ min: 0, max: 9 }), ({ mean, half }, most) => {
    const [, printed] = formatEstimate({ mean, low: mean - half, high: mean + half, count: 3 }, most).split(" ± ");
    return printed === undefined ? half <= 1e-6 * Math.abs(mean) * 1.001 : Number(printed.replaceAll(",", "")) > 0;
  }));
});

Deno.test("ranges and means are rounded as their interval says", () => {
  const effect = { mean: -4.671, low: -7.312, high: -2.03, count: 24 };
  assertEquals([formatRange(effect), formatMean(effect)], ["−4.7 (−7.3 to −2.0)", "−4.7"]);
  assertEquals(formatRange({ mean: 0.4, low: null, high: null, count: 1 }), "0.400");
});

Deno.test("quantities follow their unit", () => {
  assertEquals(formatQuantity(14.2371, "%"), "14.2%");
  assertEquals(formatQuantity(3, "nats"), "3 nats");
  assertEquals(formatQuantity(8192, "1"), "8,192");
  assertEquals([999, 1000, 999_999, 1_330_000].map(formatBytes), ["999 bytes", "1 kB", "1 MB", "1.33 MB"]);
  assertEquals([8e-7, 0.99996, 2.41e-3, 12.34, 250, 7500].map(formatSeconds), [
    "800 ns",
    "1 s",
    "2.41 ms",
    "12.3 s",
    "4 min 10 s",
    "2 h 5 min",
  ]);
  assertEquals(
    [0.02, 0.1 + 0.2, 980, 1500, -1500, 12500, 2e6, 0, 1e-6, 2e-4].map((value) => formatTick(value)),
    ["0.02", "0.3", "980", "1,500", "−1,500", "12.5 k", "2 M", "0", "10⁻⁶", "2 × 10⁻⁴"],
  );
  assertEquals([0, 500, 5000, 10_000].map((value) => formatTick(value, 10_000)), ["0", "500", "5 k", "10 k"]);
  assertEquals([5.04, 21.69, 30, 6300000].map(formatExact), ["5.04", "21.69", "30", "6,300,000"]);
  assertEquals([axisLabel("PER", "%"), axisLabel("Bytes", "bytes"), axisLabel("Norm", "1")], [
    "PER, %",
    "Bytes",
    "Norm",
  ]);
  assertEquals([listWords([]), listWords(["a"]), listWords(["a", "b"]), listWords(["a", "b", "c"])], [
    "",
    "a",
    "a and b",
    "a, b and c",
  ]);
});

Deno.test("names of files are slugs, anything else is refused in one line", () => {
  assertSlug("a page", "per-epoch2");
  for (const name of ["", "A", "a/b", "..", "a b", "-a", "a--b", "a\nb", "<script>"]) {
    const error = assertThrows(() => assertSlug("a page", name), InputError, "Cannot name a page");
    assertEquals((error as Error).message.includes("\n"), false);
  }
});
