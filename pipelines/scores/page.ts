/**
 * The page `scores.html`: which score function to use, from stored rows alone.
 *
 * @module
 */
import { type Block, formatCount, formatNumber, type Page, page, section } from "../../reports/mod.ts";
import { claimsSection } from "../claims.ts";
import type { Results } from "../experiment.ts";
import { claimsOf } from "./claims.ts";
import { costFigure, timeFigure } from "./cost_figures.ts";
import { devFigure, gradientFigure, lossFigure } from "./curve_figures.ts";
import { alignmentFigure, entropyFigure, testFigure, thumbnail } from "./figures.ts";
import { headlineOf } from "./headline.ts";
import { scoresMethod } from "./method.ts";
import { ScoreRuns } from "./runs.ts";
import { costTable, differenceTable, publishedTable, qualityTable, spokenTable, trainingTable } from "./tables.ts";

/** Draws the page. Sentences, titles and verdicts are computed from the rows; what was not run is said to be missing. */
export function scoresPage(results: Results): Promise<Page> {
  const runs = new ScoreRuns(results);
  return Promise.resolve(page({
    name: "scores",
    question: "Which score function should I use?",
    headline: headlineOf(runs),
    scope: scopeOf(results, runs),
    rows: results.rows,
    thumbnail: thumbnail(runs),
    sections: [
      section("Errors", testFigure(runs), differenceTable(runs), ...learning(runs)),
      section(
        "Where they look",
        alignmentFigure(runs),
        spokenTable(runs),
        entropyFigure(runs),
      ),
      section("What they cost", costFigure(runs, "operations"), costFigure(runs, "activations"), timeFigure(runs)),
      section("Gradients", gradientFigure(runs, "query"), gradientFigure(runs, "memory")),
      section("Every number", qualityTable(runs), costTable(runs), trainingTable(runs)),
      claimsSection(
        "Ten claims of the teaching notes that this comparison began with. Each is held against theory and against these " +
          "runs, and its verdict follows a rule that is stated below. A small model that pronounces short words can refute a " +
          "claim that is meant without exception; it can't establish one for translation or for large models.",
        claimsOf(runs),
      ),
      section("Method", scoresMethod(results, runs), publishedTable()),
    ],
  }));
}

/** Curves of learning: the loss, too, where there is one pass. A sentence where nothing was measured on the way. */
function learning(runs: ScoreRuns): Block[] {
  const scored = new Set(runs.select("per", { set: "dev" }).map(({ step }) => step));
  const passes = Math.max(0, ...scored);
  const curves = [devFigure(runs), passes > 1 ? undefined : lossFigure(runs)].flatMap((figure) => figure ?? []);
  if (curves.length > 0) return curves;
  return scored.size === 1
    ? [
      "Every training word was seen once, so errors were measured once and there is no curve of them; the gradients below show how training went.",
    ]
    : [];
}

function scopeOf({ profile, trials }: Results, runs: ScoreRuns): string {
  const words = runs.words("train");
  const units = trials[0]?.options.units;
  return [
    `${profile} profile`,
    formatCount(runs.scores.length, "score"),
    formatCount(runs.seeds.length, "seed"),
    ...(words === undefined ? [] : [`${formatNumber(words)} training words`]),
    ...(units === undefined ? [] : [`${formatNumber(Number(units))} units`]),
  ].join(" · ");
}
