/**
 * How the autoencoder's page came to be: data, licence, training, versions, machine, command.
 *
 * @module
 */
import { method } from "../../reports/mod.ts";
import type { Results, Trial } from "../experiment.ts";
import { checksumEntry, dataEntry, runEntries, seedsEntry } from "../method.ts";
import type { AutoencoderRuns } from "./runs.ts";

/** The section's body. */
export function methodOf(results: Results, runs: AutoencoderRuns) {
  const sets = runs.select("set");
  return method([
    dataEntry(
      sets.map((row) => ({ ...row, labels: { ...row.labels, name: `${row.labels.name} (${row.labels.split})` } })),
    ),
    checksumEntry(sets),
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
        "and mean, so steps don't touch vectors. Momentum 0.9 (0.95 with nested dropout, 0.99 with the non-uniform penalty) with clipped gradients and plain descent at " +
        "constant rates, Adam and batches with rates that fall to 0; it stops when the gradient is under 10⁻⁶ of the data's variance, or at the most steps. Digits have unpenalised biases.",
    },
    {
      term: "Means",
      value: runs.centring ||
        "Synthetic vectors are learnt as they are, about 0, as Kunin et al. do; biases take up the digits’ mean.",
    },
    { term: "Intervals", value: "95% t-intervals over seeds; titles and verdicts use the worst seed." },
    seedsEntry(results, nameOf),
    ...runEntries(results, ["ml-matrix"]),
  ]);
}

function nameOf({ options: { source, penalty, lambda, optimiser } }: Trial): string {
  return `${source} with penalty ${penalty}, λ ${lambda} and ${optimiser}`;
}
