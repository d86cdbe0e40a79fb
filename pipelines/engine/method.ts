/**
 * How the engine's speed was measured: what counts, how it is timed, versions, machines, and the command.
 *
 * @module
 */
import project from "../../deno.json" with { type: "json" };
import { formatNumber, listWords, type Method, method, type MethodEntry } from "../../reports/mod.ts";
import type { Results } from "../experiment.ts";

/** The method block, from the trials' options and rows. */
export function engineMethod({ rows, trials, machines, profile, command, failures = [] }: Results): Method {
  const option = (name: string) => trials.map(({ options }) => options[name]).find((value) => value !== undefined);
  const builds = [...new Set(rows.filter(({ metric }) => metric === "pack").map(({ labels }) => String(labels.build)))];
  const names: Record<string, string> = {
    relaxed: "relaxed SIMD (one instruction for a multiply-add)",
    simd: "plain SIMD (two instructions for a multiply-add)",
    off: "none in place",
  };
  const entries: (MethodEntry | undefined)[] = [
    {
      term: "Counting",
      value:
        "A multiply-add is 2 operations, any other result of arithmetic 1. Functions count as the arithmetic that they are " +
        "made of: exponential 20, logistic function 22, hyperbolic tangent 35. Bytes are those of inputs and outputs, once.",
    },
    {
      term: "Timing",
      value:
        `Wall time on one thread. Each of ${
          formatNumber(Number(option("rounds") ?? 0))
        } repetitions of a kernel is the best of a few stretches of half a millisecond or more, and follows the same for the loop ` +
        "that gives the peak. Figures show the best repetition over the run's best peak, which other work on the machine disturbs " +
        "least. What TensorFlow.js does around a kernel is included.",
    },
    {
      term: "Peer of the training step",
      value:
        "TensorFlow.js's wasm backend with SIMD on one thread, with one kernel added that it lacks (the gradient of gather).",
    },
    { term: "Kernel pack", value: builds.length === 0 ? "not known" : listWords(builds.map((build) => names[build])) },
    { term: "Trials", value: `${trials.length} finished${failures.length === 0 ? "" : `, ${failures.length} failed`}` },
    { term: "Profile", value: profile },
    {
      term: "Versions",
      value: `Heed ${project.version}, TensorFlow.js ${project.imports["@tensorflow/tfjs"].split("@").at(-1)}`,
    },
    machines.length === 0 ? undefined : {
      term: machines.length === 1 ? "Machine" : "Machines",
      value: machines.map(({ processor, cores, system, deno, engine }) =>
        `${processor}, ${formatNumber(cores)} ${cores === 1 ? "core" : "cores"}, ${system}; Deno ${deno}; ${engine}`
      ),
    },
    { term: "Command", value: command, code: true },
  ];
  return method(entries.filter((entry) => entry !== undefined));
}
