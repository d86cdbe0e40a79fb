/**
 * The curves of a score comparison: errors, loss and gradients over training. Titles are sentences computed from the rows.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import {
  bandNote,
  type Figure,
  figure,
  formatCount,
  formatMean,
  formatNumber,
  type Interval,
  lineWithInterval,
  listWords,
} from "../../reports/mod.ts";
import { lateMean } from "../late.ts";
import { ends } from "./figures.ts";
import { percent, type ScoreRuns } from "./runs.ts";

/** Phoneme error rate on the dev words over the passes; nothing where it was scored once, which makes no curve. */
export function devFigure(runs: ScoreRuns): Figure | undefined {
  const rows = runs.select("per", { set: "dev" });
  const steps = new Set(rows.map(({ step }) => step));
  if (steps.size < 2) return undefined;
  const words = runs.words("dev");
  return figure(
    lineWithInterval({
      id: "dev-errors",
      title: `After ${formatCount(Math.max(...steps), "pass", "passes")} over the training words, ${
        ends(runs.ranked("per", { set: "dev" }), percent, "PER on the dev words is")
      }`,
      caption: (data) =>
        `Phoneme error rate on ${
          words === undefined ? "the" : formatNumber(words)
        } dev words, greedy search, over the training. ${bandNote(data)}`,
      metric: "per",
      label: "Phoneme error rate",
      step: "passes over the training words",
    }),
    rows,
  );
}

/** Training loss against words seen: what shows learning within an epoch. */
export function lossFigure(runs: ScoreRuns): Figure | undefined {
  const { rows, note } = curve(runs, alongTraining(runs, "loss/curve"));
  if (rows.length === 0) return undefined;
  return figure(
    lineWithInterval({
      id: "training-loss",
      title: ends(
        lateRanking(runs, "loss/curve"),
        (estimate) => `${formatMean(estimate)} nats`,
        "over the last tenth of training the loss a phoneme is",
      ),
      caption:
        `Mean loss a target symbol over the steps since the point before, while the pronunciations go by. ${note}`,
      metric: "loss/curve",
      label: "Training loss",
      step: "pronunciations seen",
    }),
    rows,
  );
}

/** Scores by the mean over the last tenth of a curve, lowest first. */
function lateRanking(runs: ScoreRuns, metric: string): { readonly score: string; readonly estimate: Interval }[] {
  return runs.scores.flatMap((score) => {
    const estimate = runs.late(score, metric);
    return estimate ? [{ score, estimate }] : [];
  }).sort((a, b) => a.estimate.mean - b.estimate.mean);
}

/** Norms of the gradient at one input of the score over training. */
export function gradientFigure(runs: ScoreRuns, input: "query" | "memory"): Figure {
  const metric = `gradient/${input}`;
  const points = alongTraining(runs, metric).filter(({ value }) => value > 0);
  const { rows, note } = curve(runs, points);
  const norms = rows.map(({ value }) => value);
  // Within a decade a logarithmic axis has hardly a tick to read.
  const scale = Math.max(...norms) > 10 * Math.min(...norms) ? "log" : "linear";
  const where = input === "query" ? "queries" : "memory";
  const blind = runs.scores.filter((score) => {
    const values = runs.select(metric, { score });
    return values.length > 0 && values.every(({ value }) => value === 0);
  });
  return figure(
    lineWithInterval({
      id: `gradient-${input}`,
      title: courseOf(runs, points, where),
      caption:
        `Norm of the loss's gradient at the score's input (${where}), through the score alone; root mean square over ` +
        `the steps since the point before, before clipping. ${
          scale === "log" ? "The axis is logarithmic. " : ""
        }${note}${
          blind.length > 0
            ? ` Not drawn, because it is 0: ${listWords(blind)}${
              input === "memory" ? ", which doesn't look at what the memory holds" : ""
            }.`
            : ""
        }`,
      metric,
      label: `Gradient norm at the ${where}`,
      step: "pronunciations seen",
      scale,
    }),
    rows,
  );
}

/** What each score's gradient is in the last tenth of training, as a multiple of where it began. */
function courseOf(runs: ScoreRuns, rows: readonly Measurement[], where: string): string {
  const shares = runs.scores.flatMap((score) => {
    const trials = [...Map.groupBy(rows.filter(({ labels }) => labels.score === score), ({ trial }) => trial).values()];
    const logs = trials.map((points) => Math.log(lateMean(points) / points[0].value));
    return logs.length === 0 ? [] : [{ score, share: Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length) }];
  }).sort((a, b) => a.share - b.share);
  if (shares.length === 0) return `No gradient at the ${where} was measured`;
  const [least, most] = [shares[0], shares[shares.length - 1]];
  const print = ({ score, share }: typeof least) => `${formatNumber(Number(share.toPrecision(2)))} (${score})`;
  return `Over the last tenth of training, the gradient norm at the ${where} is ${
    shares.length === 1 ? print(least) : `between ${print(least)} and ${print(most)}`
  } times what it was at the first point`;
}

/** Points of a drawn curve: more would be jitter to the eye. */
const POINTS = 48;

/**
 * A curve's rows with steps that seeds share: the n-th points of all trials stand at their mean step, because batches of
 * similar length end at slightly different words. Neighbouring points of long curves are drawn as one, their root mean
 * square (gradients) or mean.
 */
function alongTraining(runs: ScoreRuns, metric: string): Measurement[] {
  const trials = Map.groupBy(runs.select(metric), ({ trial }) => trial);
  const points = [...trials.values()].map((rows) => [...rows].sort((a, b) => a.step - b.step));
  const longest = Math.max(0, ...points.map((rows) => rows.length));
  const run = Math.ceil(longest / POINTS);
  const power = metric.startsWith("gradient/") ? 2 : 1;
  const folded = points.map((rows) =>
    Array.from({ length: Math.ceil(rows.length / run) }, (_, at): Measurement => {
      const near = rows.slice(at * run, (at + 1) * run);
      const mean = near.reduce((sum, { value }) => sum + value ** power, 0) / near.length;
      return { ...near[near.length - 1], value: mean ** (1 / power) };
    })
  );
  const steps = Array.from({ length: Math.max(0, ...folded.map((rows) => rows.length)) }, (_, at) => {
    const here = folded.flatMap((rows) => rows[at]?.step ?? []);
    return Math.round(here.reduce((sum, step) => sum + step, 0) / here.length);
  });
  return folded.flatMap((rows) => rows.map((row, at) => ({ ...row, step: steps[at] })));
}

/**
 * What is drawn of a curve with many points. The interval of two seeds is 13 standard errors wide to each side and hides
 * every line, so that it is drawn from three seeds on.
 */
function curve(runs: ScoreRuns, rows: readonly Measurement[]): { rows: Measurement[]; note: string } {
  const seeds = runs.seeds.length;
  if (seeds > 2) {
    return { rows: [...rows], note: `Lines are means over ${seeds} seeds, bands 95% t-intervals, cut at the frame.` };
  }
  const groups = Map.groupBy(rows, ({ labels, step }) => JSON.stringify([labels.score, step]));
  const means = [...groups.values()].map((group) => ({
    ...group[0],
    value: group.reduce((sum, { value }) => sum + value, 0) / group.length,
  }));
  return {
    rows: means,
    note: seeds < 2
      ? "One seed: no interval can be given."
      : "Lines are means over 2 seeds, whose interval would hide them and is left out.",
  };
}
