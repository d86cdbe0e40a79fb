/**
 * The figures of a score comparison: errors and alignments, and what figures of it share. Titles are sentences computed from what is drawn.
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
  heatmaps,
  type Interval,
  small,
  sparkline,
} from "../../reports/mod.ts";
import { published, references } from "./published.ts";
import type { Labels } from "../runs.ts";
import { opening, percent, type ScoreRuns } from "./runs.ts";

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

/** The small figure of the list of questions: errors while learning where they were scored, else at the end. */
export function thumbnail(runs: ScoreRuns): Figure | undefined {
  const dev = runs.select("per", { set: "dev" });
  if (new Set(dev.map(({ step }) => step)).size > 1) {
    return figure(
      sparkline({
        id: "dev-errors",
        title: "Phoneme error rate on the dev words over training",
        metric: "per",
        label: "phoneme error rate",
        step: "passes",
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
  return figure(small(spec, { id: "final-errors" }), rows);
}

/** How intervals in a figure of final values are to be read. */
export function seedNote(runs: ScoreRuns): string {
  return runs.seeds.length < 2
    ? "One seed: no interval can be given."
    : `Small dots are the ${
      formatCount(runs.seeds.length, "seed")
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
