/**
 * How a context comparison was made.
 *
 * @module
 */
import { formatCount, formatNumber, listWords, type Method, method, type MethodEntry } from "../../reports/mod.ts";
import type { Options, Results, Trial } from "../experiment.ts";
import { checksumEntry, dataEntry, optionName, runEntries, seedsEntry } from "../method.ts";
import { taskNames } from "./headline.ts";
import type { ContextRuns } from "./runs.ts";
import { BATCH, warmSteps } from "./tasks.ts";

/** The method block, from the trials' options and rows. */
export function contextMethod(results: Results, runs: ContextRuns): Method {
  const tasks = new Map(results.trials.map(({ options }) => [String(options.task), options]));
  const sets = runs.select("set");
  return method([
    dataEntry(sets.map((row) => ({ ...row, labels: { ...row.labels, name: unseeded(String(row.labels.name)) } }))),
    checksumEntry(sets.filter(({ labels }) => labels.task === "bytes"), "Checksum of the reviews"),
    ...[...tasks].map(([task, options]): MethodEntry => ({
      term: `Model for ${taskNames[task] ?? task}`,
      value: modelOf(task, options),
    })),
    {
      term: "Training",
      value:
        `Adam, gradient norm clipped at 1, ${BATCH} examples a step; ${
          listWords([...tasks].map(([task, { steps, rate }]) =>
            `${taskNames[task] ?? task}: ${
              formatNumber(Number(steps))
            } steps, rate ${rate} falling to 0 in a straight line${
              task === "bytes" ? ` after ${warmSteps(Number(steps))} steps of warm-up` : ""
            }`
          ))
        }. Recall and ListOps are drawn fresh for every step (unless read from a file), so nothing is learnt by heart. One ` +
        "rate serves every attention: none was tuned.",
    },
    {
      term: "Intervals",
      value:
        "95% t-intervals over seeds; differences are paired by seed, because a seed fixes the examples and the initial " +
        "values that attentions share. “Solved” is a mean accuracy of at least 99%.",
    },
    seedsEntry(results, nameOf),
    ...runEntries(results),
  ]);
}

/** Generated sets differ between trials in their seed alone. */
function unseeded(name: string): string {
  return name.replace(/, seed \d+/, "");
}

function modelOf(task: string, options: Options): string {
  if (task === "recall") {
    return `One causal block of attention with one head and learnt projections, no perceptron, pre-norm; a convolution over two ` +
      `positions before the projections, so that a value's key can hold the symbol before it. ${
        formatNumber(Number(options.symbols))
      } symbols, half keys and half values; every pair is asked for once.`;
  }
  return `${formatCount(Number(options.blocks), "block")}, width ${options.width}, ${options.heads} ` +
    `heads, perceptron twice as wide, pre-norm, ${
      task === "bytes" ? "no positions" : "sinusoidal positions"
    }, a convolution over three positions before the projections; not causal; the mean over positions is classified.${
      task === "bytes" ? ` The first ${formatNumber(Number(options.bytes))} bytes of a review are read.` : ""
    }`;
}

function nameOf({ options }: Trial): string {
  return `${options.task} with ${optionName(options.attention)}`;
}
