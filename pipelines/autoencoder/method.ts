/**
 * How the autoencoder's page came to be: data, licence, training, versions, machine, command.
 *
 * @module
 */
import project from "../../deno.json" with { type: "json" };
import { listWords, method } from "../../reports/mod.ts";
import type { Results } from "../experiment.ts";
import type { AutoencoderRuns } from "./runs.ts";

/** The section's body. */
export function methodOf(results: Results, runs: AutoencoderRuns) {
  const sets = runs.select("set");
  const data = [
    ...new Set(
      sets.map(({ labels }) => `${labels.name} (${labels.split}). Licence: ${labels.licence}. ${labels.citation}`),
    ),
  ];
  const sums = [...new Set(sets.map(({ labels }) => `${labels.checksum}`))];
  const failures = results.failures ?? [];
  return method([
    ...(data.length === 0
      ? []
      : [{ term: "Data and licence", value: data }, { term: "Checksum", value: sums, code: true }]),
    {
      term: "λ",
      value:
        "Stated as Kunin et al. do: added to a squared error summed over n vectors. The notes divide the error by n, and λ with it. " +
        "A framework whose error is a mean over vectors and m entries has λ = m · weight_decay / 2 in the notes' normalisation; " +
        "an error summed over a batch of B has λ / B.",
    },
    {
      term: "Training",
      value:
        "Gradients of the loss, through the engine. Full batch: the loss depends on the data only through their second moments " +
        "and mean, so steps don't touch vectors. Momentum 0.9 (0.95 where codes have an order) with clipped gradients and plain descent at constant rates, Adam and batches with rates that fall to 0; it stops " +
        "when the gradient is under 10⁻⁶ of the data's variance, or at the most steps. Digits have unpenalised biases.",
    },
    { term: "Intervals", value: "95% t-intervals over seeds; titles and verdicts use the worst seed." },
    ...(failures.length === 0
      ? []
      : [{ term: "Failures", value: failures.map(({ trial, message }) => `seed ${trial.seed}: ${message}`) }]),
    { term: "Seeds", value: listWords(runs.seeds.map(String)) },
    { term: "Profile", value: results.profile },
    { term: "Versions", value: `Heed ${project.version}; ml-matrix ${project.imports["ml-matrix"].split("@").at(-1)}` },
    {
      term: "Machine",
      value: results.machines.map(({ processor, cores, system, deno, engine }) =>
        `${processor}, ${cores} cores, ${system}; Deno ${deno}; ${engine}`
      ),
    },
    { term: "Command", value: results.command, code: true },
  ]);
}
