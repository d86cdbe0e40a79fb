import { assert, assertEquals } from "@std/assert";
import type { Measurement } from "../../operators/records.ts";
import { figure, frontier } from "../../reports/mod.ts";

const rows: Measurement[] = [[100, 20], [100, 24], [1000, 90]].flatMap(([cost, value], at) => {
  const labels = { attention: "elu + 1", pairs: at === 3 ? 8 : 16 };
  const row = (metric: string, value: number, unit: string, step = 0) => ({
    trial: `${at}`,
    metric,
    step,
    value,
    unit,
    labels,
  });
  return [row("state", cost, "bytes"), row("accuracy", 1, "%", 1), row("accuracy", value, "%", 2)];
});
const spec = frontier({
  id: "frontier",
  title: "t",
  caption: "c",
  cost: { metric: "state", label: "State" },
  value: { metric: "accuracy", label: "Accuracy" },
  by: "attention",
  panel: { label: "pairs", heading: (pairs) => `${pairs} pairs` },
  columns: 1,
});

Deno.test("frontier draws each trial's last value against its cost, a mean over the seeds at one cost", () => {
  const drawn = figure(spec, rows);
  assertEquals(drawn.data.map(({ cost, mean, count }) => [cost, mean, count]), [[100, 22, 2], [1000, 90, 1]]);
  assertEquals(drawn.panels.map(({ heading }) => heading), ["16 pairs"]);
  assertEquals(drawn.summary, "16 pairs: accuracy elu + 1 22 ± 25% at 100 bytes and elu + 1 90% at 1 kB.");
  assert(drawn.panels[0].wide.includes("<svg") && !drawn.panels[0].wide.includes("NaN"));
});

Deno.test("frontier leaves out trials whose cost isn't known, and says when nothing is left", () => {
  const drawn = figure(spec, rows.filter(({ metric }) => metric !== "state"));
  assertEquals([drawn.data.length, drawn.summary], [0, "No rows were measured for this figure."]);
});
