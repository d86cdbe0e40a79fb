/**
 * The figures of a path comparison. Titles are sentences computed from what is drawn.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import {
  bandNote,
  dotInterval,
  type Effect,
  effectFigure,
  type Figure,
  figure,
  type Fit,
  formatMean,
  formatNumber,
  heatmaps,
  lineWithInterval,
  listWords,
  meanInterval,
  sparkWidth,
  type Table,
  table,
} from "../../reports/mod.ts";
import { lateMean } from "../late.ts";
import { EFFECTS, type Factor } from "./design.ts";
import { LEARNT_LENGTHS } from "./setting.ts";
import type { PathRuns } from "./runs.ts";

const TEST = { set: "test" };

/** Effects with the names that a reader sees. */
export function named(fit: Fit): Effect[] {
  return fit.effects.map((effect) => ({ ...effect, name: EFFECTS[effect.name as Factor | "feeding"] }));
}

/** Main effects on errors; nothing when the design can't be fitted. */
export function errorEffects(runs: PathRuns): Figure | undefined {
  const fit = runs.effects("per", TEST);
  if (!fit) return undefined;
  const effects = named(fit);
  const seen = effects.filter(({ distinguishable }) => distinguishable);
  return figure(
    effectFigure({
      id: "error-effects",
      title: seen.length === 0 ? "No factor changes PER by more than the runs leave unexplained" : `${
        listWords(
          seen.map(({ name, mean }) =>
            `${name} ${mean > 0 ? "adds" : "takes off"} ${formatNumber(Math.abs(mean))} points`
          ),
        )
      } of PER; for the others no difference is seen`,
      caption:
        `Change of the phoneme error rate on unseen words from one level to the other, all else balanced: least squares over ${
          formatNumber(fit.freedom + effects.length + runs.seeds.length)
        } trials, 95% t-intervals with ${
          formatNumber(fit.freedom)
        } degrees of freedom. Filled: the interval leaves out 0. Interactions are left in the residual; in the quick design main ` +
        "effects are aliased with interactions of two factors.",
      effects,
      label: "Change of PER (points)",
    }),
    [],
  );
}

/** Main effects on training time, as factors. */
export function timeEffects(runs: PathRuns): Figure | undefined {
  const fit = runs.effects("speed/examples", {}, (speed) => -Math.log(speed));
  if (!fit) return undefined;
  const effects = named(fit).map(({ mean, low, high, ...rest }) => ({
    ...rest,
    mean: Math.exp(mean),
    low: Math.exp(low),
    high: Math.exp(high),
  }));
  const feeding = effects.find(({ name }) => name === EFFECTS.feeding)!;
  return figure(
    effectFigure({
      id: "time-effects",
      title: feeding.distinguishable
        ? `Input feeding breaks training that is parallel in time: it takes ${formatNumber(feeding.mean)} times as long`
        : "No difference in training time is seen for input feeding",
      caption:
        "Time to learn from one word, as a factor from one level to the other, wall-clock while other trials ran; 95% t-intervals " +
        "on logarithms. A cell's factor is this program's, too: the framework's GRU runs as one fused kernel a layer, the LSTM and " +
        "steps that wait for an attention are composed of stock operations.",
      effects,
      label: "Training time, times",
      none: 1,
      scale: "log",
    }),
    [],
  );
}

/** Rows of the reversal task under the name of their scope. */
function scopeRows(runs: PathRuns, metric: string, labels = {}): Measurement[] {
  return runs.select(metric, { part: "scope", ...labels });
}

/** Alignment errors where the right alignment is known. */
export function alignmentErrors(runs: PathRuns): Figure | undefined {
  const rows = scopeRows(runs, "alignment/error", TEST);
  if (rows.length === 0) return undefined;
  const means = [...new Set(rows.map(({ labels }) => String(labels.scope)))]
    .map((scope) => ({ scope, mean: runs.estimate("alignment/error", { part: "scope", scope, ...TEST })!.mean }));
  const [finds, misses] = [means.filter(({ mean }) => mean < 2), means.filter(({ mean }) => mean >= 2)];
  const print = ({ scope, mean }: typeof means[number]) => `${scope} (error ${formatNumber(mean)}%)`;
  return figure(
    dotInterval({
      id: "alignment-errors",
      title: `To reverse a sequence, ${
        finds.length === 0
          ? "no scope finds"
          : `${listWords(finds.map(print))} ${finds.length === 1 ? "finds" : "find"}`
      } the alignment${
        misses.length === 0 ? "" : `; ${listWords(misses.map(print))} ${misses.length === 1 ? "does" : "do"} not`
      }`,
      caption:
        "Share of symbols whose largest weight isn't at the source position that they are taken from; unseen sequences of " +
        `${LEARNT_LENGTHS[0]} to ${LEARNT_LENGTHS[1]} distinct symbols, Luong's path, general score, window D = 2.`,
      metrics: [{ metric: "alignment/error", label: "Alignment error" }],
      by: "scope",
    }),
    rows,
  );
}

