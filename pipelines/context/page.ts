/**
 * The page `context.html`: what a cheaper attention gives up, from stored rows alone.
 *
 * @module
 */
import { formatCount, type Page, page, section } from "../../reports/mod.ts";
import type { Results } from "../experiment.ts";
import { lossFigure, recallCostFigure, recallFigure, taskFigure, taskStateFigure, thumbnail } from "./figures.ts";
import { headlineOf } from "./headline.ts";
import { contextMethod } from "./method.ts";
import { ContextRuns } from "./runs.ts";
import { everyNumber, publishedTable } from "./tables.ts";

/** Draws the page. Sentences and titles are computed from the rows. */
export function contextPage(results: Results): Promise<Page> {
  const runs = new ContextRuns(results);
  return Promise.resolve(page({
    name: "context",
    question: "What does an attention that is cheaper than softmax give up?",
    headline: headlineOf(runs),
    scope: [
      `${results.profile} profile`,
      formatCount(runs.attentions.length, "attention"),
      formatCount(runs.seeds.length, "seed"),
    ].join(" · "),
    rows: results.rows,
    thumbnail: thumbnail(runs),
    sections: [
      section(
        "Recall",
        "A sequence shows pairs of a key and a value, then asks for the value of each key. Softmax keeps every key and value " +
          "that it saw; a kernel keeps one sum of fixed size, and what doesn't fit into it is lost.",
        recallFigure(runs),
        recallCostFigure(runs),
        lossFigure(runs, "recall"),
      ),
      section(
        "Structure and reading",
        `ListOps asks for the value of nested lists${
          runs.rows.some(({ labels }) => labels.task === "bytes")
            ? "; reviews, read byte by byte, for their sentiment"
            : ""
        }.`,
        taskFigure(runs),
        taskStateFigure(runs),
        lossFigure(runs, "listops"),
        lossFigure(runs, "bytes"),
        publishedTable(),
      ),
      section("Every number", everyNumber(runs)),
      section("Method", contextMethod(results, runs)),
    ],
  }));
}
