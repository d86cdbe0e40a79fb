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
  listWords,
  type Method,
  method,
  type Page,
  page,
  section,
} from "../../reports/mod.ts";
import { claimsSection } from "../claims.ts";
import type { Results, Trial } from "../experiment.ts";
import { checksumEntry, dataEntry, optionName, runEntries, seedsEntry } from "../method.ts";
import { claimsOf } from "./claims.ts";
import { EFFECTS } from "./design.ts";
import { pathDiagram } from "./diagram.ts";
import { entropyEffects, errorEffects, runsTable, timeEffects } from "./effects.ts";
import { alignmentErrors, alignments, curves, distanceFigure, lengthFigure, thumbnail } from "./figures.ts";
import { pathOf } from "./model.ts";
import { PathRuns } from "./runs.ts";
import { titleOf, translationExamples, translationScores } from "./translations.ts";

/** Draws the page. */
export function pathsPage(results: Results): Promise<Page> {
  const runs = new PathRuns(results);
  const translated = runs.select("bleu").length > 0;
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
    thumbnail: thumbnail(runs),
    sections: [
      section("The two paths", pathDiagram([pathOf("bahdanau"), luong()])),
      section("What each choice does", errorEffects(runs), curves(runs)),
      ...(translated ? [section("Translation", translationScores(runs), translationExamples(runs))] : []),
      section("Where they look", alignmentErrors(runs), alignments(runs), entropyEffects(runs)),
      section("Longer than learnt", lengthFigure(runs)),
      section("Gradients in time", distanceFigure(runs)),
      section("What each choice costs", timeEffects(runs), runsTable(runs)),
      claimsSection(
        "Ten claims of the teaching notes, each held against theory and against these runs. A small model that pronounces short " +
          "words can refute a claim that is meant without exception; it can't establish one for translation.",
        claimsOf(runs),
      ),
      section("Method", methodOf(results, runs)),
    ],
  }));
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
  const translated = [...new Set(runs.select("bleu", { set: "test" }).map(({ labels }) => String(labels.path)))];
  if (translated.length > 0) return `${titleOf(runs, translated)}.`;
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
  }, and a second direction of the encoder ${said("direction")}.`;
}

function methodOf(results: Results, runs: PathRuns): Method {
  const options = results.trials[0]?.options ?? {};
  const sets = runs.select("set");
  const counts = ["train", "dev", "test"].map((set) => {
    const values = [...new Set(runs.select("set", { set, task: "pronunciation" }).map(({ value }) => value))];
    return `${listWords(values.map((value) => formatNumber(value)))} ${set} words`;
  });
  return method([
    dataEntry(sets),
    checksumEntry(sets),
    { term: "Split", value: `${listWords(counts)}; a hash of the spelling decides unless files are given.` },
    {
      term: "Design",
      value:
        `A two-level fractional factorial in path, score, direction, scope and cell (${
          Object.values(EFFECTS).join("; ")
        }). Memory and decoder state are equally wide, every path begins with the encoder's final state, and Bahdanau's uses the same ` +
        "cells as Luong's, so that nothing but the factor differs. Input feeding is nested: every run on Luong's path is run again with it.",
    },
    {
      term: "Training",
      value: `Adam, learning rate ${String(options.rate)} falling to 0, ${
        String(options.batch)
      } examples a step, passes over the words: ${String(options.epochs)}; clipped at ${
        String(options.clip)
      }, dropout ${String(options.dropout)}, label smoothing ${
        String(options.smoothing)
      }. Generated sequences: 3 passes over ${String(options.sequences)}.`,
    },
    {
      term: "Intervals",
      value:
        "Main effects by least squares with seeds as blocks; 95% t-intervals from the residual, not corrected for their number. " +
        "Curves: 95% t-intervals over trials.",
    },
    seedsEntry(results, nameOf),
    ...runEntries(results),
  ]);
}

function nameOf({ options: { part, task, path, score } }: Trial): string {
  return `${part}: ${task} on the path of ${path} with ${optionName(score)}`;
}
