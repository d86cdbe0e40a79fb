/**
 * Effects of the design's factors as figures, and every combination in a table. Titles are sentences computed from what is
 * drawn.
 *
 * @module
 */
import {
  type Effect,
  effectFigure,
  type Figure,
  figure,
  type Fit,
  formatCount,
  formatMean,
  formatNumber,
  listWords,
  type Table,
  table,
} from "../../reports/mod.ts";
import { cellName, EFFECTS, type Factor, pathName } from "./design.ts";
import type { PathRuns } from "./runs.ts";

const TEST = { set: "test" };

/** Effects with the names that a reader sees. */
export function named(fit: Fit): Effect[] {
  return fit.effects.map((effect) => ({ ...effect, name: EFFECTS[effect.name as Factor | "feeding"] }));
}

/** How large an effect is, with the digits that its interval supports. */
function sizeOf({ mean, low, high }: Effect): string {
  return formatMean({ mean: Math.abs(mean), low, high, count: 2 });
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
          seen.map((each) => `${each.name} ${each.mean > 0 ? "adds" : "takes off"} ${sizeOf(each)} points`),
        )
      } of PER; for the others no difference is seen`,
      caption:
        `Change of the phoneme error rate on unseen words from one level to the other, all else balanced: least squares over ${
          formatNumber(fit.freedom + effects.length + runs.seeds.length)
        } trials, 95% t-intervals with ${
          formatNumber(fit.freedom)
        } degrees of freedom. Filled: the interval leaves out 0. Interactions are left in the residual; main effects are ${
          runs.aliased ? "aliased with interactions" : "clear of those"
        } of two factors.`,
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
        ? `Input feeding breaks training that is parallel in time: it takes ${sizeOf(feeding)} times as long`
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
    title: `${formatCount(seen.size, "combination")} ${seen.size === 1 ? "was" : "were"} run, ${
      formatNumber(runs.seeds.length)
    } ${runs.seeds.length === 1 ? "seed" : "seeds"} each`,
    caption: "Means over seeds. Operations are the closed forms' for one word of 10 letters and 9 phonemes, forwards.",
    columns: [
      ...["task", "path", "score", "direction", "scope", "cell"].map((key) => ({
        key,
        heading: `${key[0].toUpperCase()}${key.slice(1)}`,
        kind: "text" as const,
      })),
      { key: "per", heading: "Symbol error rate", unit: "%", digits: 1 },
      { key: "wer", heading: "Sequence error rate", unit: "%", digits: 1 },
      { key: "alignment", heading: "Alignment error", unit: "%", digits: 1 },
      { key: "coverage", heading: "Coverage", unit: "%", digits: 0 },
      { key: "speed", heading: "Training speed", unit: "examples/s", digits: 0 },
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
        path: pathName(labels.path),
        cell: cellName(labels.cell),
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
