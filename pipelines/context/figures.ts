/**
 * The figures of the context comparison. Titles are computed from the rows.
 *
 * @module
 */
import {
  type Figure,
  figure,
  formatBytes,
  formatNumber,
  frontier,
  type FrontierOptions,
  lineWithInterval,
  small,
} from "../../reports/mod.ts";
import { otherTask, percent, recallVerdict, taskNames } from "./headline.ts";
import type { ContextRuns } from "./runs.ts";

const VALUE = { metric: "accuracy", label: "Accuracy" };
const FLOOR = { metric: "chance", label: "commonest label" };

/** How points and bars of a frontier are to be read. */
function seedNote(runs: ContextRuns): string {
  return runs.seeds.length < 2
    ? "One seed: no interval can be given."
    : `Marks are means over ${runs.seeds.length} seeds, bars 95% t-intervals, cut at the frame; lines join the sizes of one attention.`;
}

/** Accuracy of recall against the bytes of the state: where people choose. */
export function recallFigure(runs: ContextRuns): Figure {
  return figure(recallSpec(runs), runs.rows.filter(({ labels }) => labels.task === "recall"));
}

function recallSpec(runs: ContextRuns) {
  return frontier({
    id: "recall-frontier",
    title: recallTitle(runs),
    caption:
      "Accuracy on unseen examples of multi-query associative recall against what a causal form carries after the last " +
      `position, in bytes of float32: a kernel's sums, or softmax's keys and values. ${seedNote(runs)}`,
    cost: { metric: "state", label: "State" },
    value: VALUE,
    by: "attention",
    panel: { label: "pairs", heading: (pairs) => `${pairs} pairs` },
    columns: new Set(runs.of("recall").map(({ pairs }) => pairs)).size > 1 ? 2 : 1,
    domain: [0, 102],
  });
}

function recallTitle(runs: ContextRuns): string {
  const verdict = recallVerdict(runs);
  if (!verdict) return "Recall was not measured";
  const { pairs, failing, solving, softmax, solved } = verdict;
  if (!softmax || !solved) {
    return softmax
      ? `No attention is known to recall ${pairs} pairs in this training: softmax gets ${percent(softmax.accuracy)}`
      : `Recall of ${pairs} pairs against the state's size`;
  }
  if (!failing) return `Every state that was tried recalls ${formatNumber(pairs)} pairs`;
  const fails = `the largest that fails has ${formatBytes(failing.state!)} (${failing.attention}, ${
    percent(failing.accuracy)
  })`;
  if (!solving) return `No kernel's state recalls ${formatNumber(pairs)} pairs; ${fails}`;
  return `The smallest kernel state that recalls ${formatNumber(pairs)} pairs has ${
    formatBytes(solving.state!)
  } (${solving.attention}); ${fails}`;
}

/** Accuracy of the other tasks against operations. */
export function taskFigure(runs: ContextRuns): Figure {
  const tasks = ["listops", "bytes"];
  const rows = runs.rows.filter(({ labels }) => tasks.includes(String(labels.task)));
  const present = tasks.filter((task) => runs.of(task).length > 0);
  const said = present.map((task) => otherTask(runs, task)).join("; ");
  const options: FrontierOptions = {
    id: "task-frontier",
    title: said === "" ? "ListOps and bytes were not measured" : said[0].toUpperCase() + said.slice(1),
    caption:
      "Accuracy on unseen examples against the operations of one example's forward pass, by the closed forms, at the " +
      `longest example. ${seedNote(runs)}`,
    cost: { metric: "operations", label: "Operations an example" },
    value: VALUE,
    by: "attention",
    panel: { label: "task", heading: (task) => taskNames[task] ?? task },
    columns: present.length > 1 ? 2 : 1,
    floor: FLOOR,
  };
  return figure(frontier(options), rows);
}

/** Training loss of one task at its hardest size. */
export function lossFigure(runs: ContextRuns, task: string): Figure | undefined {
  const verdict = recallVerdict(runs);
  const rows = runs.select("loss/curve", task).filter(({ labels }) =>
    task !== "recall" || labels.pairs === verdict?.pairs && labels.width === verdict?.softmax?.width
  );
  if (rows.length === 0) return undefined;
  const last = Math.max(...rows.map(({ step }) => step));
  const ends = [...Map.groupBy(rows.filter(({ step }) => step === last), ({ labels }) => String(labels.attention))]
    .map(([attention, group]) => ({
      attention,
      loss: group.reduce((sum, { value }) => sum + value, 0) / group.length,
    })).sort((a, b) => a.loss - b.loss);
  const [first, final] = [ends[0], ends[ends.length - 1]];
  return figure(
    lineWithInterval({
      id: `loss-${task}`,
      title: `Training loss on ${taskNames[task]} ends at ${formatNumber(first.loss)} nats with ${first.attention}${
        ends.length > 1 ? `, at ${formatNumber(final.loss)} with ${final.attention}` : ""
      }`,
      caption: `Mean loss a label over the steps since the point before${
        task === "recall" ? `, ${verdict?.pairs} pairs, width ${verdict?.softmax?.width}` : ""
      }. ${
        runs.seeds.length < 2
          ? "One seed: no interval can be given."
          : "Bands are 95% t-intervals over seeds, cut at the frame."
      }`,
      metric: "loss/curve",
      label: "Training loss",
      step: "examples seen",
      by: "attention",
    }),
    rows,
  );
}

/** The small figure of the list of questions: recall at the number of pairs that the headline is about. */
export function thumbnail(runs: ContextRuns): Figure | undefined {
  const verdict = recallVerdict(runs);
  if (!verdict) return undefined;
  const spec = recallSpec(runs);
  const rows = runs.rows.filter(({ labels }) => labels.task === "recall" && labels.pairs === verdict.pairs);
  const title = `Recall of ${verdict.pairs} pairs against the bytes of the state`;
  return figure(small(spec, { id: "recall-small", title }), rows);
}
