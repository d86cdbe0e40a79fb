/**
 * The page `recursive.html`: what a recursive autoencoder builds, from stored rows alone.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import {
  formatCount,
  formatNumber,
  listWords,
  type Method,
  method,
  type Page,
  page,
  section,
  type Table,
  table,
} from "../../reports/mod.ts";
import { claimsSection } from "../claims.ts";
import type { Results } from "../experiment.ts";
import { checksumEntry, dataEntry, runEntries, seedsEntry } from "../method.ts";
import { claimsOf } from "./claims.ts";
import {
  accuracyFigure,
  alphaFigure,
  opening,
  percent,
  ranked,
  reconstructionFigure,
  runNote,
  seenWorse,
  treesFigure,
} from "./figures.ts";
import { baselines, RecursiveRuns, SENTENCE } from "./runs.ts";

/** Draws the page. Sentences, titles and verdicts are computed from the rows. */
export function recursivePage(results: Results): Promise<Page> {
  const runs = new RecursiveRuns(results);
  return Promise.resolve(page({
    name: "recursive",
    question: "What does a recursive autoencoder build, and does the tree matter?",
    headline: headlineOf(runs),
    scope: scopeOf(results, runs),
    rows: results.rows,
    thumbnail: accuracyFigure(runs, true),
    sections: [
      section("Accuracy", accuracyFigure(runs), accuracyTable(runs), alphaFigure(runs)),
      section("What it builds", treesFigure(runs), nearestTable(runs)),
      section("Reconstruction", reconstructionFigure(runs, "level"), reconstructionFigure(runs, "length")),
      section("What the trees cost", costTable(runs)),
      claimsSection(
        "Four claims of the teaching notes that this comparison began with, each held against theory and against these runs. The " +
          "verdicts follow rules that are stated below.",
        claimsOf(runs),
      ),
      section("Method", methodOf(results, runs)),
    ],
  }));
}

function headlineOf(runs: RecursiveRuns): string {
  const order = ranked(runs);
  if (order.length === 0) return "No finished trial has judged the test sentences yet, so there is no answer.";
  const [best] = order;
  const worse = seenWorse(runs);
  const majority = runs.estimate("accuracy", { head: "baseline", composer: "majority" });
  // Neither baseline knows the order of words.
  const orderless = ["naive Bayes", "mean of vectors"].flatMap((composer) => {
    const estimate = runs.estimate("accuracy", { head: "baseline", composer });
    return estimate ? [{ composer, estimate }] : [];
  });
  const over = majority
    ? `, ${formatNumber(best.estimate.mean - majority.mean, 0)} points above the commonest class`
    : "";
  const without = orderless.length === 0
    ? ""
    : `; without any order of words ${
      listWords(orderless.map(({ composer, estimate }) => `${composer} has ${percent(estimate)}`))
    }`;
  const tree = order.length === 1
    ? ""
    : worse.length === 0
    ? `. No difference between ${listWords(order.map(({ composer }) => composer))} trees is seen`
    : `. Seen to be worse: ${listWords(worse)} trees`;
  return `${opening(best.composer)} trees judge ${
    percent(best.estimate)
  } of unseen sentences rightly${over}${without}${tree}.`;
}

function scopeOf({ profile, trials }: Results, runs: RecursiveRuns): string {
  const size = (set: string) => runs.select("set", { set })[0]?.value;
  const train = size("train");
  return [
    `${profile} profile`,
    formatCount(runs.composers.length, "composer"),
    ...(runs.folds.length > 1 ? [formatCount(runs.folds.length, "fold")] : []),
    ...(runs.folds.length > 1 && runs.seeds.length === 1 ? [] : [formatCount(runs.seeds.length, "seed")]),
    ...(train === undefined ? [] : [`${formatNumber(train)} training sentences`]),
    `D = ${trials[0]?.options.width}`,
  ].join(" · ");
}

const cell = (estimate: ReturnType<RecursiveRuns["estimate"]>) =>
  !estimate ? null : estimate.count < 2 || estimate.low === estimate.high ? estimate.mean : estimate;

