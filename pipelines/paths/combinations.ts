/**
 * The figures of combinations that are compared side by side.
 *
 * @module
 */
import {
  dotInterval,
  type Figure,
  figure,
  formatNumber,
  type Reference,
  type Section,
  section,
  small,
} from "../../reports/mod.ts";
import type { Compared } from "./compared.ts";
import { alignmentErrorFigure, alignmentFigure, curveFigure, distancesFigure, lengthsFigure } from "./series.ts";

const TEST = { set: "test" };
const by = "combination";

/** What a figure of errors says besides them. */
export interface ErrorWords {
  readonly title: string;
  readonly caption: string;
  readonly references: readonly Reference[];
}

/** The measures that rank, of each combination, beside published ones where they are given. */
export function errorFigure(compared: Compared, words: Partial<ErrorWords> = {}): Figure | undefined {
  const { metrics, items } = compared.words;
  const rows = metrics.flatMap(({ metric }) => compared.select(metric, TEST));
  if (rows.length === 0) return undefined;
  return figure(
    dotInterval({
      id: "errors",
      title: words.title ?? compared.said()!,
      caption: `Unseen ${items}. ${seedNote(compared)}${words.caption ? ` ${words.caption}` : ""}`,
      metrics: metrics.map(({ metric, label }) => ({ metric, label })),
      by,
      references: words.references,
    }),
    rows,
  );
}

/** The small figure of the list of questions. */
export function smallErrors(compared: Compared): Figure | undefined {
  const [{ metric, label }] = compared.words.metrics;
  const rows = compared.select(metric, TEST);
  if (rows.length === 0) return undefined;
  const title = `${label} on unseen ${compared.words.items}`;
  const spec = dotInterval({ id: "paths-errors", title, caption: "", metrics: [{ metric, label }], by });
  return figure(small(spec, { id: "paths-errors" }), rows);
}

/** Training curves, one line a combination. */
export function curvesOf(compared: Compared): Figure | undefined {
  return curveFigure({ rows: compared.select("loss/curve"), by }, compared.words, { note: "", of: "seeds" });
}

/** Where combinations look. */
export function alignmentsOf(compared: Compared): readonly (Figure | undefined)[] {
  const { task, runs } = compared;
  const known = compared.task !== "pronunciation" && compared.task !== "translation";
  return [
    alignmentErrorFigure({ rows: compared.select("alignment/error", TEST), by }, {
      id: "alignment-errors",
      task,
      caption: "",
    }),
    alignmentFigure({ rows: compared.select("alignment", { seed: runs.seeds[0] }), by }, known, ""),
  ];
}

/** What generated tasks are there for: lengths that weren't learnt, gradients in time. */
export function probesOf(compared: Compared): readonly Section[] {
  const lengths = lengthsFigure({ rows: compared.select("length/wer"), by });
  const kept = [...compared.combinations].flatMap(([name, labels]) => {
    const found = compared.runs.kept(labels);
    return found ? [{ name, ...found }] : [];
  });
  const distances = distancesFigure({ rows: compared.select("distance/gradient", { when: "before" }), by }, kept, "");
  return [
    ...(lengths ? [section("Longer than learnt", lengths)] : []),
    ...(distances ? [section("Gradients in time", distances)] : []),
  ];
}

/** How many seeds the intervals are over. */
function seedNote({ runs: { seeds } }: Compared): string {
  return seeds.length < 2
    ? "One seed: no interval can be given."
    : `Means over ${formatNumber(seeds.length)} seeds with 95% t-intervals, every seed as a dot.`;
}
