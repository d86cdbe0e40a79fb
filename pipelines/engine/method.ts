/**
 * How the engine's speed was measured: what counts, how it is timed, versions, machines, and the command.
 *
 * @module
 */
import { formatNumber, listWords, type Method, method } from "../../reports/mod.ts";
import type { Results } from "../experiment.ts";
import { runEntries, seedsEntry } from "../method.ts";

/** The method block, from the trials' options and rows. */
export function engineMethod(results: Results): Method {
  const { rows, trials } = results;
  const option = (name: string) => trials.map(({ options }) => options[name]).find((value) => value !== undefined);
  const builds = [...new Set(rows.filter(({ metric }) => metric === "pack").map(({ labels }) => String(labels.build)))];
  const names: Record<string, string> = {
    relaxed: "relaxed SIMD (one instruction for a multiply-add)",
    simd: "plain SIMD (two instructions for a multiply-add)",
    off: "none in place",
  };
  return method([
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
    seedsEntry(results, ({ options }) => String(options.measures)),
    ...runEntries(results),
  ]);
}
