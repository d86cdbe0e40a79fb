/**
 * What a trial of the recursive autoencoder measures: data, parameters, accuracy, reconstruction, trees, neighbours, and
 * the baselines on the same sentences.
 *
 * @module
 */
import { type Judged, type Parameters, recursiveParameterCount, seedFrom } from "../../operators/mod.ts";
import {
  type Bag,
  bagOfVectorsAccuracy,
  majorityAccuracy,
  naiveBayesAccuracy,
} from "../../operators/numerics/baselines.ts";
import type { Measurement, Sentence } from "../../operators/records.ts";
import { type RowMaker, rowsOf } from "../rows.ts";
import type { SentenceSets } from "./sets.ts";
import type { Setting } from "./setting.ts";
import { errorOf, greatest, lengthOf, Tally } from "./tally.ts";

/** A maker of rows labelled with the trial's composer, α, form and fold. */
export function rowMaker(
  { trial: { id, options } }: Pick<Setting, "trial">,
  composer = String(options.composer),
): RowMaker {
  const { alpha, form, fold = 0 } = options;
  return rowsOf(id, { composer, alpha: Number(alpha), form: String(form), fold: Number(fold) });
}

/** Parameters by enumeration and by closed form, and the shapes of W1 to W3. */
export function parameterRows(setting: Setting, parameters: Parameters): Measurement[] {
  const row = rowMaker(setting);
  const width = setting.size("width");
  const counted = parameters.count("recursive") + parameters.count("label");
  const predicted = recursiveParameterCount(width, width, setting.sets.classes.length);
  const shapes = parameters.learnt.filter(([name]) => /^(recursive|label)\//.test(name));
  return [
    row("parameters", counted, "1", 0, { kind: "counted", width, classes: setting.sets.classes.length }),
    row("parameters", predicted, "1", 0, { kind: "predicted" }),
    row("parameters", parameters.count("words"), "1", 0, { kind: "words" }),
    row("pretrained", setting.pretrained?.vectors.size ?? 0, "words", 0, { ...setting.pretrained?.provenance }),
    ...shapes.map(([name, { shape, size }]) => row("shape", size, "1", 0, { name, shape: shape.join(" × ") })),
  ];
}

/** Test sentences that are drawn: of 6 to 11 words, of both classes, the same in every trial of one set. */
function drawn({ test, classes }: SentenceSets): Sentence[] {
  const long = [...test].filter(({ source }) => source.length > 1);
  const fit = long.filter(({ source }) => source.length >= 6 && source.length <= 11);
  const pool = fit.length >= 2 ? fit : long;
  const order = new Map(pool.map((sentence) => [sentence, seedFrom(1, sentence.id)]));
  return classes.flatMap((name) =>
    pool.filter(({ targets }) => targets[0][0] === name).sort((a, b) => order.get(a)! - order.get(b)!).slice(0, 2)
  ).slice(0, 4);
}

/** How many of the test sentences phrases are compared in. */
const COMPARED = 600;

/** Adds up what the judged test sentences say, and keeps of the sentences themselves those that are shown. */
export function judging(setting: Setting) {
  const tally = new Tally(setting), row = rowMaker(setting);
  const shown = drawn(setting.sets).map(({ id }) => id);
  const compared = new Set(isFirst(setting) ? [...setting.sets.test].slice(0, COMPARED).map(({ id }) => id) : []);
  const trees = new Map<string, Judged>(), phrases = new Map<string, Float32Array>();
  return {
    add(one: Judged): void {
      tally.add(one);
      if (shown.includes(one.sentence.id)) trees.set(one.sentence.id, one);
      if (compared.has(one.sentence.id)) keepPhrases(one, phrases);
    },
    rows: (epochs: number): Measurement[] => [
      ...tally.rows(row, epochs),
      ...shown.flatMap((id) => treeRows(setting, trees.get(id)!, row)),
      ...nearestRows(phrases, row),
    ],
  };
}

function treeRows({ sets, form }: Setting, { sentence, phrases }: Judged, row: RowMaker): Measurement[] {
  return phrases.map((phrase, node) => {
    const [left, right] = phrase.children ?? [-1, -1];
    const error = phrase.children ? errorOf(phrase, phrases[left], form.weighted) : 0;
    return row("tree", error, "1", node, {
      sentence: sentence.id,
      text: sentence.source.slice(phrase.start, phrase.end).join(" "),
      start: phrase.start,
      end: phrase.end,
      height: phrase.height,
      left,
      right,
      class: sets.classes[greatest(phrase.probabilities)],
      positive: phrase.probabilities[phrase.probabilities.length - 1],
      truth: sentence.targets[0][0],
    });
  });
}

/** Keeps the vectors of phrases of 2 to 4 words, each phrase once. */
function keepPhrases({ sentence, phrases }: Judged, into: Map<string, Float32Array>): void {
  for (const { start, end, vector } of phrases) {
    const words = end - start;
    if (words < 2 || words > 4) continue;
    const text = sentence.source.slice(start, end).join(" ");
    if (/^[\p{L}' -]+$/u.test(text) && !into.has(text)) into.set(text, vector);
  }
}

/** For some short phrases, the phrases of other sentences whose vectors point most nearly the same way. */
function nearestRows(phrases: ReadonlyMap<string, Float32Array>, row: RowMaker): Measurement[] {
  const all = [...phrases].map(([text, vector]) => ({ text, vector, norm: lengthOf(vector) })).filter(({ norm }) =>
    norm > 0
  );
  const asked = [...all].sort((a, b) => seedFrom(2, a.text) - seedFrom(2, b.text)).slice(0, 6);
  return asked.flatMap((phrase) => {
    const words = new Set(phrase.text.split(" "));
    return all.filter(({ text }) => !text.split(" ").some((word) => words.has(word)))
      .map(({ text, vector, norm }) => ({
        text,
        cosine: vector.reduce((sum, value, k) => sum + value * phrase.vector[k], 0) / (norm * phrase.norm),
      }))
      .sort((a, b) => b.cosine - a.cosine).slice(0, 3)
      .map(({ text, cosine }, rank) => row("nearest", cosine, "1", rank + 1, { phrase: phrase.text, neighbour: text }));
  });
}

/** Whether this configuration is the one that everything else differs from in one thing. */
function isFirst({ trial: { options } }: Setting): boolean {
  return options.main === "yes";
}

/** Accuracy of what doesn't look at order, once a seed and fold. */
export function baselineRows(setting: Setting, epochs: number): Measurement[] {
  if (!isFirst(setting)) return [];
  const { sets: { train, test, classes }, known, trial, size } = setting;
  const bags = (set: Iterable<Sentence>): Bag[] =>
    [...set].map(({ source, targets }) => ({
      words: known.source.encode(source),
      label: classes.indexOf(targets[0][0]),
    }));
  const [learnt, scored] = [bags(train), bags(test)];
  const kinds = classes.length, words = known.source.size;
  const vectors = { width: size("width"), epochs: 8, seed: seedFrom(trial.seed, "bag") };
  const accuracy = (name: string, value: number) =>
    rowMaker(setting, name)("accuracy", value, "%", epochs, { head: "baseline" });
  return [
    accuracy("majority", majorityAccuracy(learnt, scored, kinds)),
    accuracy("naive Bayes", naiveBayesAccuracy(learnt, scored, kinds, words)),
    accuracy("mean of vectors", bagOfVectorsAccuracy(learnt, scored, kinds, words, vectors)),
  ];
}
