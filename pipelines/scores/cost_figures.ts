/**
 * The figures of what scores cost: closed forms against counted executions, and time.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import {
  dotInterval,
  type Figure,
  figure,
  formatCount,
  formatNumber,
  formatSeconds,
  listWords,
  predictedMeasured,
} from "../../reports/mod.ts";
import { overlap, renamed, seedNote } from "./figures.ts";
import type { Labels } from "../runs.ts";
import type { ScoreRuns } from "./runs.ts";

/** Scores whose counted cost isn't exactly the closed form's, in any trial. */
export function disagreeing(runs: ScoreRuns, metric: string): string[] {
  const part: Labels = metric === "parameters" ? { part: "attention" } : {};
  return runs.scores.filter((score) => {
    const predicted = runs.bySeed(score, metric, { ...part, kind: "predicted" });
    const measured = runs.bySeed(score, metric, { ...part, kind: "counted" });
    return [...measured].some(([seed, value]) => predicted.get(seed) !== value);
  });
}

/** Operations or activations, predicted against counted. */
export function costFigure(runs: ScoreRuns, metric: "operations" | "activations"): Figure {
  const rows = (["predicted", "counted"] as const).flatMap((kind) =>
    renamed(runs, metric, { kind }, `${metric}/${kind}`)
  );
  const wrong = disagreeing(runs, metric);
  const ranked = runs.ranked(metric, { kind: "counted" });
  const noun = metric === "operations" ? "operations" : "activations";
  const agree = wrong.length > 0
    ? `Counted ${noun} differ from the closed form for ${listWords(wrong)}`
    : ranked.length === 1
    ? `Counted ${noun} equal the closed form exactly for ${ranked[0].score}`
    : `Counted ${noun} equal the closed form exactly for all ${formatNumber(ranked.length)} scores`;
  return figure(
    predictedMeasured({
      id: metric,
      title: ranked.length === 0 ? `No ${noun} were counted` : agree + spread(ranked),
      caption: metric === "operations"
        ? `Floating-point operations of one forward pass of the score: ${
          sizes(rows)
        }. A multiply-add is 2, projected ` +
          "keys are computed once. Bars were counted by an instrumented execution; marks across them are the closed form."
        : `Elements that grow with queries × keys and that the backward pass needs, at ${sizes(rows)}; 4 bytes each. ` +
          "Bars were counted by an instrumented execution; marks across them are the closed form.",
      predicted: `${metric}/predicted`,
      measured: `${metric}/counted`,
      label: metric === "operations" ? "Operations of one batch" : "Activations of one batch",
      verb: "counted",
    }),
    rows,
  );
}

function spread(ranked: readonly { readonly score: string; readonly estimate: { readonly mean: number } }[]): string {
  const [least, most] = [ranked[0], ranked[ranked.length - 1]];
  if (ranked.length < 2 || !(least.estimate.mean > 0) || most.estimate.mean === least.estimate.mean) return "";
  return `; ${most.score} has ${
    formatNumber(most.estimate.mean / least.estimate.mean)
  } times as many as ${least.score}`;
}

/** `32 words a batch, 9 queries and 10 keys a word, width 64`. */
export function sizes(rows: readonly Measurement[]): string {
  const labels = rows[0]?.labels;
  if (!labels) return "sizes that are not stored";
  return `${
    formatCount(Number(labels.batch), "word")
  } a batch, ${labels.queries} queries and ${labels.keys} keys a word, ` +
    `width ${labels.width}`;
}

/** Time of the score alone, without and with its gradients. */
export function timeFigure(runs: ScoreRuns): Figure {
  const median = { quantile: 0.5 };
  const kinds = ["time/forward", "time/training"] as const;
  const all = kinds.flatMap((metric) => runs.select(metric, median));
  const [scale, unit] = Math.max(0, ...all.map(({ value }) => value)) < 1e-3 ? [1e6, "µs"] : [1e3, "ms"];
  const ranked = runs.ranked("time/training", median);
  const [fastest, slowest] = [ranked[0], ranked[ranked.length - 1]];
  return figure(
    dotInterval({
      id: "time",
      title: ranked.length === 0
        ? "No time was measured"
        : ranked.length === 1
        ? `With its gradients, ${fastest.score} takes ${formatSeconds(fastest.estimate.mean)} a batch`
        : overlap(fastest.estimate, slowest.estimate)
        ? `With gradients, mean times a batch go from ${formatSeconds(fastest.estimate.mean)} (${fastest.score}) to ${
          formatSeconds(slowest.estimate.mean)
        } (${slowest.score}), but no difference between the two is seen`
        : `With its gradients, ${slowest.score} takes ${formatSeconds(slowest.estimate.mean)} a batch, ${
          formatNumber(slowest.estimate.mean / fastest.estimate.mean)
        } times as long as ${fastest.score}`,
      caption: `Wall-clock time of the score alone: ${sizes(all)}. Each seed's value is a median of repetitions, ` +
        `measured while other trials may have kept the machine's other cores busy. The axis is logarithmic. ${
          seedNote(runs)
        }`,
      metrics: [{ metric: "time/forward", label: "Scores" }, {
        metric: "time/training",
        label: "Scores and gradients",
      }],
      scale: "log",
    }),
    all.map((row) => ({ ...row, value: row.value * scale, unit })),
  );
}
