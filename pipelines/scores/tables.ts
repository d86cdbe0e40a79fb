/**
 * The tables of a score comparison: every number, what was said of the shown words, and what others published.
 *
 * @module
 */
import { type Cell, formatCount, formatEstimate, formatMean, listWords, type Table, table } from "../../reports/mod.ts";
import { sizes } from "./cost_figures.ts";
import { ends } from "./figures.ts";
import { ranking } from "./headline.ts";
import { published } from "./published.ts";
import type { Labels } from "../runs.ts";
import { opening, percent, type ScoreRuns } from "./runs.ts";

const TEST = { set: "test" };

/** What a caption says of ± signs and of values that had to be left out. */
function note(runs: ScoreRuns): string {
  const diverged = runs.rows.filter(({ value }) => !Number.isFinite(value)).length;
  const seeds = runs.seeds.length < 2
    ? "One seed: no interval can be given."
    : `Means over ${formatCount(runs.seeds.length, "seed")} ± half the width of the 95% t-interval.`;
  return diverged === 0 ? seeds : `${seeds} ${formatCount(diverged, "value")} that were not finite are left out.`;
}

/** Errors, likelihood and spread of attention, for each score. */
export function qualityTable(runs: ScoreRuns): Table {
  const columns: readonly NumberColumn[] = [
    { key: "per", heading: "PER", unit: "%", metric: "per", labels: TEST },
    { key: "wer", heading: "WER", unit: "%", metric: "wer", labels: TEST },
    { key: "loss", heading: "Test loss", unit: "nats", metric: "loss", labels: TEST },
    { key: "perplexity", heading: "Perplexity", metric: "perplexity", labels: TEST },
    { key: "training", heading: "Training loss", unit: "nats", metric: "loss/train", labels: {} },
    { key: "entropy", heading: "Entropy", unit: "nats", metric: "entropy", labels: TEST },
    { key: "relative", heading: "Entropy, share of uniform", metric: "entropy/relative", labels: TEST },
  ];
  return numbers(runs, {
    id: "quality",
    title: ends(runs.ranked("wer", TEST), percent, "WER on unseen words is"),
    caption: `Test words, but training loss: the last epoch's mean. Entropy of alignments. ${note(runs)}`,
  }, columns);
}

/** What a score costs, predicted, counted and timed, and how fast the model learns with it. */
export function costTable(runs: ScoreRuns): Table {
  const kind = { kind: "counted" }, predicted = { kind: "predicted" }, median = { quantile: 0.5 };
  const columns: readonly NumberColumn[] = [
    { key: "own", heading: "Parameters of the score", metric: "parameters", labels: { ...kind, part: "attention" } },
    { key: "all", heading: "Parameters of the model", metric: "parameters", labels: { part: "model" } },
    { key: "predicted", heading: "Operations predicted", metric: "operations", labels: predicted },
    { key: "operations", heading: "Operations counted", metric: "operations", labels: kind },
    { key: "activationsPredicted", heading: "Activations predicted", metric: "activations", labels: predicted },
    { key: "activations", heading: "Activations counted", metric: "activations", labels: kind },
    { key: "bytesPredicted", heading: "Bytes predicted", metric: "bytes", labels: predicted },
    { key: "bytes", heading: "Bytes counted", metric: "bytes", labels: kind },
    { key: "forward", heading: "Time, scores", unit: "ms", metric: "time/forward", labels: median, scale: 1e3 },
    {
      key: "gradients",
      heading: "Time, with gradients",
      unit: "ms",
      metric: "time/training",
      labels: median,
      scale: 1e3,
    },
    { key: "words", heading: "Training speed", unit: "words/s", metric: "speed/examples", labels: {} },
    { key: "symbols", heading: "Training speed", unit: "symbols/s", metric: "speed/tokens", labels: {} },
  ];
  const speeds = runs.ranked("speed/examples");
  return numbers(runs, {
    id: "cost",
    title: ends(speeds, (speed) => `${formatEstimate(speed)} words a second`, "training speed is"),
    caption:
      `Costs of the score alone, one batch: ${sizes(runs.select("operations"))}. Speed is the whole model's, last ` +
      `epoch. ${note(runs)}`,
  }, columns);
}

/** What was measured while the models learnt: dev words, gradients, padding. */
export function trainingTable(runs: ScoreRuns): Table {
  const dev = { set: "dev" };
  const columns: readonly NumberColumn[] = [
    { key: "per", heading: "PER", unit: "%", metric: "per", labels: dev },
    { key: "wer", heading: "WER", unit: "%", metric: "wer", labels: dev },
    { key: "loss", heading: "Dev loss", unit: "nats", metric: "loss", labels: dev },
    { key: "perplexity", heading: "Perplexity", metric: "perplexity", labels: dev },
    { key: "entropy", heading: "Entropy", unit: "nats", metric: "entropy", labels: dev },
    { key: "relative", heading: "Entropy over uniform", metric: "entropy/relative", labels: dev },
    { key: "query", heading: "Gradient at queries", metric: "gradient/query", labels: {}, late: true },
    { key: "memory", heading: "Gradient at memory", metric: "gradient/memory", labels: {}, late: true },
    { key: "global", heading: "Global gradient", metric: "gradient/global", labels: {}, late: true },
    { key: "padding", heading: "Padding", unit: "% of positions", metric: "padding", labels: {} },
  ];
  return numbers(runs, {
    id: "training",
    title: ends(runs.ranked("loss", dev), (loss) => `${formatMean(loss)} nats`, "a phoneme's loss on the dev words is"),
    caption:
      `Dev words after the last pass, greedy search; padding of the last pass; gradient norms before clipping, a ` +
      `mean over the last tenth of training. ${note(runs)}`,
    folded: true,
  }, columns);
}

