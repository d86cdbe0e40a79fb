import { assert, assertAlmostEquals, assertEquals, assertGreaterOrEqual } from "@std/assert";
import fc from "fast-check";
import type { TrainStep } from "../../operators/records.ts";
import { EpochTally } from "../../pipelines/epoch_tally.ts";
import { rowsOf } from "../../pipelines/rows.ts";

const step = (given: Partial<TrainStep>): TrainStep => ({
  step: 1,
  loss: 1,
  gradientNorm: 1,
  examples: 8,
  tokens: 80,
  seconds: 0.1,
  watched: {},
  ...given,
});

/** The rows of an epoch of these steps. */
function told(steps: readonly TrainStep[], epoch = 1) {
  const total = steps.reduce((sum, { examples }) => sum + examples, 0);
  const tally = new EpochTally(rowsOf("t", {}), epoch, total);
  for (const each of steps) tally.add(each);
  return tally.rows();
}

const curveOf = (rows: ReturnType<typeof told>, metric = "loss/curve") => rows.filter((row) => row.metric === metric);

Deno.test("a loss is the mean a token, so that a batch of long words counts for what it holds", () => {
  const rows = told([step({ loss: 1, tokens: 10 }), step({ loss: 4, tokens: 30, examples: 2 })]);
  assertEquals(rows.find(({ metric }) => metric === "loss/train")?.value, (10 + 120) / 40);
  // Two steps are one point: fewer than a dozen say little about all words.
  assertEquals(curveOf(rows).map(({ value, step }) => [value, step]), [[3.25, 10]]);
});

Deno.test("points of a curve stand for as many tokens each, whatever the steps hold", () => {
  const sizes = fc.array(
    fc.record({ examples: fc.integer({ min: 1, max: 64 }), length: fc.integer({ min: 2, max: 30 }) }),
    {
      minLength: 1,
      maxLength: 400,
    },
  );
  fc.assert(fc.property(sizes, (sizes) => {
    const steps = sizes.map(({ examples, length }) => step({ examples, tokens: examples * length, loss: length }));
    const points = curveOf(told(steps, 3));
    assert(points.length <= 20 && points.length <= Math.max(1, steps.length / 12));
    const total = steps.reduce((sum, { examples }) => sum + examples, 0);
    assertEquals(points.at(-1)!.step, 3 * total);
    // What stands behind each point: the steps up to it.
    const behind = points.map(({ step: until }, at) => {
      let seen = 2 * total;
      return steps.filter(({ examples }) => {
        seen += examples;
        return seen <= until && seen > (points[at - 1]?.step ?? 2 * total);
      });
    });
    const tokens = (some: readonly TrainStep[]) => some.reduce((sum, { tokens }) => sum + tokens, 0);
    const most = Math.max(...steps.map(({ tokens }) => tokens));
    behind.forEach((some, at) => {
      assertGreaterOrEqual(tokens(some), tokens(steps) / points.length - most - 1e-9);
      assertAlmostEquals(
        points[at].value,
        some.reduce((sum, { loss, tokens }) => sum + loss * tokens, 0) / tokens(some),
        1e-9,
      );
    });
  }));
});

Deno.test("speed is that of learning: what comes between the last step and the rows doesn't count", async () => {
  const tally = new EpochTally(rowsOf("t", {}), 1, 8);
  tally.add(step({ seconds: 0.5 }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const speed = tally.rows().find(({ metric }) => metric === "speed/examples")!.value;
  // 8 examples in half a second; with the wait it would be at most 13.4.
  assertAlmostEquals(speed, 16, 1e-6);
});

Deno.test("gradient norms of a point are root mean squares over its steps", () => {
  const rows = told([
    step({ gradientNorm: 3, watched: { query: 1 } }),
    step({ gradientNorm: 4, watched: { query: 7 } }),
  ]);
  assertAlmostEquals(curveOf(rows, "gradient/global")[0].value, Math.sqrt(12.5));
  assertEquals(curveOf(rows, "gradient/query")[0].value, 5);
  assertEquals(curveOf(rows, "gradient/memory")[0].value, 0);
});
