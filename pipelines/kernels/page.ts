/**
 * The page `kernels.html`: at what length linear attention wins, from stored rows alone.
 *
 * @module
 */
import {
  formatCount,
  formatNumber,
  html,
  listWords,
  type Method,
  method,
  type Page,
  page,
  section,
} from "../../reports/mod.ts";
import { claimsSection } from "../claims.ts";
import type { Results, Trial } from "../experiment.ts";
import { runEntries, seedsEntry } from "../method.ts";
import { claimsOf } from "./claims.ts";
import { contenderNames, isPairwise, isSoftmax, labelOf } from "./contenders.ts";
import { decodeTable } from "./decode_table.ts";
import { executedCrossover } from "./executed.ts";
import { decodeFigure, errorFigure, memoryFigure, named, planFigure, winnerFigure } from "./figures.ts";
import { thumbnail, timeFigure, trainingFigure } from "./time_figures.ts";
import { memoryTable } from "./memory_table.ts";
import { KernelRuns, settingName } from "./runs.ts";
import {
  bytesTable,
  countTable,
  crossoverTable,
  executedTable,
  exponentTable,
  partsTable,
  trainingTable,
} from "./tables.ts";

/** Draws the page. Sentences, titles and verdicts are computed from the rows. */
export function kernelsPage(results: Results): Promise<Page> {
  const runs = new KernelRuns(results);
  const wide = runs.settings.filter(({ causal }) => !causal).at(-1) ?? runs.settings.at(-1);
  const training = trainingFigure(runs);
  return Promise.resolve(page({
    name: "kernels",
    question: "Softmax or kernel: at what length does linear attention win?",
    headline: headlineOf(runs),
    scope: scopeOf(results, runs),
    rows: results.rows,
    thumbnail: thumbnail(runs),
    sections: [
      section(
        "Time",
        timeFigure(runs),
        crossoverTable(runs),
        explained(runs),
        executedTable(runs),
        composedNote(runs),
        partsTable(runs),
      ),
      section("Training", training, training && trainingTable(runs), training && trainingNote(runs)),
      section("Who wins", winnerFigure(runs), winnerFigure(runs, "elu"), exponentTable(runs)),
      section("Memory", memoryFigure(runs), memoryTable(runs), wide && bytesTable(runs, wide)),
      section("What a kernel gets wrong", errorFigure(runs), errorNote(runs)),
      section("Decoding", decodeFigure(runs), decodeTable(runs)),
      section(
        "Planning",
        planFigure(runs, wide),
        html`<p>For other sizes, heads, batches and a memory limit: <code>deno task plan --n 16384 --d 64 --m 64 --causal</code>.</p>`,
      ),
      section("Operations", countTable(runs)),
      claimsSection(
        "Twelve claims of the teaching notes that this comparison began with, each held against theory and these runs.",
        claimsOf(runs),
      ),
      section("Method", methodOf(results, runs)),
    ],
  }));
}

/** Where a kernel overtakes softmax, a phrase each width: `at 660`, `below 64`. */
function overtaking(runs: KernelRuns, mechanism: string, causal: boolean): string | undefined {
  const found = runs.settings.filter((each) => each.causal === causal).flatMap((setting) =>
    runs.crossing(setting, mechanism) ?? []
  );
  if (found.length === 0 || found.every(({ n, lastRatio }) => n === undefined && lastRatio < 1)) return undefined;
  const phrases = found.map(({ n, beyond, lastRatio, firstN, lastN }) =>
    n !== undefined
      ? `at ${beyond ? "about " : ""}${formatNumber(Number(n.toPrecision(2)), 0)}`
      : lastRatio >= 1
      ? `below ${formatNumber(firstN)}`
      : `not up to ${formatNumber(lastN)}`
  );
  // `at 120, 410 and 2,000` where every phrase begins alike.
  const plain = phrases.every((phrase) => /^at \d/.test(phrase));
  return plain ? `at ${listWords(phrases.map((phrase) => phrase.slice(3)))}` : listWords(phrases);
}

/** Both forms of a kernel in a clause. */
function clauseOn(runs: KernelRuns, mechanism: string): string | undefined {
  const said = [false, true].flatMap((causal) => {
    const lengths = overtaking(runs, mechanism, causal);
    return lengths === undefined ? [] : [`${lengths}${causal ? " when causal" : " when not"}`];
  });
  return said.length === 0 ? undefined : said.join(", and ");
}

