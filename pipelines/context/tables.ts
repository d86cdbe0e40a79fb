/**
 * The tables of the context comparison.
 *
 * @module
 */
import { type Table, table } from "../../reports/mod.ts";
import { taskNames } from "./headline.ts";
import { type ContextRuns, type Scored, SOFTMAX } from "./runs.ts";

/** Every configuration: accuracy, difference from softmax, state, operations, parameters, seconds. */
export function everyNumber(runs: ContextRuns): Table {
  const cells = [...runs.scored].sort((a, b) =>
    rank(a) - rank(b) || (a.pairs ?? 0) - (b.pairs ?? 0) || (a.width ?? 0) - (b.width ?? 0)
  );
  return table({
    id: "every-number",
    title: "Accuracy, state and cost of every configuration",
    caption:
      "Accuracy on unseen examples, and its difference from softmax at the same sizes, paired by seed, in points; ± is half " +
      "a 95% t-interval over seeds, not corrected for the number of comparisons. State: bytes that the causal form carries after the last position. Operations: of one " +
      "example's forward pass, closed form. Training seconds are this machine's, with other trials beside them.",
    columns: [
      { key: "what", heading: "Task and size", kind: "text" },
      { key: "attention", heading: "Attention", kind: "text" },
      { key: "accuracy", heading: "Accuracy", unit: "%" },
      { key: "difference", heading: "− softmax", unit: "points" },
      { key: "state", heading: "State", kind: "bytes" },
      { key: "operations", heading: "Operations", digits: 0 },
      { key: "parameters", heading: "Parameters", digits: 0 },
      { key: "seconds", heading: "Training", unit: "s" },
    ],
    rows: cells.map((cell) => ({
      what: nameOf(cell),
      attention: cell.attention,
      accuracy: cell.accuracy,
      difference: cell.attention === SOFTMAX ? null : runs.difference(cell, { ...cell, attention: SOFTMAX }) ?? null,
      state: cell.state ?? null,
      operations: cell.operations ?? null,
      parameters: cell.parameters ?? null,
      seconds: cell.seconds ?? null,
    })),
  });
}

const rank = ({ task }: Scored) => ["recall", "listops", "bytes"].indexOf(task);

function nameOf({ task, pairs, width }: Scored): string {
  const name = taskNames[task] ?? task;
  return pairs === undefined ? name : `${name}, ${pairs} pairs, width ${width}`;
}

/** Long Range Arena's published accuracies, beside which the tasks here are smaller. */
export function publishedTable(): Table {
  const rows: [string, number, number][] = [
    ["Transformer (softmax)", 36.37, 64.27],
    ["Linear Transformer (elu + 1)", 16.13, 65.90],
    ["Performer (FAVOR+)", 18.01, 65.40],
  ];
  return table({
    id: "published",
    title: "Published on Long Range Arena: kernels fall behind on ListOps, not on text",
    caption:
      "Tay et al. 2021, Table 1, from a secondary source: ListOps of 500 to 2,000 symbols, reviews of 4,000 bytes, larger " +
      "models. The tasks of this page are the same kind and smaller, so only the order can be compared.",
    columns: [
      { key: "model", heading: "Model", kind: "text" },
      { key: "listops", heading: "ListOps", unit: "%", digits: 2 },
      { key: "text", heading: "Text", unit: "%", digits: 2 },
    ],
    rows: rows.map(([model, listops, text]) => ({ model, listops, text })),
  });
}
