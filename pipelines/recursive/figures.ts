/**
 * The figures of the recursive autoencoder: accuracy by composer, α, reconstruction by level and length, and trees.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import {
  bandNote,
  dotInterval,
  type Figure,
  figure,
  formatEstimate,
  formatNumber,
  type Interval,
  lineWithInterval,
  listWords,
  small,
} from "../../reports/mod.ts";
import { baselines, type RecursiveRuns, SENTENCE } from "./runs.ts";
import { treeFigure } from "./tree_figure.ts";

/** `84.2 ± 0.6%`, or without interval where there is one run. */
export function percent(estimate: Interval): string {
  return estimate.count < 2 ? `${formatNumber(estimate.mean, 1)}%` : `${formatEstimate(estimate, 1)}%`;
}

/** Accuracies of composers and baselines, each run under a name of its own. */
function accuracyRows(runs: RecursiveRuns): Measurement[] {
  return [
    ...runs.composers.map((composer) => ({ ...SENTENCE, composer })),
    ...baselines.map((composer) => ({ head: "baseline", composer })),
  ].flatMap((labels) => apart(runs.select("accuracy", labels), labels.composer));
}

/** Rows under trials of their own: one trial has the rows of several lines. */
function apart(rows: readonly Measurement[], line: string): Measurement[] {
  return rows.map((row) => ({ ...row, trial: `${row.trial} ${line}` }));
}

/** What bands and intervals are over. */
function runsOf(runs: RecursiveRuns): string {
  return runs.folds.length > 1 ? "folds" : "seeds";
}

/** Composers with their accuracies, highest first. */
export function ranked(runs: RecursiveRuns): { readonly composer: string; readonly estimate: Interval }[] {
  return runs.composers.flatMap((composer) => {
    const estimate = runs.estimate("accuracy", { ...SENTENCE, composer });
    return estimate ? [{ composer, estimate }] : [];
  }).sort((a, b) => b.estimate.mean - a.estimate.mean);
}

/** Composers that differ from the best by more than the runs do. */
export function seenWorse(runs: RecursiveRuns): string[] {
  const [best, ...others] = ranked(runs);
  return others.filter(({ composer }) =>
    runs.difference("accuracy", { ...SENTENCE, composer }, { ...SENTENCE, composer: best.composer })?.distinguishable
  ).map(({ composer }) => composer);
}

/** How intervals are to be read. */
export function runNote(runs: RecursiveRuns): string {
  const count = runs.folds.length > 1 ? runs.folds.length : runs.seeds.length;
  if (count < 2) return "One run: no interval can be given.";
  const over = runs.folds.length > 1
    ? `${runs.folds.length} folds${runs.seeds.length > 1 ? ` (each the mean of ${runs.seeds.length} seeds)` : ""}`
    : `${runs.seeds.length} seeds`;
  return `Small dots are single runs, large marks their means over ${over}, lines 95% t-intervals.`;
}

/** Accuracy by composer beside the baselines. */
export function accuracyFigure(runs: RecursiveRuns, thumbnail = false): Figure | undefined {
  const order = ranked(runs);
  if (order.length === 0) return undefined;
  const [best, last] = [order[0], order[order.length - 1]];
  const worse = seenWorse(runs);
  const title = order.length === 1
    ? `${opening(best.composer)} trees reach ${percent(best.estimate)} on unseen sentences`
    : `Accuracy on unseen sentences is ${percent(best.estimate)} with ${best.composer} trees and ${
      percent(last.estimate)
    } with ${last.composer} ones; ${
      worse.length === 0 ? "no difference seen" : `worse than the best: ${listWords(worse)}`
    }`;
  const spec = dotInterval({
    id: "accuracy",
    title,
    caption:
      `Share of test sentences whose class is right, by the head on the mean of all nodes beside the root; baselines see no ` +
      `order of words. ${runNote(runs)}`,
    metrics: [{ metric: "accuracy", label: "Accuracy" }],
    by: "composer",
    zero: false,
  });
  const rows = accuracyRows(runs);
  return figure(thumbnail ? small(spec, { id: "final-accuracy" }) : spec, rows);
}