/** The answer in a sentence or two. */
function headlineOf(runs: KernelRuns): string {
  const widths = [...new Set(runs.settings.map(({ d }) => d))].sort((a, b) => a - b);
  if (widths.length === 0) return "No finished trial has measured a time yet, so there is no answer.";
  const heads = `heads ${listWords(widths.map(String))} wide`;
  const poly = clauseOn(runs, "poly2"), elu = clauseOn(runs, "elu");
  const cheap = elu === undefined ? "" : ` elu + 1 overtakes it ${elu}.`;
  return poly === undefined
    ? `On one core and with ${heads}, the degree-2 kernel is not seen to overtake softmax at the lengths measured.${cheap}`
    : `On one core and with ${heads}, the degree-2 kernel overtakes softmax at a length N: ${poly}.${cheap}`;
}

/** Why measured crossovers differ from predicted ones, where they do by more than half. */
function explained(runs: KernelRuns): string {
  const all = runs.settings.flatMap((setting) => {
    const crossing = runs.crossing(setting, "poly2"), predicted = runs.predicted(setting, "poly2");
    if (!crossing?.n || !predicted) return [];
    const [soft, kernel] = [runs.rate(setting, "softmax", crossing.n), runs.rate(setting, "poly2", crossing.n)];
    const executed = executedCrossover(setting);
    return [{
      setting,
      n: crossing.n,
      predicted,
      executed,
      soft,
      kernel,
      moved: runs.moved(setting, "poly2", crossing.n),
    }];
  });
  const off = all.filter(({ n, predicted }) => Math.max(n / predicted, predicted / n) > 1.5);
  if (all.length === 0) return "No crossover of poly-2 and softmax can be told from these rows.";
  if (off.length === 0) {
    return `All ${all.length} crossovers of poly-2 and softmax are within a factor 1.5 of the predicted ones: both sides do ` +
      "about as many operations a second.";
  }
  const said = off.map(({ setting, n, predicted, executed, soft, kernel, moved }) =>
    `${settingName(setting)}: measured ${formatNumber(n, 0)}, predicted ${formatNumber(predicted, 0)}, as executed ${
      executed === 0 ? "below all lengths" : formatNumber(executed, 0)
    }` +
    (soft && kernel
      ? `; near there softmax does ${formatNumber(soft / 1e9, 1)} and poly-2 ${
        formatNumber(kernel / 1e9, 1)
      } G operations a ` +
        `second${moved ? `, which by itself puts the crossover at ${formatNumber(moved, 0)}` : ""}`
      : "")
  );
  return `${off.length} of ${all.length} crossovers of poly-2 and softmax are more than a factor 1.5 from the predicted ones, ` +
    `because operations are not time. ${
      said.join(". ")
    }. The table of parts says what each part of the work reaches by itself.${
      off.some(({ setting }) => setting.causal)
        ? " The causal kernel computes pairs within chunks of 128 positions as pairs, without an exponential, and only what came " +
          "before a chunk by sums: a sequence not much longer than a chunk takes fewer operations than the closed form of " +
          "the recurrence counts. That and what an exponential takes is in the crossover as executed."
        : ""
    }`;
}

/** How much later than counted the kernels overtake that have no device kernel of their own. */
function composedNote(runs: KernelRuns): string | undefined {
  const composed = runs.mechanisms.filter((each) =>
    contenderNames.includes(each) && !isSoftmax(each) && !isPairwise(each) && each !== "poly2"
  );
  const told = [false, true].flatMap((causal) => {
    const ratios = runs.settings.filter((setting) => setting.causal === causal).flatMap((setting) =>
      composed.flatMap((each) => {
        const measured = runs.crossing(setting, each)?.n, predicted = runs.predicted(setting, each);
        return measured && predicted ? [measured / predicted] : [];
      })
    );
    return ratios.length === 0 ? [] : [
      `${causal ? "causal " : "not causal "}${formatNumber(Math.min(...ratios), 1)} to ${
        formatNumber(Math.max(...ratios), 1)
      }`,
    ];
  });
  if (told.length === 0) return undefined;
  return `${listWords(composed.map(labelOf))} ${
    composed.length === 1 ? "is" : "are"
  } composed of stock operations: each ` +
    "operation on features, and causal on pairs within chunks, is a pass over memory, which counts of operations don't see. " +
    `They overtake softmax at lengths ${listWords(told)} times the predicted ones.`;
}

