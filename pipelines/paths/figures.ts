/**
 * The figures of the factorial design and of what is run beside it.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import { dotInterval, type Figure, figure, small } from "../../reports/mod.ts";
import { namedPaths } from "./design.ts";
import type { PathRuns } from "./runs.ts";
import {
  alignmentErrorFigure,
  alignmentFigure,
  curveFigure,
  distancesFigure,
  lengthsFigure,
  type Series,
} from "./series.ts";

const TEST = { set: "test" };

/** Rows of the reversal task under the name of their scope. */
function scopeRows(runs: PathRuns, metric: string, labels = {}): Series {
  return { rows: runs.select(metric, { part: "scope", ...labels }), by: "scope" };
}

/** Alignment errors where the right alignment is known. */
export function alignmentErrors(runs: PathRuns): Figure | undefined {
  return alignmentErrorFigure(scopeRows(runs, "alignment/error", TEST), {
    id: "alignment-errors",
    task: "reverse",
    caption: ", Luong's path, general score, window D = 2",
  });
}

/** The same where a sequence is sorted: no scope can guess the next place from the last. */
export function sortErrors(runs: PathRuns): Figure | undefined {
  return alignmentErrorFigure({ rows: runs.select("alignment/error", { part: "sort", ...TEST }), by: "scope" }, {
    id: "sort-errors",
    task: "sort",
    caption: ", Luong's path, general score, window D = 2",
  });
}

/** Alignments of reversed sequences side by side. */
export function alignments(runs: PathRuns): Figure | undefined {
  return alignmentFigure(
    scopeRows(runs, "alignment", { seed: runs.seeds[0] }),
    true,
    " What is reversed is taken from the rising diagonal.",
  );
}

/** Errors on longer sequences than were learnt from. */
export function lengthFigure(runs: PathRuns): Figure | undefined {
  return lengthsFigure(scopeRows(runs, "length/wer"));
}

/** Gradients against distance in time. */
export function distanceFigure(runs: PathRuns): Figure | undefined {
  const name = ({ labels }: Measurement) => labels.scope === "none" ? "no attention" : String(labels.score);
  const rows = runs.select("distance/gradient", { when: "before", part: "distance" })
    .map((row) => ({ ...row, labels: { ...row.labels, series: name(row) } }));
  const kept = {
    "no attention": { scope: "none" },
    general: { score: "general", scope: "global" },
    concat: { score: "concat", scope: "global" },
  };
  const ends = Object.entries(kept).flatMap(([name, labels]) => {
    const found = runs.kept(labels);
    return found ? [{ name, ...found }] : [];
  });
  return distancesFigure({ rows, by: "series" }, ends, ", one direction");
}

/** Training loss of the paths, over all else. */
export function curves(runs: PathRuns): Figure | undefined {
  return curveFigure(
    { rows: namedPaths(runs.select("loss/curve", { part: "factorial" })), by: "path" },
    { symbol: "phoneme", seen: "pronunciations seen" },
    { note: ", a mean over all runs of the design on a path", of: "runs, seeds and designs together" },
  );
}

/** The small figure of the list of questions. */
export function thumbnail(runs: PathRuns): Figure | undefined {
  const rows = namedPaths(runs.select("per", { ...TEST, part: "factorial" }));
  if (rows.length === 0) return undefined;
  const spec = dotInterval({
    id: "paths-errors",
    title: "Phoneme error rate on unseen words by path, over all else",
    caption: "",
    metrics: [{ metric: "per", label: "Phoneme error rate" }],
    by: "path",
  });
  return figure(small(spec, { id: "paths-errors" }), rows);
}
