/**
 * The page `autoencoder.html`, from stored rows alone.
 *
 * @module
 */
import { formatAtMost, formatCount, type Page, page, section } from "../../reports/mod.ts";
import { claimsSection } from "../claims.ts";
import type { Results } from "../experiment.ts";
import { claimsOf } from "./claims.ts";
import {
  angleFigure,
  balanceFigure,
  columnFigure,
  directionFigure,
  excessFigure,
  farthest,
  MNIST,
  reconstructionFigure,
  shrinkageFigure,
  sweptValues,
  thumbnail,
} from "./figures.ts";
import { methodOf } from "./method.ts";
import { AutoencoderRuns } from "./runs.ts";
import { distanceTable, lossTable, widthTable } from "./tables.ts";

/** Draws the page. What was not run is said to be missing. */
export function autoencoderPage(results: Results): Promise<Page> {
  const runs = new AutoencoderRuns(results);
  return Promise.resolve(page({
    name: "autoencoder",
    question: "What does a regularised linear autoencoder really learn?",
    headline: headlineOf(runs),
    scope: `${results.profile} profile · ${formatCount(runs.seeds.length, "seed")}`,
    rows: results.rows,
    thumbnail: thumbnail(runs),
    sections: [
      section("Singular values", shrinkageFigure(runs)),
      section(
        "Directions",
        angleFigure(runs),
        columnFigure(runs),
        directionFigure(runs),
        reconstructionFigure(runs),
      ),
      section("Convergence", excessFigure(runs), balanceFigure(runs)),
      section("Widths of the code", widthTable(runs)),
      section("Every number", lossTable(runs), distanceTable(runs)),
      claimsSection(
        "Nine claims of the teaching notes that this comparison began with, each held against theory and these runs.",
        claimsOf(runs),
      ),
      section("Method", methodOf(results, runs)),
    ],
  }));
}

function headlineOf(runs: AutoencoderRuns): string {
  const rows = sweptValues(runs);
  if (rows.length === 0) return "No finished trial has learnt with the sum penalty yet, so there is no answer.";
  const sum = runs.largest("angle", { ...MNIST, penalty: "sum" });
  const none = runs.largest("angle", { ...MNIST, penalty: "none" });
  const said = `With the sum penalty, squared singular values are 1 − λ/μ to within ${formatAtMost(farthest(rows))}`;
  if (sum === undefined || none === undefined) return `${said}.`;
  return `${said}; on digits its directions lie within ${
    formatAtMost(sum)
  }° of the principal ones, and without a penalty up to ${formatAtMost(none)}° away.`;
}
