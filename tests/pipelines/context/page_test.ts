import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Measurement } from "../../../operators/records.ts";
import { contextPage } from "../../../pipelines/context/page.ts";
import type { Results, Trial } from "../../../pipelines/experiment.ts";
import type { Figure } from "../../../reports/mod.ts";
import { placesOfNames } from "../../helpers/markup.ts";

interface Made {
  readonly task: string;
  readonly attention: string;
  readonly width?: number;
  readonly pairs?: number;
  readonly state: number;
  /** One accuracy a seed. */
  readonly accuracy: readonly number[];
}

function results(cells: readonly Made[], chance = 10): Results {
  const trials: Trial[] = [], rows: Measurement[] = [];
  for (const { task, attention, width, pairs, state, accuracy } of cells) {
    accuracy.forEach((value, at) => {
      const id = `${task} ${attention} ${width} ${pairs} ${at}`;
      const sizes: Record<string, number> = pairs === undefined ? {} : { pairs, width: width! };
      const labels = { task, attention, ...sizes };
      const options = {
        task,
        attention,
        steps: 100,
        rate: 0.01,
        width: width ?? 32,
        blocks: 1,
        heads: 2,
        symbols: 64,
        ...sizes,
      };
      trials.push({ id, pipeline: "context", options, seed: at + 1, version: "1" });
      const row = (metric: string, value: number, unit: string, step = 0, more = {}) =>
        rows.push({ trial: id, metric, step, value, unit, labels: { ...labels, ...more } });
      row("state", state, "bytes");
      row("operations", 100 * state, "1");
      row("chance", chance, "%");
      row("parameters", 1234, "1");
      row("loss/curve", 2, "nats", 1600);
      row("loss/curve", 1, "nats", 3200);
      row("time/training", 3, "s", 3200);
      row("accuracy", value, "%", 3200, { set: "test" });
    });
  }
  return { trials, rows, profile: "quick", command: "deno task pipeline context", machines: [] };
}

const recall = (attention: string, state: number, accuracy: number[], width = 16): Made => ({
  task: "recall",
  attention,
  width,
  pairs: 16,
  state,
  accuracy,
});
const solved = recall("softmax", 8192, [99.9, 100, 99.8]);
const failing = recall("elu + 1", 1088, [14, 15, 13]);
const solving = recall("Taylor", 18564, [99.7, 99.9, 99.8]);

async function drawn(made: Results) {
  const page = await contextPage(made);
  placesOfNames(page); // throws where a name has two colours
  const figures = page.sections.flatMap(({ blocks }) => blocks).filter((block): block is Figure =>
    typeof block === "object" && block.kind === "figure"
  );
  return { page, figures };
}

Deno.test("the headline says that softmax recalls, and at which state recall fails", async () => {
  const { page, figures } = await drawn(results([solved, failing, solving]));
  assertEquals(
    page.headline,
    "Softmax recalls 99.90 ± 0.25% of 16 pairs in a model 16 wide, where elu + 1 gets 14.0 ± 2.5% with a state of " +
      "1.09 kB, and Taylor recall them too.".replace("Taylor recall them", "Taylor recalls them"),
  );
  assertEquals(
    figures[0].title,
    "The smallest kernel state that recalls 16 pairs has 18.6 kB (Taylor); the largest that fails has 1.09 kB (elu + 1, " +
      "14.0 ± 2.5%)",
  );
  assertEquals(figures[0].data.length, 3);
});

Deno.test("recall is drawn against operations, the other tasks against state, too, where attentions differ", async () => {
  const task = (attention: string, state: number): Made => ({
    task: "listops",
    attention,
    state,
    accuracy: [40, 42, 41],
  });
  const listops = [task("softmax", 2048), task("elu + 1", 512)];
  const { figures } = await drawn(results([solved, failing, solving, ...listops]));
  const of = (id: string) => figures.find((figure) => figure.id === id);
  assertEquals(
    of("recall-cost")!.title,
    "To recall 16 pairs softmax takes 0.819 million operations an example, the cheapest kernel that does 1.86 million (Taylor)",
  );
  assertEquals(
    of("task-state")!.title,
    "States on ListOps go from 512 bytes (elu + 1, 41.0 ± 2.5%) to 2.05 kB (softmax, 41.0 ± 2.5%)",
  );
  for (const [id, metric] of [["recall-cost", "operations"], ["task-state", "state"]]) {
    const { data, caption } = of(id)!;
    assertEquals(data.length, id === "recall-cost" ? 3 : 2, `${metric} of every attention`);
    assertStringIncludes(caption, "The same accuracies against");
  }
  for (const id of ["recall-frontier", "recall-cost"]) {
    assertStringIncludes(of(id)!.caption, "recalls the pairs where its mean accuracy is at least 99%");
  }
  const without = await drawn(results([solved, failing]));
  assertEquals(
    without.figures.find(({ id }) => id === "recall-cost")!.title,
    "To recall 16 pairs softmax takes 0.819 million operations an example; no kernel that was tried does, whatever it takes",
  );
  assert(!without.figures.some(({ id }) => id === "task-state"));
  const alone = await drawn(results([solved]));
  assert(!alone.figures.some(({ id }) => id === "recall-cost"), "one point is no choice");
});

Deno.test("nothing is judged where softmax has not learnt it", async () => {
  const { page } = await drawn(results([recall("softmax", 8192, [50, 60, 55]), failing]));
  assertStringIncludes(page.headline, "Not even softmax learnt to recall 16 pairs");
  assert(!page.headline.includes("elu"));
});

Deno.test("with several numbers of pairs the largest that softmax solves is told", async () => {
  const more = { ...recall("softmax", 16384, [70, 71, 72]), pairs: 32 };
  const { page, figures } = await drawn(results([solved, failing, more]));
  assertStringIncludes(page.headline, "of 16 pairs");
  assertEquals(figures[0].panels.map(({ heading }) => heading), ["16 pairs", "32 pairs"]);
});

Deno.test("tasks are compared with softmax by seed, and what can't be told apart is said so", async () => {
  const task = (attention: string, accuracy: number[]): Made => ({ task: "listops", attention, state: 2048, accuracy });
  const same = await drawn(results([task("softmax", [40, 42, 41]), task("elu + 1", [41, 41, 41])]));
  assertEquals(
    same.page.headline,
    "on ListOps no difference from softmax (41.0 ± 2.5%) is seen; recall was not run.".replace("on", "On"),
  );
  const behind = await drawn(results([task("softmax", [40, 42, 41]), task("elu + 1", [30, 32, 31])]));
  assertStringIncludes(behind.page.headline, "elu + 1 (31.0 ± 2.5%) is behind softmax (41.0 ± 2.5%)");
  const unlearnt = await drawn(results([task("softmax", [10, 11, 9]), task("elu + 1", [10, 10, 11])]));
  assertStringIncludes(unlearnt.page.headline, "nothing is seen to be learnt beyond the commonest label (10%)");
  const one = await drawn(results([task("softmax", [40]), task("elu + 1", [30])]));
  assert(!/behind|ahead/.test(one.page.headline), one.page.headline);
});

Deno.test("a page without rows says that there is no answer", async () => {
  const { page } = await drawn(results([]));
  assertEquals(page.headline, "No finished trial has scored a test set yet, so there is no answer.");
});
