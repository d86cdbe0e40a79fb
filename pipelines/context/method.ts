/**
 * How a context comparison was made.
 *
 * @module
 */
import project from "../../deno.json" with { type: "json" };
import { formatNumber, listWords, type Method, method, type MethodEntry } from "../../reports/mod.ts";
import type { Options, Results } from "../experiment.ts";
import { taskNames } from "./headline.ts";
import type { ContextRuns } from "./runs.ts";
import { BATCH } from "./tasks.ts";

/** The method block, from the trials' options and rows. */
export function contextMethod(results: Results, runs: ContextRuns): Method {
  const tasks = new Map(results.trials.map(({ options }) => [String(options.task), options]));
  const sets = runs.select("set");
  const data = new Set(
    sets.map(({ labels }) => `${unseeded(String(labels.name))}. Licence: ${labels.licence}. ${labels.citation}`),
  );
  const sums = new Set(
    sets.filter(({ labels }) => labels.task === "bytes").map(({ labels }) => `sha256 ${labels.checksum}`),
  );
  const entries: (MethodEntry | undefined)[] = [
    data.size === 0 ? undefined : { term: "Data and licence", value: [...data] },
    sums.size === 0 ? undefined : { term: "Checksum of the reviews", value: [...sums], code: true },
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
            } steps, rate ${rate} falling to 0 in a straight line`
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
    { term: "Seeds", value: `${listWords(runs.seeds.map(String))}; ${finished(results)}` },
    { term: "Profile", value: results.profile },
    {
      term: "Versions",
      value:
        `Heed ${project.version}, protocol ${listWords([...new Set(results.trials.map(({ version }) => version))])}, ` +
        `TensorFlow.js ${project.imports["@tensorflow/tfjs"].split("@").at(-1)}`,
    },
    results.machines.length === 0 ? undefined : {
      term: results.machines.length === 1 ? "Machine" : "Machines",
      value: results.machines.map(({ processor, cores, system, deno, engine }) =>
        `${processor}, ${cores} ${cores === 1 ? "core" : "cores"}, ${system}; Deno ${deno}; backend ${engine}`
      ),
    },
    { term: "Command", value: results.command, code: true },
  ];
  return method(entries.filter((entry) => entry !== undefined));
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
  return `${options.blocks} ${
    Number(options.blocks) === 1 ? "block" : "blocks"
  }, width ${options.width}, ${options.heads} ` +
    `heads, perceptron twice as wide, pre-norm, sinusoidal positions, a convolution over three positions before the ` +
    `projections; not causal; the mean over positions is classified.${
      task === "bytes" ? ` The first ${formatNumber(Number(options.bytes))} bytes of a review are read.` : ""
    }`;
}

function finished({ trials, planned = 0, failures = [] }: Results): string {
  const full = Math.max(planned, trials.length + failures.length);
  const told = failures.map(({ trial, message }) =>
    `${trial.options.task} with ${String(trial.options.attention).split(/[\\/]/).at(-1)} (seed ${trial.seed}) failed: ${
      message.replace(/\.$/, "")
    }`
  );
  if (told.length > 0) return `${trials.length} of ${full} trials finished; ${told.join("; ")}.`;
  return trials.length === full ? `all ${full} trials finished.` : `${trials.length} of ${full} trials are finished.`;
}