/** Alignments of reversed sequences side by side. */
export function alignments(runs: PathRuns): Figure | undefined {
  const rows = scopeRows(runs, "alignment").filter(({ labels }) => labels.seed === runs.seeds[0]);
  if (rows.length === 0) return undefined;
  const one = [...new Set(rows.map(({ labels }) => String(labels.word)))];
  return figure(
    heatmaps({
      id: "alignments",
      title: `Where each scope looks while it reverses “${
        one[0]
      }”: the right alignment is the falling diagonal's mirror image`,
      caption:
        "Attention weights on unseen sequences, first seed: source across, said symbols down, the last row is the end mark.",
      by: "scope",
      row: "i",
      column: "j",
      output: "symbol",
      input: "letter",
      visible: 2,
    }),
    rows,
  );
}

/** Errors on longer sequences than were learnt from. */
export function lengthFigure(runs: PathRuns): Figure | undefined {
  const rows = scopeRows(runs, "length/wer");
  if (rows.length === 0) return undefined;
  const longest = Math.max(...rows.map(({ step }) => step));
  const ends = [...Map.groupBy(rows.filter(({ step }) => step === longest), ({ labels }) => String(labels.scope))]
    .map(([scope, list]) => `${scope} ${formatNumber(list.reduce((sum, { value }) => sum + value, 0) / list.length)}%`);
  return figure(
    lineWithInterval({
      id: "lengths",
      title: `Learnt at lengths up to ${LEARNT_LENGTHS[1]}, at ${longest} symbols sequences with an error are: ${
        listWords(ends)
      }`,
      caption: (data) => `Share of reversed sequences with an error, by length, greedy search. ${bandNote(data)}`,
      metric: "length/wer",
      label: "Sequences with an error",
      step: "length",
      by: "scope",
      least: 0,
      most: 100,
    }),
    rows,
  );
}

/** Gradients against distance in time. */
export function distanceFigure(runs: PathRuns): Figure | undefined {
  const name = ({ labels }: Measurement) => labels.scope === "none" ? "no attention" : String(labels.score);
  const rows = runs.select("distance/gradient", { when: "before", part: "distance" })
    .map((row) => ({ ...row, labels: { ...row.labels, series: name(row) } }));
  if (rows.length === 0) return undefined;
  const mean = (series: string, step: number) => {
    const list = rows.filter(({ labels, step: at }) => labels.series === series && at === step);
    return list.reduce((sum, { value }) => sum + value, 0) / list.length;
  };
  const steps = rows.map(({ step }) => step);
  const [near, far] = [Math.min(...steps), Math.max(...steps)];
  const ends = [...new Set(rows.map(({ labels }) => labels.series))]
    .map((series) => `${formatNumber(mean(series, far) / mean(series, near))} (${series})`);
  return figure(
    lineWithInterval({
      id: "distance",
      title: `Of the gradient at distance ${near}, this share is left at distance ${far}: ${listWords(ends)}`,
      caption: (data) =>
        "Norm of the gradient of a symbol's log-probability at the embedding of a source symbol, before anything is learnt, by the " +
        `recurrent steps between reading the one and saying the other. Copy task, one direction. ${bandNote(data)}`,
      metric: "distance/gradient",
      label: "Gradient norm",
      step: "distance in steps",
      by: "series",
      scale: "log",
    }),
    rows,
  );
}

