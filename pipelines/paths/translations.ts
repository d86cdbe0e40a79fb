/**
 * How combinations translate: figure and examples.
 *
 * @module
 */
import { dotInterval, type Figure, figure, type Table, table } from "../../reports/mod.ts";
import type { Compared } from "./compared.ts";

/** BLEU and chrF of each combination; nothing where nothing was translated. */
export function translationScores(compared: Compared): Figure | undefined {
  const rows = compared.words.metrics.flatMap(({ metric }) => compared.select(metric, { set: "test" }));
  if (rows.length === 0) return undefined;
  return figure(
    dotInterval({
      id: "translation",
      title: compared.said()!,
      caption:
        "Corpus BLEU and chrF of unseen sentences, as sacreBLEU computes them (13a tokens, exponential smoothing; six letters, " +
        `β = 2).${
          compared.part === "translation"
            ? " Encoder in two directions, general score, GRU; nothing differs but the path."
            : ""
        }`,
      metrics: compared.words.metrics.map(({ metric, label }) => ({ metric, label })),
      by: "combination",
    }),
    rows,
  );
}

/** What the first seed made of a few unseen sentences. */
export function translationExamples(compared: Compared): Table | undefined {
  const rows = compared.select("translation", { seed: compared.runs.seeds[0] })
    .filter(({ labels }) => labels.shown !== "no");
  if (rows.length === 0) return undefined;
  const bySource = Map.groupBy(rows, ({ labels }) => String(labels.source));
  const { names } = compared;
  return table({
    id: "translations",
    title: "The same unseen sentences, as each combination translates them",
    caption: "The search's best hypothesis with the first seed; the reference is one of those that count as right.",
    columns: [
      { key: "source", heading: "Source", kind: "text" },
      { key: "reference", heading: "Reference", kind: "text" },
      ...names.map((name) => ({ key: name, heading: name, kind: "text" as const })),
    ],
    rows: [...bySource].map(([source, said]) => ({
      source,
      reference: String(said[0].labels.reference),
      ...Object.fromEntries(
        names.map((name) => [
          name,
          String(said.find(({ labels }) => labels.combination === name)?.labels.hypothesis ?? "") || null,
        ]),
      ),
    })),
  });
}