/** How the crossovers of training lie to those of a forward pass, and which attentions have none. */
function trainingNote(runs: KernelRuns): string {
  const told = runs.settings.flatMap((setting) => {
    const [forward, both] = (["forward", "training"] as const).map((pass) => runs.crossing(setting, "poly2", pass)?.n);
    const predicted = runs.predicted(setting, "poly2", "training");
    return both && predicted ? [{ setting, forward, both, predicted }] : [];
  });
  const near = told.filter(({ both, predicted }) => Math.max(both / predicted, predicted / both) <= 1.5);
  const untimed = runs.mechanisms.filter((each) =>
    runs.settings.every((setting) => runs.times(setting, each, "training").length === 0)
  );
  const earlier = told.filter(({ forward, both }) => forward && both < forward);
  const dearer = ["softmax", "poly2"].flatMap((each) => {
    const times = runs.dearer(each);
    return times === undefined ? [] : [`${formatNumber(times, 1)} forward passes with ${labelOf(each)}`];
  });
  return [
    ...(dearer.length > 0
      ? [`Forward and backward together take as long as ${listWords(dearer)} (medians over settings and lengths).`]
      : []),
    told.length === 0
      ? "No crossover of poly-2 and softmax in training can be told from these rows."
      : `In training poly-2 overtakes softmax earlier than in a forward pass in ${earlier.length} of ${told.length} settings; ` +
        `${near.length} of ${told.length} crossovers of training are within a factor 1.5 of the predicted ones.`,
    ...(untimed.length > 0 ? [`No gradient can be taken through ${named(untimed)}: no training times.`] : []),
  ].join(" ");
}

function errorNote(runs: KernelRuns): string | undefined {
  const deviation = (source: string) =>
    runs.rows.find(({ metric, labels }) => metric === "scores/deviation" && labels.source === source)?.value;
  const [real, noise] = [deviation("real"), deviation("gaussian")];
  if (real === undefined || noise === undefined) return undefined;
  return `The scores q·k / √D deviate by ${formatNumber(real)} on the model's queries and keys and by ${
    formatNumber(noise)
  } on noise: the farther scores reach, the less a polynomial or a sum of features looks like an exponential.`;
}

function scopeOf({ profile }: Results, runs: KernelRuns): string {
  const lengths = runs.rows.filter(({ metric }) => metric === "time").map(({ step }) => step);
  return [
    `${profile} profile`,
    `${runs.mechanisms.length} attentions`,
    ...(lengths.length > 0 ? [`N ${formatNumber(Math.min(...lengths))} to ${formatNumber(Math.max(...lengths))}`] : []),
    formatCount(runs.seeds, "seed"),
  ].join(" · ");
}

function methodOf(results: Results, runs: KernelRuns): Method {
  const timed = results.trials.find(({ options }) => options.part === "cost");
  const learnt = results.trials.find(({ options }) => options.part === "error");
  const skipped = runs.rows.filter(({ metric }) => metric.startsWith("skipped"));
  return method([
    {
      term: "Times",
      value: [
        `Each length: one pass for bytes, one to warm up, then up to ${
          timed?.options.repeats ?? "some"
        } repetitions of every ` +
        "mechanism in one random order; passes shorter than 2 ms are repeated within a repetition, and of passes far longer " +
        "than the budget the first is the one kept. Medians and quartiles. Training is timed alike, on a quarter of the budget" +
        `${Number(timed?.options.training) === 1 ? "" : `, at one length in ${timed?.options.training}`}.`,
        "Trials of this question run alone, after all others, one after the other, so that no trial of the same run takes " +
        "part of the machine. Other programs may: all mechanisms of a panel were timed within one trial, and ratios bear " +
        "more than seconds do. One thread, one head, one sequence, D = M, queries, keys and values of normal noise.",
      ],
    },
    {
      term: "Bytes",
      value:
        "What the backend's allocator handed out at most during a pass, beyond Q, K and V; each mechanism starts without " +
        "scratch of another. What stock kernels take inside the backend's own module is out of sight.",
    },
    skipped.length === 0 ? undefined : {
      term: "Not tried",
      value: listWords([
        ...new Set(
          skipped.map(({ metric, labels, step }) =>
            `${labelOf(String(labels.mechanism))} at N = ${formatNumber(step)}${
              metric === "skipped" ? "" : ` in training, D = ${labels.d}`
            }`
          ),
        ),
      ]) + ": more than 2 GiB by the closed form, or by what the tape would keep.",
    },
    learnt && {
      term: "Real queries and keys",
      value:
        `An encoder-decoder with general attention, 64 units, learns from ${
          formatNumber(Number(learnt.options.words))
        } words of CMUdict once; queries and keys are those of 256 unseen words, padding masked. CMUdict is Carnegie Mellon ` +
        "University's, under a BSD-style licence.",
    },
    seedsEntry(results, nameOf),
    ...runEntries(results),
  ]);
}

function nameOf({ options: { part, d, causal } }: Trial): string {
  return part === "error" ? "the learnt model" : settingName({ d: Number(d), causal: causal === "yes" });
}
