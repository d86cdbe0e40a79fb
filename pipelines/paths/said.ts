/**
 * What a model said of test sentences, kept line by line: so that two models can be compared on the same sentences, and
 * anybody can score them with another program.
 *
 * @module
 */
import type { Metric } from "../../operators/mod.ts";
import type { Measurement, Prediction } from "../../operators/records.ts";
import { shownWords } from "../pronunciation.ts";
import type { Setting } from "./setting.ts";

/** Puts predictions aside while they are scored, so that nothing is searched twice; its value is how many there are. */
export function gathering(into: Prediction[]): Metric {
  return {
    name: "scored",
    unit: "examples",
    begin: () => ({
      add: ({ predictions }) => void into.push(...predictions),
      value: () => into.length,
    }),
  };
}

/** How many sentences the data have, whether they are scored or not. */
export function givenRows({ translation, row }: Setting): Measurement[] {
  return Object.entries(translation?.given ?? {}).map(([set, count]) =>
    row("set/given", count, "examples", 0, { set })
  );
}

/** The first test sentences as they were translated, in the test set's order; the value is the log-probability. */
export function translationRows(
  { sets, translation, row, join, size }: Setting,
  said: readonly Prediction[],
  epochs: number,
): Measurement[] {
  if (!translation) return [];
  const lines = new Map([...sets.test].map(({ id }, at) => [id, at + 1]));
  const shown = new Set(shownWords(sets.test).map(({ id }) => id));
  return said.toSorted((a, b) => lines.get(a.example.id)! - lines.get(b.example.id)!)
    .slice(0, size("kept"))
    .map(({ example, hypothesis, logProbability }) =>
      row("translation", logProbability, "nats", epochs, {
        line: lines.get(example.id)!,
        shown: shown.has(example.id) ? "yes" : "no",
        source: join(example.source),
        hypothesis: oneLine(join(hypothesis)),
        ...Object.fromEntries(
          translation.references(example).map((text, at) => [`reference${at === 0 ? "" : at + 1}`, oneLine(text)]),
        ),
      })
    );
}

/** A text on one line, as files of one sentence a line need it. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}
