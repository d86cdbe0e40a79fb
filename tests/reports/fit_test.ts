import { assertAlmostEquals, assertEquals } from "@std/assert";
import { exponent } from "../../reports/fit.ts";

Deno.test("exponent() finds a power law, and says how far points are from it", () => {
  const exact = exponent([1, 2, 4, 8].map((x) => ({ x, y: 3 * x ** 1.7 })))!;
  assertAlmostEquals(exact.mean, 1.7, 1e-12);
  assertAlmostEquals(exact.factor, 3, 1e-9);
  assertAlmostEquals(exact.worst, 1, 1e-9);
  // By hand: logs (0, 0), (1, 2), (2, 2) in units of ln 2 have the slope 1 and residuals -1/3, 2/3, -1/3.
  const bent = exponent([{ x: 1, y: 1 }, { x: 2, y: 4 }, { x: 4, y: 4 }])!;
  assertAlmostEquals(bent.mean, 1, 1e-12);
  assertAlmostEquals(bent.worst, 2 ** (2 / 3), 1e-12);
  assertAlmostEquals(bent.high - bent.mean, 12.7062 * Math.sqrt(2 / 3 / 2), 1e-3);
  assertEquals(exponent([{ x: 1, y: 1 }, { x: 2, y: 2 }]), undefined);
});
