import { assertEquals } from "@std/assert";
import { alignmentMetrics } from "../../operators/alignment_metrics.ts";
import type { Prediction } from "../../operators/records.ts";

Deno.test("alignment/error and coverage by hand", () => {
  const predicted = (alignment: number[][], places?: number[]): Prediction => ({
    example: { id: "x", source: ["a", "b"], targets: [["A", "B"]], alignment: places },
    hypothesis: [],
    logProbability: 0,
    alignment: alignment.map((row) => Float32Array.from(row)),
  });
  const value = (predictions: Prediction[]) =>
    alignmentMetrics.map((metric) => {
      const gatherer = metric.begin();
      gatherer.add({ batch: undefined as never, loss: 0, tokens: 0, predictions });
      return gatherer.value();
    });
  // Both right; each position gets 0.75 + 0.25 = 1. The end mark's row counts for coverage alone.
  assertEquals(value([predicted([[0.75, 0.25], [0.25, 0.75], [0, 0]], [0, 1])]), [0, 100]);
  // The first wrong; the second wasn't said.
  assertEquals(value([predicted([[0.25, 0.75]], [0, 1])]), [100, 50]);
  // Looking nowhere is an error.
  assertEquals(value([predicted([[0, 0], [0, 1]], [0, 1])]), [50, 50]);
  // Nothing is known of the right alignment.
  assertEquals(value([predicted([[1, 0], [0, 1]])]), [NaN, 100]);
});
