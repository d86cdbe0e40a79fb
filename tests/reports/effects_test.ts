import { assert, assertEquals } from "@std/assert";
import { mainEffects } from "../../reports/effects.ts";
import { assertClose } from "../helpers/close.ts";

Deno.test("mainEffects() finds the effects that made the values, exactly", () => {
  const observations = [-0.5, 0.5].flatMap((a) =>
    [-0.5, 0.5].flatMap((b) => [0, 1].map((seed) => ({ x: { a, b, seed }, y: 7 + 3 * a - 2 * b + 0.25 * seed })))
  );
  const fit = mainEffects(observations, ["a", "b"])!;
  assertClose(fit.effects.map(({ mean }) => mean), [3, -2], 1e-12);
  assertEquals(fit.freedom, 4);
  assertClose([fit.deviation], [0], 1e-12);
});

Deno.test("mainEffects() by hand: one factor is the difference of means, and its interval Student's", () => {
  const values = { low: [1, 2, 3], high: [4, 6, 8] };
  const observations = [
    ...values.low.map((y) => ({ x: { a: -0.5 }, y })),
    ...values.high.map((y) => ({ x: { a: 0.5 }, y })),
  ];
  const [effect] = mainEffects(observations, ["a"])!.effects;
  // Means 2 and 6; pooled variance (2 + 8) / 4 = 2.5; standard error sqrt(2.5 · 2 / 3); t(0.975, 4) = 2.776445.
  assertClose([effect.mean], [4], 1e-12);
  assertClose([effect.high - effect.mean], [2.776445105 * Math.sqrt(2.5 * 2 / 3)], 1e-6);
  assert(effect.distinguishable);
});

Deno.test("mainEffects() has no answer where columns depend on each other, or nothing is left to judge by", () => {
  const same = [1, 2, 3, 4].map((y, i) => ({ x: { a: i % 2, b: i % 2 }, y }));
  assertEquals(mainEffects(same, ["a", "b"]), undefined);
  assertEquals(mainEffects([{ x: { a: 0 }, y: 1 }, { x: { a: 1 }, y: 2 }], ["a"]), undefined);
});
