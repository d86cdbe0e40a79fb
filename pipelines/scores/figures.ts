/**
 * The figures of a score comparison: errors and alignments. Titles are sentences computed from what is drawn.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import {
  bandNote,
  dotInterval,
  type Figure,
  figure,
  formatMean,
  formatNumber,
  heatmaps,
  type Interval,
  lineWithInterval,
  listWords,
  meanInterval,
  sparkline,
  sparkWidth,
} from "../../reports/mod.ts";
import { lateMean } from "../late.ts";
import { published, references } from "./published.ts";
import { counted, type Labels, opening, percent, type ScoreRuns } from "./runs.ts";

/** Phoneme error rate on the dev words after each epoch; nothing where there is one epoch, which makes no curve. */
export function devFigure(runs: ScoreRuns): Figure | undefined {
  const rows = runs.select("per", { set: "dev" });
  const epochs = new Set(rows.map(({ step }) => step));
  if (epochs.size < 2) return undefined;
  const words = runs.words("dev");
  return figure(
    lineWithInterval({
      id: "dev-errors",
      title: `After epoch ${formatNumber(Math.max(...epochs))}, ${
        ends(runs.ranked("per", { set: "dev" }), percent, "PER on the dev words is")
      }`,
      caption: (data) =>
        `Phoneme error rate on ${
          words === undefined ? "the" : formatNumber(words)
        } dev words after each epoch, greedy ` +
        `search. ${bandNote(data)}`,
      metric: "per",
      label: "Phoneme error rate",
      step: "epoch",
    }),
    rows,
  );
}

/** Training loss against words seen: what shows learning when there is one epoch. */
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
    const trials = [...Map.groupBy(runs.select(metric, { score }), ({ trial }) => trial).values()];
    return trials.length === 0 ? [] : [{ score, estimate: meanInterval(trials.map(lateMean)) }];
  }).sort((a, b) => a.estimate.mean - b.estimate.mean);
}

/** Errors on the test words beside published ones. */
export function testFigure(runs: ScoreRuns): Figure {
  const rows = [...runs.select("per", { set: "test" }), ...runs.select("wer", { set: "test" })];
  const rates = published.filter(({ drawn }) => drawn).flatMap(({ per }) => per ?? []);
  const range = `${formatNumber(Math.min(...rates))}% to ${formatNumber(Math.max(...rates))}%`;
  return figure(
    dotInterval({
      id: "test-errors",
      title: `${ends(runs.ranked("per", { set: "test" }), percent, "PER on unseen words is")}; the ${
        formatNumber(rates.length)
      } published results drawn are ${range}`,
      caption:
        `Test words, beam search. ${seedNote(runs)} Grey ticks are the ${formatNumber(rates.length)} of ${
          formatNumber(published.filter(({ per }) => per !== null).length)
        } published PERs that are known to be of single models on the usual split (Method lists all); an asterisk marks a figure ` +
        "quoted from a secondary source. Their training words, split and model sizes differ from this run's (Method " +
        "says how), so the distance to them is not the score's doing.",
      metrics: [{ metric: "per", label: "Phoneme error rate" }, { metric: "wer", label: "Word error rate" }],
      references: references(),
    }),
    rows,
  );
}

/** How much attention is spread. */
export function entropyFigure(runs: ScoreRuns): Figure {
  const labels = { set: "test" };
  const ranked = runs.ranked("entropy/relative", labels);
  const [sharpest, flattest] = [ranked[0], ranked[ranked.length - 1]];
  return figure(
    dotInterval({
      id: "entropy",
      title: ranked.length === 0
        ? "No entropy of alignments was measured"
        : ranked.length === 1
        ? `${opening(sharpest.score)} spreads its weights to ${share(sharpest.estimate)} of the entropy of uniform ones`
        : `${opening(flattest.score)} spreads its weights most (${
          share(flattest.estimate)
        } of uniform), ${sharpest.score} least (${share(sharpest.estimate)})`,
      caption: "Entropy of a decoded symbol's attention weights over the entropy of uniform weights, a mean over the " +
        `test words: 0 is one letter, 1 is all letters alike. ${seedNote(runs)}`,
      metrics: [{ metric: "entropy/relative", label: "Entropy as a share of uniform" }],
    }),
    runs.select("entropy/relative", labels),
  );
}

function share({ mean }: Interval): string {
  return formatNumber(mean, 2);
}

