/**
 * The tables of the autoencoder's page.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import { type Cell, formatAtMost, formatNumber, type Table, table } from "../../reports/mod.ts";
import type { Labels } from "../runs.ts";
import type { AutoencoderRuns } from "./runs.ts";

/** The largest value over seeds. */
function worst(
  runs: AutoencoderRuns,
  metric: string,
  labels: Labels,
  pick: (row: Measurement) => number = ({ value }) => value,
): Cell {
  const values = runs.select(metric, labels).map(pick).filter(Number.isFinite);
  const most = Math.max(...values);
  return values.length === 0 ? null : most;
}

/** How far a loss ended from its closed form, in percent. */
function gap({ value, labels }: Measurement): number {
  return 100 * Math.abs(value - Number(labels.theory)) / Number(labels.theory);
}

const theoryOf = ({ labels }: Measurement) => Number(labels.theory);

const SOURCES: Readonly<Record<string, string>> = { mnist: "digits", file: "your table" };
const OPTIMISERS: Readonly<Record<string, string>> = { momentum: "", adam: " by Adam", descent: " by descent" };

const nameOf = ({ source, penalty, optimiser }: Labels) =>
  `${SOURCES[String(source)] ?? source}, ${penalty}${OPTIMISERS[String(optimiser)] ?? ` by ${optimiser}`}`;

/** A share in percent, in a title: what is less than can matter is not written out. */
const percent = (value: number) => value < 0.001 ? "0.001%" : `${formatAtMost(value)}%`;

/** Losses and steps, a line a configuration. */
export function lossTable(runs: AutoencoderRuns): Table | undefined {
  const { configurations } = runs;
  if (configurations.length === 0) return undefined;
  const losses = runs.select("loss", { optimiser: "momentum" }).map(gap);
  return table({
    id: "losses",
    title: losses.length === 0
      ? "Losses and their closed-form minima"
      : `With momentum losses end at most ${percent(Math.max(...losses))} from their closed-form minimum`,
    caption: "The largest value over seeds. λ as in Kunin et al. (squared error summed over n vectors); " +
      "momentum where nothing else is said. Off-diagonal is the largest such entry of W₁W₁ᵀ. Angles are of singular vectors, which no " +
      "penalty but sum and non-uniform determines.",
    columns: [
      { key: "name", heading: "Data, penalty", kind: "text" },
      { key: "code", heading: "K" },
      { key: "lambda", heading: "λ" },
      { key: "loss", heading: "Off the minimum", unit: "%", digits: 4 },
      { key: "near", heading: "Steps to 0.1%" },
      { key: "off", heading: "Off-diagonal", digits: 3 },
      { key: "angle", heading: "Largest angle", unit: "degrees", digits: 2 },
    ],
    rows: configurations.map((labels) => ({
      name: nameOf(labels),
      code: Number(labels.code),
      lambda: Number(labels.lambda),
      loss: worst(runs, "loss", labels, gap),
      near: worst(runs, "steps/near", labels),
      off: worst(runs, "off-diagonal", labels),
      angle: worst(runs, "angle", labels),
    })),
  });
}

/** Distances between matrices, a line a configuration. */
export function distanceTable(runs: AutoencoderRuns): Table | undefined {
  const { configurations } = runs;
  const transposes = runs.select("distance/transpose", { penalty: "sum", optimiser: "momentum" });
  if (configurations.length === 0) return undefined;
  return table({
    id: "distances",
    title: transposes.length === 0
      ? "Distances between what was learnt and closed forms"
      : `With the sum penalty W₂ is W₁ᵀ to within ${
        formatAtMost(Math.max(...transposes.map(({ value }) => value)))
      } (momentum)`,
    caption: "Frobenius norms; the largest value over seeds. " +
      "P is the projector on the K principal directions, M the closed form of W₂W₁. There is no " +
      "closed form of W₂ − W₁⁺ where a direction lies on the drop threshold itself. Without the sum penalty digits leave " +
      "what W₁ does to pixels that are always black as it began.",
    columns: [
      { key: "name", heading: "Data, penalty", kind: "text" },
      { key: "code", heading: "K" },
      { key: "lambda", heading: "λ" },
      { key: "transpose", heading: "W₁ − W₂ᵀ", digits: 3 },
      { key: "inverse", heading: "W₂ − W₁⁺", digits: 3 },
      { key: "closed", heading: "in theory", digits: 3 },
      { key: "projector", heading: "W₂W₁ − P", digits: 3 },
      { key: "map", heading: "W₂W₁ − M", digits: 3 },
    ],
    rows: configurations.map((labels) => ({
      name: nameOf(labels),
      code: Number(labels.code),
      lambda: Number(labels.lambda),
      transpose: worst(runs, "distance/transpose", labels),
      inverse: worst(runs, "distance/inverse", labels),
      closed: worst(runs, "distance/inverse", labels, theoryOf),
      projector: worst(runs, "distance/projector", labels),
      map: worst(runs, "distance/map", labels),
    })),
  });
}

/** The sweep over K: the sum penalty, one λ. */
export function widthTable(runs: AutoencoderRuns): Table | undefined {
  const where = { source: runs.swept, penalty: "sum", optimiser: "momentum" };
  const least = Math.min(
    ...runs.select("loss", { ...where, code: runs.code }).map(({ labels }) => Number(labels.lambda)),
  );
  const rows = runs.select("loss", { ...where, lambda: least });
  const codes = [...new Set(rows.map(({ labels }) => Number(labels.code)))].sort((a, b) => a - b);
  if (codes.length < 2) return undefined;
  const furthest = Math.max(...rows.map(gap));
  return table({
    id: "widths",
    title: `For K from ${codes[0]} to ${codes.at(-1)} losses end within ${
      percent(furthest)
    } of their closed-form minimum`,
    caption: `Sum penalty, λ ${
      formatNumber(least)
    }, momentum; the largest value over seeds. Losses are means over vectors.`,
    columns: [
      { key: "code", heading: "K" },
      { key: "loss", heading: "Loss" },
      { key: "theory", heading: "Its minimum" },
      { key: "gap", heading: "Off the minimum", unit: "%", digits: 4 },
      { key: "angle", heading: "Largest angle", unit: "degrees", digits: 2 },
      { key: "near", heading: "Steps to 0.1%" },
    ],
    rows: codes.map((code) => {
      const labels = { ...where, lambda: least, code };
      return {
        code,
        loss: worst(runs, "loss", labels),
        theory: worst(runs, "loss", labels, theoryOf),
        gap: worst(runs, "loss", labels, gap),
        angle: worst(runs, "angle", labels),
        near: worst(runs, "steps/near", labels),
      };
    }),
  });
}