/** Every configuration's accuracy, by both heads, and the speed of learning. */
function accuracyTable(runs: RecursiveRuns): Table {
  const configurations = [...new Map(
    runs.rows.filter(({ metric }) => metric === "depth").map(({ labels: { composer, alpha, form } }) =>
      [`${composer} ${alpha} ${form}`, { composer, alpha, form }] as const
    ),
  ).values()];
  return table({
    id: "every-accuracy",
    title: "Accuracy of every configuration, by the sentence's own head and by the root's",
    caption: `Test sentences. Form: the paper's; the released code's; without weights by words; without unit length. ${
      runNote(runs).replace(
        /^Small dots.*means over (.*), lines.*$/,
        "Means over $1 ± half the width of the 95% t-interval.",
      )
    } Speeds are of sentences as they come, on a machine that other trials share.`,
    columns: [
      { key: "composer", heading: "Composer", kind: "text" },
      { key: "form", heading: "Form", kind: "text" },
      { key: "alpha", heading: "α", kind: "text" },
      { key: "sentence", heading: "All nodes and root", unit: "%" },
      { key: "root", heading: "Root alone", unit: "%" },
      { key: "speed", heading: "Training speed", unit: "sentences/s" },
    ],
    rows: [
      ...configurations.map((labels) => ({
        composer: String(labels.composer),
        form: String(labels.form),
        alpha: String(labels.alpha),
        sentence: cell(runs.estimate("accuracy", { ...labels, ...SENTENCE })),
        root: cell(runs.estimate("accuracy", { ...labels, head: "root" })),
        speed: cell(runs.estimate("speed/sentences", labels)),
      })),
      ...baselines.map((composer) => ({
        composer,
        form: "baseline",
        alpha: null,
        sentence: cell(runs.estimate("accuracy", { head: "baseline", composer })),
        root: null,
        speed: null,
      })),
    ],
  });
}

function nearestTable(runs: RecursiveRuns): Table | undefined {
  const rows = runs.select("nearest");
  const first = rows.filter(({ trial }) => trial === rows[0].trial);
  if (first.length === 0) return undefined;
  const groups = [...Map.groupBy(first, ({ labels }) => String(labels.phrase)).entries()];
  return table({
    id: "nearest",
    title: `The nearest neighbours of ${groups.length} phrases have cosines from ${
      formatNumber(Math.min(...first.map(({ value }) => value)), 2)
    } to ${formatNumber(Math.max(...first.map(({ value }) => value)), 2)}`,
    caption:
      "Phrases of 2 to 4 words of the test sentences, chosen by a hash; neighbours by cosine among phrases that share no word.",
    columns: [
      { key: "phrase", heading: "Phrase", kind: "text" },
      { key: "neighbours", heading: "Nearest phrases (cosine)", kind: "text" },
    ],
    rows: groups.map(([phrase, near]) => ({
      phrase,
      neighbours: near.map(({ labels, value }) => `${labels.neighbour} (${formatNumber(value, 2)})`).join("; "),
    })),
  });
}

function costTable(runs: RecursiveRuns): Table {
  const inside = runs.estimate("candidates/inside", { composer: "greedy" });
  const naive = runs.estimate("candidates/naive", { composer: "greedy" });
  const cached = runs.estimate("candidates", { composer: "greedy" });
  return table({
    id: "trees-cost",
    title: cached && naive && inside
      ? `The greedy choice encodes ${
        formatNumber(cached.mean, 0)
      } candidates a sentence where looking at every pair again takes ${formatNumber(naive.mean, 0)}; ${
        formatNumber(100 * inside.mean, 0)
      }% of counts lie in [2n − 3, 3n − 6]`
      : "Trees that the words alone decide encode no candidates",
    caption:
      "Means over the test sentences. Candidates are pairs encoded to find the tree; the tree's own n − 1 merges come on top.",
    columns: [
      { key: "composer", heading: "Composer", kind: "text" },
      { key: "words", heading: "Words" },
      { key: "depth", heading: "Depth", unit: "levels" },
      { key: "candidates", heading: "Candidate encodings" },
      { key: "norm", heading: "Length of parents" },
    ],
    rows: runs.composers.map((composer) => ({
      composer,
      words: cell(runs.estimate("words", { composer })),
      depth: cell(runs.estimate("depth", { composer })),
      candidates: composer === "greedy" ? cell(cached) : 0,
      norm: cell(runs.estimate("norm/parent", { composer })),
    })),
  });
}