/** Alignments of the same words, one column a score: each score's first seed. */
export function alignmentFigure(runs: ScoreRuns): Figure {
  const rows = runs.scores.flatMap((score) => {
    const seed = Math.min(...runs.select("alignment", { score }).map(({ labels }) => Number(labels.seed)));
    return runs.select("alignment", { score, seed }).map((row): Measurement => ({
      ...row,
      labels: { ...row.labels, phoneme: row.labels.phoneme === "(end)" ? "end" : row.labels.phoneme },
    }));
  });
  const order = wordsToShow(rows);
  const sharpest = runs.scores.map((score) => ({ score, peak: meanPeak(rows, score) }))
    .filter(({ peak }) => Number.isFinite(peak)).sort((a, b) => b.peak - a.peak);
  const [first, last] = [sharpest[0], sharpest[sharpest.length - 1]];
  return figure(
    heatmaps({
      id: "alignments",
      title: first === undefined
        ? "No alignment was stored"
        : `A said phoneme's most attended letter gets a weight of ${
          sharpest.length === 1
            ? `${formatNumber(first.peak, 2)} on average with ${first.score}`
            : `${formatNumber(first.peak, 2)} on average with ${first.score}, ${
              formatNumber(last.peak, 2)
            } with ${last.score}`
        }`,
      caption: "Attention weights of the same unseen words, one column a score, its first seed: letters across, said " +
        "phonemes down, the stronger the colour, the more weight; the last row is the end mark. Words with the most letters for their " +
        "phonemes come first, because there the diagonal is wrong; all are in the data.",
      row: "i",
      column: "j",
      output: "phoneme",
      input: "letter",
    }),
    rows.sort((a, b) => order.indexOf(String(a.labels.word)) - order.indexOf(String(b.labels.word))),
  );
}

/** Words by how many more letters they have than their longest hypothesis has phonemes; then by spelling. */
function wordsToShow(rows: readonly Measurement[]): string[] {
  const sizes = new Map<string, { letters: number; phonemes: number }>();
  for (const { labels } of rows) {
    const size = sizes.get(String(labels.word)) ?? { letters: 0, phonemes: 0 };
    size.letters = Math.max(size.letters, Number(labels.j) + 1);
    size.phonemes = Math.max(size.phonemes, Number(labels.i));
    sizes.set(String(labels.word), size);
  }
  return [...sizes].sort(([a, x], [b, y]) =>
    (y.letters - y.phonemes) - (x.letters - x.phonemes) || (a < b ? -1 : a > b ? 1 : 0)
  ).map(([word]) => word);
}

function meanPeak(rows: readonly Measurement[], score: string): number {
  const peaks = new Map<string, number>();
  for (const { labels, value } of rows) {
    if (labels.score !== score) continue;
    const key = `${labels.i} ${labels.word}`;
    peaks.set(key, Math.max(peaks.get(key) ?? 0, value));
  }
  return [...peaks.values()].reduce((sum, peak) => sum + peak, 0) / peaks.size;
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

/** The small figure of the list of questions: errors while learning where there are epochs, else at the end. */
export function thumbnail(runs: ScoreRuns): Figure | undefined {
  const dev = runs.select("per", { set: "dev" });
  if (new Set(dev.map(({ step }) => step)).size > 1) {
    return figure(
      sparkline({
        id: "dev-errors",
        title: "Phoneme error rate on the dev words over training",
        metric: "per",
        label: "phoneme error rate",
      }),
      dev,
    );
  }
  const rows = runs.select("per", { set: "test" });
  if (rows.length === 0) return undefined;
  const spec = dotInterval({
    id: "final-errors",
    title: "Phoneme error rate on the test words, with 95% t-intervals",
    caption: "",
    metrics: [{ metric: "per", label: "Phoneme error rate" }],
  });
  return figure(
    { ...spec, panels: (data, frame) => spec.panels(data, { ...frame, width: sparkWidth, narrow: true }) },
    rows,
  );
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

/** How intervals in a figure of final values are to be read. */
export function seedNote(runs: ScoreRuns): string {
  return runs.seeds.length < 2
    ? "One seed: no interval can be given."
    : `Small dots are the ${
      counted(runs.seeds.length, "seed")
    }, large marks their mean, lines the mean's 95% t-interval; an arrow head says that it goes on beyond the axis.`;
}

/** A title from the two ends of a ranking: `x ends at 9.1% with concat and 20% with location`. */
export function ends(
  ranked: readonly { readonly score: string; readonly estimate: Interval }[],
  print: (estimate: Interval) => string,
  what: string,
): string {
  const said = `${what[0].toUpperCase()}${what.slice(1)}`;
  if (ranked.length === 0) return `${said} not measured`;
  const [first, last] = [ranked[0], ranked[ranked.length - 1]];
  if (ranked.length === 1) return `${said} ${print(first.estimate)} with ${first.score}`;
  if (first.estimate.mean === last.estimate.mean) return `${said} ${print(first.estimate)} with every score`;
  if (overlap(first.estimate, last.estimate)) {
    return `${said} ${print(first.estimate)} with ${first.score} to ${print(last.estimate)} with ${last.score}, but ${
      first.estimate.count < 2 || last.estimate.count < 2 ? "one seed tells no scores apart" : "their intervals overlap"
    }`;
  }
  return `${said} ${print(first.estimate)} with ${first.score}, the lowest, and ${
    print(last.estimate)
  } with ${last.score}, the highest`;
}

/** Whether two means are not told apart by their intervals; a single value tells nothing apart. */
export function overlap(a: Interval, b: Interval): boolean {
  if (a.count < 2 || b.count < 2) return true;
  return a.low <= b.high && b.low <= a.high;
}

/** Rows of one metric renamed, for figures that tell two kinds apart by metric. */
export function renamed(runs: ScoreRuns, from: string, labels: Labels, to: string): Measurement[] {
  return runs.select(from, labels).map((row) => ({ ...row, metric: to }));
}
