/**
 * How a path comparison was made: data, split, model, protocol, seeds, versions, machines, and the command; each design
 * tells what it ran.
 *
 * @module
 */
import { formatCount, formatNumber, listWords, type Method, method, type MethodEntry } from "../../reports/mod.ts";
import type { Options, Results, Trial } from "../experiment.ts";
import { checksumEntry, dataEntry, optionName, runEntries, seedsEntry } from "../method.ts";
import { EFFECTS } from "./design.ts";
import type { PathRuns } from "./runs.ts";

/** Two-level factorial runs, with what is run beside them. */
export function factorialMethod(results: Results, runs: PathRuns): Method {
  const options = results.trials.find(({ options }) => options.task === "pronunciation")?.options ?? {};
  const generated = results.trials.find(({ options }) => !["pronunciation", undefined].includes(String(options.task)));
  return methodOf(results, runs, [
    splitEntry(runs, "pronunciation", options),
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
      value: trainingOf(options, "words") +
        (generated
          ? ` Generated sequences: ${formatCount(Number(generated.options.epochs), "pass", "passes")} over ${
            formatNumber(Number(generated.options.sequences))
          }.`
          : ""),
    },
    scoringEntry(options, "words"),
    {
      term: "Intervals",
      value:
        "Main effects by least squares with seeds as blocks; 95% t-intervals from the residual, not corrected for their number. " +
        "Curves: 95% t-intervals over trials.",
    },
  ]);
}

/** Combinations side by side, or one model alone. */
export function combinationsMethod(results: Results, runs: PathRuns, more: readonly MethodEntry[] = []): Method {
  const options = results.trials[0]?.options ?? {};
  const task = String(options.task);
  const items = itemsOf(task);
  return methodOf(results, runs, [
    splitEntry(runs, task, options),
    modelEntry(results, options),
    { term: "Training", value: trainingOf(options, items) },
    scoringEntry(options, items),
    ...more,
    runs.seeds.length < 2 ? undefined : {
      term: "Intervals",
      value:
        "95% t-intervals over seeds; two combinations are compared seed by seed, because a seed fixes the order of " +
        `${items}. Intervals are not corrected for their number.`,
    },
  ]);
}

function methodOf(results: Results, runs: PathRuns, entries: readonly (MethodEntry | undefined)[]): Method {
  const sets = runs.select("set");
  return method([
    dataEntry(sets),
    checksumEntry(sets),
    ...entries,
    seedsEntry(results, nameOf),
    ...runEntries(results),
  ]);
}

/** What a task's examples are called. */
function itemsOf(task: string): string {
  return task === "pronunciation" ? "words" : task === "translation" ? "sentences" : "sequences";
}

/** How many examples each part holds, and what decides; nothing where no trial has read them. */
function splitEntry(runs: PathRuns, task: string, options: Options): MethodEntry | undefined {
  const items = itemsOf(task);
  const counts = ["train", "dev", "test"].flatMap((set) => {
    const values = [...new Set(runs.select("set", { set, task }).map(({ value }) => formatNumber(value)))];
    return values.length === 0 ? [] : [`${listWords(values)} ${set} ${items}`];
  });
  if (counts.length === 0) return undefined;
  const given = (["train", "test", "source", "testSource"] as const).filter((key) => (options[key] ?? "") !== "");
  const rule = items === "sequences"
    ? "Each part is drawn from a stream of its own, and no sequence is in two parts."
    : given.length === 0
    ? `A hash of the ${items === "words" ? "spelling" : "English text"} decides.`
    : `Files given by the user (${listWords(given.map((key) => `${key}=`))}); what no file decides, a hash of the ${
      items === "words" ? "spelling" : "source text"
    } does.`;
  return { term: "Split", value: `${listWords(counts)}. ${rule}` };
}

function modelEntry(results: Results, options: Options): MethodEntry {
  const values = (name: string) => [...new Set(results.trials.map(({ options }) => String(options[name] ?? 1)))];
  const layers = (name: string) => formatCount(Number(values(name)[0]), "layer");
  return {
    term: "Model",
    value: `Encoder of ${layers("layers")}, decoder of ${layers("decoderLayers")}, ${
      formatNumber(Number(options.units))
    } units (of a bidirectional encoder half in each direction, so that memory and state are equally wide), embeddings ${
      formatNumber(Number(options.embedding))
    } wide. Paths: ${listWords(values("path"))}; scores: ${listWords(values("score").map(optionName))}; scopes: ${
      listWords(values("scope"))
    }; directions: ${listWords(values("direction"))}; cells: ${listWords(values("cell"))}.`,
  };
}

function trainingOf(options: Options, items: string): string {
  const { rate, batch, epochs, clip, dropout, smoothing, warmup, variational } = options;
  const rises = Number(warmup ?? 0) > 0 ? `rising over ${formatNumber(100 * Number(warmup))}% of the steps, then ` : "";
  return `Adam, learning rate ${rate} ${rises}falling to 0, ${batch} examples a step, ${
    formatCount(Number(epochs), "pass", "passes")
  } over the ${items}; clipped at ${clip}, ${variational === "yes" ? "variational " : ""}dropout ${dropout}, label ` +
    `smoothing ${smoothing}.`;
}

function scoringEntry({ beams, alpha }: Options, items: string): MethodEntry {
  const wide = Number(beams) > 1;
  const nearest = items === "words"
    ? " A hypothesis is compared with the nearest of the word's pronunciations: PER is edits over the phonemes of the nearest, " +
      "WER the share of words that equal none."
    : "";
  return {
    term: "Scoring",
    value: `Greedy search on dev ${items} after each pass; ${
      wide ? `a beam of ${beams}, length normalisation α = ${alpha},` : "greedy search"
    } on test ${items} at the end.${nearest}`,
  };
}

function nameOf({ options: { part, task, path, score, scope, direction, cell } }: Trial): string {
  const more = part === "own" ? `, ${scope}, ${direction}, ${cell}` : "";
  return `${part}: ${task} on the path of ${path} with ${optionName(score)}${more}`;
}