/** One line for all folds of a cross-validation. */
function inTurn(split: string): string {
  return split.replace(/fold \d+ of (\d+)/, "each of $1 folds in turn");
}

/** Rows that read alike but for their value become one line: `test: 1,066 to 1,067 sentences`. */
function counted(
  rows: readonly Measurement[],
  around: (labels: Measurement["labels"]) => readonly [string, string],
  noun: string,
): string[] {
  return [...Map.groupBy(rows, ({ labels }) => around(labels).join(" "))].map(([, group]) => {
    const values = group.map(({ value }) => value);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const [before, after] = around(group[0].labels);
    return `${before}${least < most ? `${formatNumber(least)} to ` : ""}${formatCount(most, noun)}${after}`;
  });
}

function methodOf(results: Results, runs: RecursiveRuns): Method {
  const options = results.trials.find(({ options }) => options.main === "yes")?.options ?? results.trials[0]?.options ??
    {};
  const sets = runs.rows.filter(({ metric }) => metric === "set");
  const released = results.trials.some(({ options }) => options.form === "released");
  const pretrained = runs.select("pretrained").filter(({ value }) => value > 0);
  return method([
    dataEntry(sets),
    checksumEntry(sets),
    sets.length === 0 ? undefined : {
      term: "Split",
      value: counted(sets, ({ set, split }) => [`${set}: `, ` (${inTurn(String(split))})`], "sentence"),
    },
    pretrained.length === 0 ? undefined : {
      term: "Word vectors",
      value: counted(pretrained, ({ name, licence, citation, checksum }) => [
        `${name}: `,
        ` begin with its vectors, the others at random. Licence: ${licence}. ${citation}. sha256 ${checksum}`,
      ], "word"),
    },
    {
      term: "Model",
      value: [
        `p = tanh(W₁[c₁; c₂] + b₁), brought to unit length; [c₁′; c₂′] = W₂p + b₂; a softmax head on every node, and one on the mean of ` +
        `all nodes beside the root. D = ${options.width}; word vectors ${
          pretrained.length > 0 ? "begin with those named above, and" : "begin at random and"
        } are learnt; words that come fewer than ${options.least} times in training share one vector.`,
        "E = α E_rec + (1 − α) E_cE over all nodes, α weighing reconstruction, and the sentence's head with weight " +
        `${options.sentence} (an addition to the paper, which trains that classifier afterwards). Trees are chosen with the parameters of ` +
        "the moment and then frozen.",
        ...(released
          ? [
            "The form “released” has of the authors’ code that children are reconstructed by tanh at unit length and weighed alike; " +
            "its sigmoid head with ½(t − d)² for one-dimensional labels is not built: every form has the softmax head.",
          ]
          : []),
      ],
    },
    {
      term: "Training",
      value: options.optimiser === "lbfgs"
        ? `L-BFGS over all sentences at once, ${options.iterations} steps at most, λ = ${options.decay}.`
        : `Adam, learning rate ${options.rate} falling to 0 in a straight line, ${options.batch} sentences a step, ${options.epochs} ` +
          `passes, gradient norm clipped at ${options.clip}, dropout ${options.dropout} on words, λ = ${options.decay}.`,
    },
    {
      term: "Baselines",
      value:
        "The commonest class; naive Bayes on the presence of words, add-one; a softmax on the mean of word vectors, both learnt " +
        "(8 passes of AdaGrad). All on the same words and sentences.",
    },
    {
      term: "Intervals",
      value: (runs.folds.length > 1
        ? "95% t-intervals over folds, which share most of what they learn from: for another set of sentences they are too narrow. "
        : "95% t-intervals over seeds. ") +
        "Configurations are compared run by run, and intervals are not corrected for their number.",
    },
    seedsEntry(results, ({ options }) =>
      `${options.composer} trees`),
    ...runEntries(results),
  ]);
}
