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
import { otherTask, percent, recallVerdict, SOLVED, solves, taskNames } from "./headline.ts";
import { type ContextRuns, type Scored, SOFTMAX } from "./runs.ts";

const VALUE = { metric: "accuracy", label: "Accuracy" };
const STATE = { metric: "state", label: "State" };
const OPERATIONS = { metric: "operations", label: "Operations an example" };
const FLOOR = { metric: "chance", label: "commonest label" };

/** How points and bars of a frontier are to be read. */
function seedNote(runs: ContextRuns): string {
  return runs.seeds.length < 2
    ? "One seed: no interval can be given."
    : `Marks are means over ${runs.seeds.length} seeds, bars 95% t-intervals, cut at the frame; lines join the sizes of one attention.`;
}

/** What the titles mean by recalling. */
const SOLVING = `Titles say that an attention recalls the pairs where its mean accuracy is at least ${SOLVED}%.`;

/** Accuracy of recall against the bytes of the state: where people choose. */
export function recallFigure(runs: ContextRuns): Figure {
  return figure(recallSpec(runs), runs.rows.filter(({ labels }) => labels.task === "recall"));
}

/** The same accuracies against operations; nothing where no two attentions differ in theirs. */
export function recallCostFigure(runs: ContextRuns): Figure | undefined {
  if (!differ(runs.of("recall").map(({ operations }) => operations))) return undefined;
  const options: FrontierOptions = {
    ...recallOptions(runs),
    id: "recall-cost",
    title: recallCostTitle(runs),
    caption:
      `The same accuracies against the operations of one example's forward pass, by the closed forms. ${SOLVING} ${
        seedNote(runs)
      }`,
    cost: OPERATIONS,
  };
  return figure(frontier(options), runs.rows.filter(({ labels }) => labels.task === "recall"));
}

function recallCostTitle(runs: ContextRuns): string {
  const verdict = recallVerdict(runs);
  const pairs = formatNumber(verdict?.pairs ?? 0);
  const solvers = runs.of("recall").filter((each) => each.pairs === verdict?.pairs && solves(each));
  const cheapest = (cells: readonly Scored[]) =>
    cells.filter(({ operations }) => operations !== undefined).sort((a, b) => a.operations! - b.operations!)[0];
  const softmax = cheapest(solvers.filter(({ attention }) => attention === SOFTMAX));
  if (!softmax) return `Recall of ${pairs} pairs against operations`;
  const kernel = cheapest(solvers.filter(({ attention }) => !attention.startsWith(SOFTMAX)));
  const told = `softmax takes ${millions(softmax)} million operations an example`;
  return kernel
    ? `To recall ${pairs} pairs ${told}, the cheapest kernel that does ${
      millions(kernel)
    } million (${kernel.attention})`
    : `To recall ${pairs} pairs ${told}; no kernel that was tried does, whatever it takes`;
}

const millions = ({ operations }: Scored) => formatNumber(operations! / 1e6);

/** Whether there are two costs to choose between. */
function differ(costs: readonly (number | undefined)[]): boolean {
  return new Set(costs.filter((each) => each !== undefined)).size > 1;
}

function recallSpec(runs: ContextRuns) {
  return frontier(recallOptions(runs));
}

function recallOptions(runs: ContextRuns): FrontierOptions {
  return {
    id: "recall-frontier",
    title: recallTitle(runs),
    caption:
      "Accuracy on unseen examples of multi-query associative recall against what a causal form carries after the last " +
      `position, in bytes of float32: a kernel's sums, or softmax's keys and values. ${SOLVING} ${seedNote(runs)}`,
    cost: STATE,
    value: VALUE,
    by: "attention",
    panel: { label: "pairs", heading: (pairs) => `${pairs} pairs` },
    columns: new Set(runs.of("recall").map(({ pairs }) => pairs)).size > 1 ? 2 : 1,
    domain: [0, 102],
  };
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

const TASKS = ["listops", "bytes"];

/** Accuracy of the other tasks against operations. */
export function taskFigure(runs: ContextRuns): Figure {
  const said = TASKS.filter((task) => runs.of(task).length > 0).map((task) => otherTask(runs, task)).join("; ");
  return tasksFigure(runs, {
    id: "task-frontier",
    title: said === "" ? "ListOps and bytes were not measured" : said[0].toUpperCase() + said.slice(1),
    caption:
      "Accuracy on unseen examples against the operations of one example's forward pass, by the closed forms, at the " +
      `longest example. ${seedNote(runs)}`,
    cost: OPERATIONS,
  });
}

/** The same accuracies against the state that the causal form would carry; nothing where no two attentions differ in it. */
export function taskStateFigure(runs: ContextRuns): Figure | undefined {
  const present = TASKS.filter((task) => differ(runs.of(task).map(({ state }) => state)));
  if (present.length === 0) return undefined;
  const said = present.map((task) => {
    const cells = runs.of(task).filter(({ state }) => state !== undefined).sort((a, b) => a.state! - b.state!);
    const [least, most] = [cells[0], cells[cells.length - 1]].map(({ attention, accuracy, state }) =>
      `${formatBytes(state!)} (${attention}, ${percent(accuracy)})`
    );
    return `states on ${taskNames[task]} go from ${least} to ${most}`;
  }).join("; ");
  return tasksFigure(runs, {
    id: "task-state",
    title: said[0].toUpperCase() + said.slice(1),
    caption:
      "The same accuracies against what the causal form of each attention carries after the last position of the longest " +
      `example, in bytes of float32; these models look both ways, and would carry it where they decode. ${
        seedNote(runs)
      }`,
    cost: STATE,
  });
}

function tasksFigure(runs: ContextRuns, options: Pick<FrontierOptions, "id" | "title" | "caption" | "cost">): Figure {
  const spec: FrontierOptions = {
    ...options,
    value: VALUE,
    by: "attention",
    panel: { label: "task", heading: (task) => taskNames[task] ?? task },
    columns: TASKS.filter((task) => runs.of(task).length > 0).length > 1 ? 2 : 1,
    floor: FLOOR,
  };
  return figure(frontier(spec), runs.rows.filter(({ labels }) => TASKS.includes(String(labels.task))));
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