interface NumberColumn {
  readonly key: string;
  readonly heading: string;
  readonly unit?: string;
  readonly metric: string;
  readonly labels: Labels;
  readonly scale?: number;
  /** Whether it is the mean over the last tenth of a curve, not the last value. @default {false} */
  readonly late?: boolean;
}

function numbers(
  runs: ScoreRuns,
  about: Pick<Table, "id" | "title" | "caption" | "folded">,
  columns: readonly NumberColumn[],
): Table {
  return table({
    ...about,
    columns: [{ key: "score", heading: "Score", kind: "text" }, ...columns],
    rows: runs.scores.map((score) => ({
      score,
      ...Object.fromEntries(columns.map(({ key, metric, labels, scale = 1, late = false }): [string, Cell] => {
        const estimate = late ? runs.late(score, metric) : runs.estimate(score, metric, labels);
        if (!estimate) return [key, null];
        const { mean, low, high, count } = estimate;
        // Counts agree between seeds to the last digit: an interval of width 0 would only be noise to read.
        if (count < 2 || low === high) return [key, mean * scale];
        return [key, { mean: mean * scale, low: low * scale, high: high * scale, count }];
      })),
    })),
  });
}

/** Every score against the one with the fewest errors; nothing when there is nothing to pair. */
export function differenceTable(runs: ScoreRuns): Table | undefined {
  const [best, ...others] = ranking(runs);
  const paired = others.filter(({ difference }) => difference !== undefined && difference.count > 1);
  if (!best || paired.length === 0) return undefined;
  const seen = paired.filter(({ difference }) => difference!.distinguishable);
  return table({
    id: "differences",
    title: seen.length === 0
      ? `No difference in PER from ${best.score} is seen for any score`
      : `PER differs from ${best.score}'s by more than seeds explain for ${listWords(seen.map(({ score }) => score))}`,
    caption:
      `PER on the test words minus ${best.score}'s with the same seed: the order of words is the same in both. ` +
      "A difference is seen when its 95% t-interval leaves out 0; intervals are not corrected for their number.",
    columns: [
      { key: "score", heading: "Score", kind: "text" },
      { key: "difference", heading: `PER − ${best.score}'s`, unit: "points" },
      { key: "seeds", heading: "Pairs" },
      { key: "seen", heading: "Difference", kind: "text" },
    ],
    rows: paired.map(({ score, difference }) => ({
      score,
      difference: difference!,
      seeds: difference!.count,
      seen: difference!.distinguishable ? "seen" : "no difference seen",
    })),
  });
}

/** What each score's first seed said of the shown words. */
export function spokenTable(runs: ScoreRuns): Table | undefined {
  const words = new Map<string, Record<string, Cell>>();
  const tally = new Map<string, { right: number; all: number }>();
  for (const score of runs.scores) {
    const rows = runs.select("prediction", { score });
    const seed = Math.min(...rows.map(({ labels }) => Number(labels.seed)));
    for (const { labels, value } of rows.filter(({ labels }) => labels.seed === seed)) {
      const word = String(labels.word);
      const line = words.get(word) ?? { word, reference: String(labels.reference) };
      line[keyOf(runs, score)] = value === 0 ? "✓" : String(labels.hypothesis) || "(nothing)";
      words.set(word, line);
      const count = tally.get(score) ?? { right: 0, all: 0 };
      tally.set(score, { right: count.right + (value === 0 ? 1 : 0), all: count.all + 1 });
    }
  }
  if (words.size === 0) return undefined;
  const said = [...tally].map(([score, { right, all }]) => `${score} ${right} of ${all}`);
  return table({
    id: "spoken",
    title: `Of the shown words, right: ${listWords(said)}`,
    caption:
      "Greedy search, each score's first seed. A tick is one of the word's accepted pronunciations; the first of " +
      "them is shown.",
    columns: [
      { key: "word", heading: "Word", kind: "text" },
      { key: "reference", heading: "Dictionary", kind: "text" },
      ...runs.scores.map((score) => ({ key: keyOf(runs, score), heading: opening(score), kind: "text" as const })),
    ],
    rows: [...words.values()].map((line) => ({
      ...Object.fromEntries(runs.scores.map((score) => [keyOf(runs, score), null])),
      ...line,
    })),
  });
}

/** A column's key: a score may be named like another column. */
function keyOf(runs: ScoreRuns, score: string): string {
  return `score ${runs.scores.indexOf(score)}`;
}

/** What others published, and whose word it is. */
export function publishedTable(): Table {
  return table({
    id: "published",
    title: "Published error rates on CMUdict without stress",
    caption: "Quoted as the named source has them; “secondary” means that the source quotes another paper.",
    columns: [
      { key: "system", heading: "System", kind: "text" },
      { key: "per", heading: "PER", unit: "%", digits: 2 },
      { key: "wer", heading: "WER", unit: "%", digits: 2 },
      { key: "source", heading: "Read in", kind: "text" },
      { key: "kind", heading: "Source", kind: "text" },
    ],
    rows: published.map(({ system, per, wer, source, secondary }) => ({
      system,
      per,
      wer,
      source,
      kind: secondary ? "secondary" : "first-hand",
    })),
  });
}