/** Training loss of the paths, over all else. */
export function curves(runs: PathRuns): Figure | undefined {
  const all = runs.select("loss/curve", { part: "factorial" });
  if (all.length === 0) return undefined;
  // Trials' n-th points at one step, so that they can be averaged.
  const points = [...Map.groupBy(all, ({ trial }) => trial).values()].map((rows) =>
    rows.sort((a, b) => a.step - b.step)
  );
  const rows = points.flatMap((list) => list.map((row, at) => ({ ...row, step: points[0][at]?.step ?? row.step })));
  const ends = [...Map.groupBy(points, (list) => String(list[0].labels.path))]
    .map(([path, lists]) => `${formatMean(meanInterval(lists.map(lateMean)))} (${path})`);
  return figure(
    lineWithInterval({
      id: "curves",
      title: `Over the last tenth of training the loss a phoneme is ${listWords(ends)} nats`,
      caption: (data) =>
        `Mean loss over the steps since the point before, a mean over all runs of the design on a path. ${
          bandNote(data, "runs, seeds and designs together")
        }`,
      metric: "loss/curve",
      label: "Training loss",
      step: "pronunciations seen",
      by: "path",
    }),
    rows,
  );
}

/** How much attention is spread on words, where no alignment is known. */
export function entropyEffects(runs: PathRuns): Figure | undefined {
  const fit = runs.effects("entropy/relative", TEST, (share) => 100 * share);
  if (!fit) return undefined;
  const effects = named(fit);
  const seen = effects.filter(({ distinguishable }) => distinguishable);
  return figure(
    effectFigure({
      id: "entropy-effects",
      title: seen.length === 0
        ? "No factor is seen to spread attention more or less"
        : `Attention spreads ${listWords(seen.map(({ name, mean }) => `${mean > 0 ? "more" : "less"} with ${name}`))}`,
      caption:
        "Entropy of a step's weights as a share of that of uniform ones, on unseen words, where no alignment is known: change " +
        "from one level to the other, with 95% t-intervals.",
      effects,
      label: "Change of entropy (% of uniform)",
    }),
    [],
  );
}

/** Every combination with its errors, speed and predicted operations. */
export function runsTable(runs: PathRuns): Table {
  const seen = new Map<string, Record<string, string>>();
  for (const { labels } of runs.select("per", TEST)) {
    const { part, task, path, score, direction, scope, cell } = labels as Record<string, string>;
    seen.set([part, task, path, score, direction, scope, cell].join("|"), {
      part,
      task,
      path,
      score,
      direction,
      scope,
      cell,
    });
  }
  const value = (metric: string, labels: Record<string, string>) => runs.estimate(metric, labels)?.mean ?? null;
  return table({
    id: "runs",
    title: `${formatNumber(seen.size)} combinations were run, ${formatNumber(runs.seeds.length)} ${
      runs.seeds.length === 1 ? "seed" : "seeds"
    } each`,
    caption: "Means over seeds. Operations are the closed forms' for one word of 10 letters and 9 phonemes, forwards.",
    columns: [
      ...["task", "path", "score", "direction", "scope", "cell"].map((key) => ({
        key,
        heading: key,
        kind: "text" as const,
      })),
      { key: "per", heading: "Symbol error rate", unit: "%" },
      { key: "wer", heading: "Sequence error rate", unit: "%" },
      { key: "alignment", heading: "Alignment error", unit: "%" },
      { key: "coverage", heading: "Coverage", unit: "%" },
      { key: "speed", heading: "Training speed", unit: "1/s" },
      { key: "operations", heading: "Operations predicted" },
      { key: "parameters", heading: "Parameters" },
    ],
    rows: [...seen.values()].map((labels) => {
      const sum = (metric: string, kind: string) => {
        const parts = ["encoder", "attention", "decoder"].map((of) => value(metric, { ...labels, kind, of }) ?? 0);
        return parts.reduce((all, part) => all + part, 0);
      };
      return {
        ...labels,
        per: value("per", { ...labels, ...TEST }),
        wer: value("wer", { ...labels, ...TEST }),
        alignment: value("alignment/error", { ...labels, ...TEST }),
        coverage: value("coverage", { ...labels, ...TEST }),
        speed: value("speed/examples", labels),
        operations: sum("operations", "predicted"),
        parameters: sum("parameters", "counted"),
      };
    }),
  });
}

/** The small figure of the list of questions. */
export function thumbnail(runs: PathRuns): Figure | undefined {
  const rows = runs.select("per", { ...TEST, part: "factorial" });
  if (rows.length === 0) return undefined;
  const spec = dotInterval({
    id: "paths-errors",
    title: "Phoneme error rate on unseen words by path, over all else",
    caption: "",
    metrics: [{ metric: "per", label: "Phoneme error rate" }],
    by: "path",
  });
  return figure(
    { ...spec, panels: (data, frame) => spec.panels(data, { ...frame, width: sparkWidth, narrow: true }) },
    rows,
  );
}