/** Accuracy over α, by the head on the root and by the sentence's own. */
export function alphaFigure(runs: RecursiveRuns): Figure | undefined {
  const alphas = runs.values("accuracy", "alpha").map(Number).sort((a, b) => a - b)
    .filter((alpha) => runs.select("accuracy", { ...SENTENCE, alpha }).length > 0);
  if (alphas.length < 2) return undefined;
  const heads = { sentence: "all nodes and root", root: "root alone" };
  const rows = Object.entries(heads).flatMap(([head, said]) =>
    alphas.flatMap((alpha) =>
      apart(runs.select("accuracy", { head, alpha }), head)
        .map((row) => ({ ...row, step: alpha, labels: { ...row.labels, head: said } }))
    )
  );
  const at = (alpha: number) => runs.estimate("accuracy", { ...SENTENCE, alpha })!;
  const best = alphas.reduce((top, alpha) => at(alpha).mean > at(top).mean ? alpha : top);
  const worse = alphas.filter((alpha) =>
    runs.difference("accuracy", { ...SENTENCE, alpha }, { ...SENTENCE, alpha: best })?.distinguishable
  );
  return figure(
    lineWithInterval({
      id: "alpha",
      title: `Accuracy is highest at α = ${formatNumber(best)} (${percent(at(best))}); ${
        worse.length === 0
          ? "no difference from other values seen"
          : `seen to be lower at α = ${listWords(worse.map((alpha) => formatNumber(alpha)))}`
      }`,
      caption: (data) =>
        `α weighs reconstruction, 1 − α the classes of the nodes; ${runs.main.composer} trees. ${
          bandNote(data, runsOf(runs))
        }`,
      metric: "accuracy",
      label: "Accuracy",
      step: "α, weight of reconstruction",
      by: "head",
      zero: false,
    }),
    rows,
  );
}

/** Reconstruction error by tree level or phrase length. */
export function reconstructionFigure(runs: RecursiveRuns, by: "level" | "length"): Figure | undefined {
  const metric = `reconstruction/${by}`;
  const rows = runs.composers.flatMap((composer) => runs.select(metric, { composer }));
  if (rows.length === 0) return undefined;
  const main = runs.select(metric);
  const meanAt = (step: number) => {
    const values = main.filter((row) => row.step === step).map(({ value }) => value);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const steps = [...new Set(main.map(({ step }) => step))].sort((a, b) => a - b);
  const [low, high] = [steps[0], steps[steps.length - 1]];
  const what = by === "level" ? "level" : "phrases of";
  const said = steps.length < 2
    ? "not measured over more than one step"
    : by === "level"
    ? `${formatNumber(meanAt(low), 3)} at ${what} ${low} and ${formatNumber(meanAt(high), 3)} at ${what} ${high}`
    : `${formatNumber(meanAt(low), 3)} for ${what} ${low} words and ${
      formatNumber(meanAt(high), 3)
    } for ${what} ${high}`;
  return figure(
    lineWithInterval({
      id: `reconstruction-${by}`,
      title: `With ${runs.main.composer} trees, the reconstruction error of a merge is ${said}`,
      caption: (data) =>
        `E_rec, the squared distance between children and their reconstruction, children weighed by their words; means over ` +
        `the test sentences' merges, ${
          by === "level" ? "by the longest way down to a word" : "by the words under the merge"
        }. ` +
        `Steps with fewer than 5 merges are left out. ${bandNote(data, runsOf(runs))}`,
      metric,
      label: "Reconstruction error",
      step: by === "level" ? "level of the merge" : "words under the merge",
      by: "composer",
    }),
    rows,
  );
}

/** Real trees of test sentences. */
export function treesFigure(runs: RecursiveRuns): Figure | undefined {
  const rows = runs.select("tree");
  const first = rows[0]?.trial;
  const roots = [...Map.groupBy(rows.filter(({ trial }) => trial === first), ({ labels }) => labels.sentence).values()]
    .map((nodes) => nodes.reduce((last, node) => node.step > last.step ? node : last));
  if (roots.length === 0) return undefined;
  const right = roots.filter(({ labels }) => labels.class === labels.truth).length;
  return figure(
    treeFigure(
      `Of ${roots.length} test sentences drawn, the root's head judges ${right} rightly`,
      `Trees of the ${runs.main.composer} composer, first seed; the sentences are chosen by a hash. A node's colour is the class that ` +
        `its own head gives it (a square where it differs from the root's), a line is as wide as the merge's reconstruction ` +
        `error is great, in each tree relative to its greatest. Point at a node to read its phrase; the data below list all.`,
    ),
    rows,
  );
}

/** A name at the beginning of a sentence. */
export function opening(name: string): string {
  return name[0].toUpperCase() + name.slice(1);
}
