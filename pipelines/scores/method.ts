/**
 * How a score comparison was made: data, split, model, protocol, seeds, versions, machines, and the command.
 *
 * @module
 */
import { formatCount, formatNumber, listWords, type Method, method, type MethodEntry } from "../../reports/mod.ts";
import type { Options, Results } from "../experiment.ts";
import { checksumEntry, dataEntry, finishedTrials, optionName, runEntries } from "../method.ts";
import { publishedSplit } from "./published.ts";
import type { ScoreRuns } from "./runs.ts";
import { marksWithin } from "./within_pass.ts";

/** The method block, from the trials' options and rows. */
export function scoresMethod(results: Results, runs: ScoreRuns): Method {
  const options = results.trials[0]?.options ?? {};
  const sets = runs.select("set");
  return method([
    dataEntry(sets),
    checksumEntry(sets),
    splitEntry(runs, options),
    {
      term: "Model",
      value: [
        "One encoder-decoder, in which nothing but the score differs: a bidirectional GRU reads the letters, a GRU says the " +
        "phonemes along Luong's path (state, score, context, attentional vector), without input feeding.",
        `Decoder ${size(options.units)} units, each direction of the encoder half of them, embeddings ${
          size(options.embedding)
        } wide.`,
        "So memory and decoder state are equally wide: dot can be asked as it stands, and no score gets a projection that its " +
        "definition doesn't have. Concat's hidden layer is as wide as the state (d_a = d). Location knows 64 positions; its " +
        "weights are renormalised over the letters that are there.",
      ],
    },
    {
      term: "Training",
      value:
        `Adam, learning rate ${plain(options.rate)} falling to 0 in a straight line, ${
          size(options.batch)
        } words a step, ${formatCount(Number(options.epochs), "pass", "passes")} over the words, global ` +
        `gradient norm clipped at ${plain(options.clip)}, ${
          Number(options.dropout ?? 0) > 0 ? `dropout ${plain(options.dropout)}` : "no dropout"
        }; every pronunciation of a word is learnt from.`,
    },
    {
      term: "Scoring",
      value:
        `Greedy search on dev words ${devTimes(Number(options.epochs))}, ${
          Number(options.beams) === 1 ? "greedy search" : `a beam of ${size(options.beams)}`
        } on test words at the end. A hypothesis is compared with the nearest of the word's accepted pronunciations: PER is ` +
        "edits over the phonemes of the nearest, WER the share of words that equal none.",
    },
    {
      term: "Beside published results",
      value: `Published: ${formatNumber(publishedSplit.train)} training and ${
        formatNumber(publishedSplit.test)
      } test words of CMUdict without stress, a fixed split (secondary source), mostly larger models. Here: ${
        trained(runs)
      }. Only a run on the same split can be compared to the digit, and only with a model of like size.`,
    },
    {
      term: "Intervals",
      value:
        "95% t-intervals over seeds. Two scores are compared seed by seed, because a seed fixes the order of words and " +
        "the initial values of what scores share. Intervals are not corrected for their number.",
    },
    { term: "Seeds", value: `${listWords(runs.seeds.map(String))} for each score; ${finished(results, runs)}` },
    ...runEntries(results),
  ]);
}

function splitEntry(runs: ScoreRuns, options: Options): MethodEntry | undefined {
  const sets = (["train", "dev", "test"] as const).flatMap((set) => {
    const words = runs.words(set);
    return words === undefined ? [] : [`${formatNumber(words)} ${set} words`];
  });
  if (sets.length === 0) return undefined;
  const files = (["train", "test"] as const).filter((key) => String(options[key] ?? "") !== "");
  const rule = files.length === 0
    ? "A hash of the spelling decides which part a word is in"
    : `Files given by the user: ${files.join(" and ")}; dev words by a hash of the spelling`;
  return {
    term: "Split",
    value: `${listWords(sets)}. ${rule}; no word, and no variant of a word, is in two parts.`,
  };
}

function trained(runs: ScoreRuns): string {
  const [train, test] = [runs.words("train"), runs.words("test")];
  if (train === undefined || test === undefined) return "word counts that are not stored";
  const names = [...new Set(runs.select("set").map(({ labels }) => String(labels.name)))];
  return `${formatNumber(train)} training and ${formatNumber(test)} test words of ${listWords(names)}`;
}

/** Counts what was planned, not what is there: a score whose every trial failed has no rows to be missed by. */
function finished(results: Results, runs: ScoreRuns): string {
  const planned = Math.max(results.planned ?? 0, runs.scores.length * runs.seeds.length);
  return finishedTrials({ ...results, planned, trials: runs.trials }, ({ options }) => optionName(options.score));
}

/** When dev words were scored. */
function devTimes(passes: number): string {
  const within = marksWithin(passes).length;
  return within === 0 ? "after each pass" : `after each ${within === 1 ? "half" : "fifth"} of a pass`;
}

/** An option as it was given. */
function plain(value: Options[string] | undefined): string {
  return value === undefined ? "of a value that is not stored" : String(value);
}

function size(value: Options[string] | undefined): string {
  return value === undefined ? "of an unknown number of" : formatNumber(Number(value));
}
