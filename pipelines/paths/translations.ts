/**
 * How the paths translate: figure and examples.
 *
 * @module
 */
import { dotInterval, type Figure, figure, formatEstimate, listWords, type Table, table } from "../../reports/mod.ts";
import { namedPaths, pathName } from "./design.ts";
import type { PathRuns } from "./runs.ts";

const TEST = { set: "test", part: "translation" };

/** BLEU and chrF of each path; nothing where nothing was translated. */
export function translationScores(runs: PathRuns): Figure | undefined {
  const rows = ["bleu", "chrf"].flatMap((metric) => runs.select(metric, TEST));
  const paths = [...new Set(rows.map(({ labels }) => String(labels.path)))];
  if (paths.length === 0) return undefined;
  return figure(
    dotInterval({
      id: "translation",
      title: titleOf(runs, paths),
      caption:
        "Corpus BLEU and chrF of unseen sentences, as sacreBLEU computes them (13a tokens, exponential smoothing; six letters, " +
        "β = 2). Encoder in two directions, general score, GRU; nothing differs but the path.",
      metrics: [{ metric: "bleu", label: "BLEU" }, { metric: "chrf", label: "chrF" }],
      by: "path",
    }),
    namedPaths(rows),
  );
}

/** The best path with its figure, and from which other ones it is told apart. */
export function titleOf(runs: PathRuns, paths: readonly string[]): string {
  const of = (path: string) => ({ ...TEST, path });
  const mean = (path: string) => runs.estimate("bleu", of(path))!.mean;
  const [best, ...others] = paths.toSorted((a, b) => mean(b) - mean(a));
  const said = `BLEU is highest with ${pathName(best)}, ${formatEstimate(runs.estimate("bleu", of(best))!)}`;
  if (others.length === 0) return said;
  const behind = others.filter((path) => runs.difference("bleu", of(best), of(path))?.distinguishable);
  const level = others.filter((path) => !behind.includes(path));
  const parts = [
    ...(level.length > 0 ? [`no difference from ${listWords(level.map(pathName))} is seen`] : []),
    ...(behind.length > 0 ? [`${listWords(behind.map(pathName))} ${behind.length === 1 ? "is" : "are"} behind`] : []),
  ];
  return `${said}; ${parts.join(", ")}`;
}

/** What the first seed made of a few unseen sentences. */
export function translationExamples(runs: PathRuns): Table | undefined {
  const rows = runs.select("translation", { part: "translation", seed: runs.seeds[0] });
  const paths = [...new Set(rows.map(({ labels }) => String(labels.path)))];
  if (paths.length === 0) return undefined;
  const bySource = Map.groupBy(rows, ({ labels }) => String(labels.source));
  return table({
    id: "translations",
    title: "The same unseen sentences, as each path translates them",
    caption: "The search's best hypothesis with the first seed; the reference is one of those that count as right.",
    columns: [
      { key: "source", heading: "Source", kind: "text" },
      { key: "reference", heading: "Reference", kind: "text" },
      ...paths.map((path) => ({ key: path, heading: pathName(path), kind: "text" as const })),
    ],
    rows: [...bySource].map(([source, said]) => ({
      source,
      reference: String(said[0].labels.reference),
      ...Object.fromEntries(
        paths.map((path) => [
          path,
          String(said.find(({ labels }) => labels.path === path)?.labels.hypothesis ?? "") || null,
        ]),
      ),
    })),
  });
}
