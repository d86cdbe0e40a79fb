/**
 * The page `paths.html`: what of the difference between two decoders is the path's doing, from stored rows alone.
 *
 * @module
 */
import { luong } from "../../operators/mod.ts";
import {
  estimateDecimals,
  formatCount,
  formatEstimate,
  formatNumber,
  formatRange,
  type Page,
  page,
  type Section,
  section,
} from "../../reports/mod.ts";
import { claimsSection } from "../claims.ts";
import type { Results } from "../experiment.ts";
import { publishedTable } from "../scores/tables.ts";
import { besidePublished, publishedEntry } from "./best.ts";
import { claimsOf } from "./claims.ts";
import { alignmentsOf, curvesOf, errorFigure, probesOf, smallErrors } from "./combinations.ts";
import { Compared } from "./compared.ts";
import { pathDiagram } from "./diagram.ts";
import { entropyEffects, errorEffects, runsTable, timeEffects } from "./effects.ts";
import { alignmentErrors, alignments, curves, distanceFigure, lengthFigure, sortErrors, thumbnail } from "./figures.ts";
import { combinationsMethod, factorialMethod } from "./method.ts";
import { pathOf } from "./model.ts";
import { PathRuns } from "./runs.ts";
import { bootstrapFigure, scoredNote, translationTexts } from "./segments.ts";
import { translationExamples, translationScores } from "./translations.ts";

/** Draws the page. */
export function pathsPage(results: Results): Promise<Page> {
  const runs = new PathRuns(results);
  const part = results.trials.map(({ options }) => options.part).find((part) =>
    part === "best" || part === "translation" || part === "own"
  );
  const compared = part === undefined ? undefined : new Compared(runs, part);
  return Promise.resolve(page({
    name: "paths",
    question: "Bahdanau's path or Luong's?",
    headline: headlineOf(runs),
    scope: [
      `${results.profile} profile`,
      formatCount(runs.trials.length, "trial"),
      formatCount(runs.seeds.length, "seed"),
    ].join(" · "),
    rows: results.rows,
    texts: compared && translationTexts(compared),
    thumbnail: compared ? smallErrors(compared) : thumbnail(runs),
    sections: compared ? comparedSections(results, compared) : factorialSections(results, runs),
  }));
}

function factorialSections(results: Results, runs: PathRuns): Section[] {
  return [
    section("The two paths", pathDiagram([pathOf("bahdanau"), luong()])),
    section("What each choice does", errorEffects(runs), curves(runs)),
    section("Where they look", alignmentErrors(runs), sortErrors(runs), alignments(runs), entropyEffects(runs)),
    section("Longer than learnt", lengthFigure(runs)),
    section("Gradients in time", distanceFigure(runs)),
    section("What each choice costs", timeEffects(runs), runsTable(runs)),
    claimsSection(
      "Ten claims of the teaching notes, each held against theory and against these runs. A small model that pronounces short " +
        "words can refute a claim that is meant without exception; it can't establish one for translation.",
      claimsOf(runs),
    ),
    section("Method", factorialMethod(results, runs)),
  ];
}

/** What is compared side by side has no main effects, and judges no claim on all else. */
function comparedSections(results: Results, compared: Compared): Section[] {
  const { runs } = compared;
  const paths = [...new Set([...compared.combinations.values()].map(({ path }) => String(path)))];
  const best = compared.part === "best";
  return [
    section(paths.length === 1 ? "The path" : "The paths", pathDiagram(paths.map(pathOf))),
    ...(compared.task === "translation"
      ? [section(
        "Translation",
        translationScores(compared),
        scoredNote(compared),
        bootstrapFigure(compared),
        translationExamples(compared),
        curvesOf(compared),
      )]
      : [section("Errors", best ? besidePublished(compared) : errorFigure(compared), curvesOf(compared))]),
    section(best ? "Where it looks" : "Where they look", ...alignmentsOf(compared)),
    ...probesOf(compared),
    section(best ? "What it costs" : "What each costs", runsTable(runs)),
    best
      ? section("Method", combinationsMethod(results, runs, publishedEntry(runs)), publishedTable())
      : section("Method", combinationsMethod(results, runs)),
  ];
}

/** One sentence: whether path is told apart from direction, and by how much. */
export function headlineOf(runs: PathRuns): string {
  const best = runs.estimate("per", { set: "test", part: "best" });
  if (best) {
    const wer = runs.estimate("wer", { set: "test", part: "best" });
    return `One large model mispronounces ${formatEstimate(best)}% of the phonemes and ${
      wer ? formatEstimate(wer) : "an unknown share of"
    }% of the words that it hasn't seen; nothing is compared.`;
  }
  for (const part of ["own", "translation"] as const) {
    const said = new Compared(runs, part).said();
    if (said) return `${said}.`;
  }
  const fit = runs.effects("per", { set: "test" });
  if (!fit) return "Too few trials have finished to tell path, score, direction, scope and cell apart.";
  const effect = (name: string) => fit.effects.find((each) => each.name === name)!;
  const said = (name: "path" | "direction") => {
    const { mean, low, high, distinguishable } = effect(name);
    // Of what is taken off, the interval is told in the same sense.
    const [least, most] = mean > 0 ? [low, high] : [-high, -low];
    const digits = estimateDecimals({ mean, low, high, count: 2 });
    return distinguishable
      ? `${mean > 0 ? "adds" : "takes off"} ${
        formatRange({ mean: Math.abs(mean), low: least, high: most, count: 2 })
      } points of PER`
      : `makes no difference that is seen (${formatNumber(low, digits)} to ${
        formatNumber(high, digits)
      } points of PER)`;
  };
  return `With all else balanced, Bahdanau's path instead of Luong's ${
    said("path")
  }, and a second direction of the encoder ${said("direction")}${
    runs.aliased ? "; so few combinations can't tell such an effect from two other choices acting together" : ""
  }.`;
}
