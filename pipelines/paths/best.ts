/**
 * The large model beside published results.
 *
 * @module
 */
import { type Figure, formatEstimate, formatNumber, listWords, type MethodEntry } from "../../reports/mod.ts";
import { published, publishedSplit, references } from "../scores/published.ts";
import { errorFigure } from "./combinations.ts";
import type { Compared } from "./compared.ts";
import type { PathRuns } from "./runs.ts";

const BEST = { part: "best", set: "test" };

/** Its PER and WER beside those that may be quoted of single models on the usual split. */
export function besidePublished(compared: Compared): Figure | undefined {
  const per = compared.runs.estimate("per", BEST), wer = compared.runs.estimate("wer", BEST);
  if (!per || !wer) return undefined;
  const drawn = published.filter(({ drawn }) => drawn);
  const range = (values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    return `${formatNumber(Math.min(...known))}% to ${formatNumber(Math.max(...known))}%`;
  };
  return errorFigure(compared, {
    title: `PER on unseen words is ${formatEstimate(per)}% and WER ${formatEstimate(wer)}%; the ${
      formatNumber(drawn.length)
    } published results drawn have PER ${range(drawn.map(({ per }) => per))} and WER ${
      range(drawn.map(({ wer }) => wer))
    }`,
    caption:
      "Grey ticks: published figures that are known to be of single models on the usual split (Method lists all); an asterisk " +
      "marks one quoted from a secondary source. Their test words and model sizes differ from this run's (Method says how).",
    references: references(),
  });
}

/** How far published figures can be compared with these, and how long training took. */
export function publishedEntry(runs: PathRuns): readonly MethodEntry[] {
  const words = (set: string) =>
    listWords([...new Set(runs.select("set", { set, part: "best" }).map(({ value }) => formatNumber(value)))]);
  const names = [...new Set(runs.select("set", { part: "best" }).map(({ labels }) => String(labels.name)))];
  const minutes = trainingMinutes(runs);
  return [
    ...(minutes === undefined ? [] : [{
      term: "Time",
      value: `Training steps took ${formatNumber(minutes, 0)} min; scoring and reading come on top.`,
    }]),
    {
      term: "Beside published results",
      value: `Published: ${formatNumber(publishedSplit.train)} training and ${
        formatNumber(publishedSplit.test)
      } test words of CMUdict without stress, a fixed split (secondary source), mostly larger models. Here: ${
        words("train")
      } training and ${words("test")} test words (${
        listWords(names)
      }). Only a run on the same split can be compared to the digit.`,
    },
  ];
}

/** What the training steps of the first seed took, from its speed in each pass; nothing without rows. */
function trainingMinutes(runs: PathRuns): number | undefined {
  const labels = { part: "best", seed: runs.seeds[0] };
  const speeds = runs.select("speed/examples", labels).map(({ value }) => value);
  const seen = Math.max(0, ...runs.select("loss/curve", labels).map(({ step }) => step));
  if (speeds.length === 0 || seen === 0) return undefined;
  return speeds.reduce((sum, speed) => sum + seen / speeds.length / speed, 0) / 60;
}
