/**
 * What a trial of the recursive autoencoder measures: data, parameters, accuracy, reconstruction, trees, neighbours, and
 * the baselines on the same sentences.
 *
 * @module
 */
import {
  composers,
  greedyEncodings,
  type Judged,
  type Parameters,
  type Phrase,
  recursiveParameterCount,
  seedFrom,
} from "../../operators/mod.ts";
import {
  type Bag,
  bagOfVectorsAccuracy,
  majorityAccuracy,
  naiveBayesAccuracy,
} from "../../operators/numerics/baselines.ts";
import type { Measurement, Sentence } from "../../operators/records.ts";
import { type RowMaker, rowsOf } from "../rows.ts";
import type { Setting } from "./setting.ts";

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

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const greatest = (values: ArrayLike<number>) => Array.from(values).indexOf(Math.max(...Array.from(values)));
const lengthOf = (vector: Float32Array) => Math.hypot(...vector);

/** Everything that the judged test sentences say. */
export function judgedRows(setting: Setting, judged: readonly Judged[], epochs: number): Measurement[] {
  const row = rowMaker(setting);
  const { classes } = setting.sets;
  const right = (pick: (one: Judged) => Float32Array) =>
    100 * mean(judged.map((one) => Number(classes[greatest(pick(one))] === one.sentence.targets[0][0])));
  const root = ({ phrases }: Judged) => phrases[phrases.length - 1];
  return [
    row("accuracy", right(({ probabilities }) => probabilities), "%", epochs, { head: "sentence" }),
    row("accuracy", right((one) => root(one).probabilities), "%", epochs, { head: "root" }),
    ...reconstructionRows(setting, judged, row),
    ...structureRows(setting, judged, row),
    ...treeRows(setting, judged, row),
    ...(isFirst(setting) ? nearestRows(judged, row) : []),
  ];
}

/** E_rec of a merge, as its form weighs it. */
function errorOf({ errors, start, end }: Phrase, left: Phrase, weighted: boolean): number {
  const [e1, e2] = errors!;
  const share = weighted ? (left.end - left.start) / (end - start) : 0.5;
  return share * e1 + (1 - share) * e2;
}

function reconstructionRows({ form }: Setting, judged: readonly Judged[], row: RowMaker): Measurement[] {
  const levels = new Map<number, number[]>(), lengths = new Map<number, number[]>();
  const more: number[] = [], fewer: number[] = [];
  const put = (into: Map<number, number[]>, key: number, value: number) =>
    into.set(key, [...into.get(key) ?? [], value]);
  for (const { phrases } of judged) {
    for (const phrase of phrases) {
      if (!phrase.children) continue;
      const [left, right] = phrase.children.map((child) => phrases[child]);
      const error = errorOf(phrase, left, form.weighted ?? true);
      const levelList = levels.get(phrase.height), words = phrase.end - phrase.start;
      if (levelList) levelList.push(error);
      else levels.set(phrase.height, [error]);
      const lengthList = lengths.get(words);
      if (lengthList) lengthList.push(error);
      else put(lengths, words, error);
      const [n1, n2] = [left.end - left.start, right.end - right.start];
      if (n1 === n2) continue;
      more.push(phrase.errors![n1 > n2 ? 0 : 1]);
      fewer.push(phrase.errors![n1 > n2 ? 1 : 0]);
    }
  }
  const curve = (metric: string, groups: Map<number, number[]>, most: number) =>
    [...groups].filter(([step, values]) => step <= most && values.length >= 5)
      .sort(([a], [b]) => a - b).map(([step, values]) => row(metric, mean(values), "1", step));
  return [
    ...curve("reconstruction/level", levels, 30),
    ...curve("reconstruction/length", lengths, 60),
    ...(more.length > 0 ? [row("child/more", mean(more), "1", 0), row("child/fewer", mean(fewer), "1", 0)] : []),
  ];
}

function structureRows({ trial }: Setting, judged: readonly Judged[], row: RowMaker): Measurement[] {
  const long = judged.filter(({ tree }) => tree.words > 1);
  const parents = long.flatMap(({ phrases, tree }) => phrases.slice(tree.words).map(({ vector }) => lengthOf(vector)));
  const words = judged.flatMap(({ phrases, tree }) =>
    phrases.slice(0, tree.words).map(({ vector }) => lengthOf(vector))
  );
  const rows = [
    row("norm/word", mean(words), "1", 0),
    row("depth", mean(judged.map(({ phrases }) => phrases[phrases.length - 1].height)), "levels", 0),
    row("depth/least", mean(judged.map(({ tree }) => Math.ceil(Math.log2(tree.words)))), "levels", 0),
    row("words", mean(judged.map(({ tree }) => tree.words)), "words", 0),
    // Every binary tree of n words takes n - 1 merges and ends in one vector.
    row("merges", mean(judged.map(({ tree, phrases }) => Number(phrases.length === 2 * tree.words - 1))), "1", 0),
  ];
  if (parents.length > 0) rows.push(row("norm/parent", mean(parents), "1", 0));
  if (trial.options.composer === composers.greedy.name) {
    const inside = judged.map(({ tree, candidates }) => {
      const [least, most] = greedyEncodings(tree.words);
      return Number(candidates >= least && candidates <= most);
    });
    rows.push(
      row("candidates", mean(judged.map(({ candidates }) => candidates)), "encodings", 0),
      row("candidates/naive", mean(judged.map(({ tree }) => tree.words * (tree.words - 1) / 2)), "encodings", 0),
      row("candidates/inside", mean(inside), "1", 0),
    );
  }
  return rows;
}

/** Sentences that are drawn: of 6 to 11 words, of both classes, the same in every trial of one set. */
function treeRows({ sets, form }: Setting, judged: readonly Judged[], row: RowMaker): Measurement[] {
  const fit = judged.filter(({ tree }) => tree.words >= 6 && tree.words <= 11);
  const pool = fit.length >= 2
    ? fit
    : [...judged].filter(({ tree }) => tree.words > 1).sort((a, b) => a.tree.words - b.tree.words);
  const shown = sets.classes.flatMap((name) =>
    pool.filter(({ sentence }) => sentence.targets[0][0] === name)
      .sort((a, b) => seedFrom(1, a.sentence.id) - seedFrom(1, b.sentence.id)).slice(0, 2)
  ).slice(0, 4);
  return shown.flatMap(({ sentence, phrases }) =>
    phrases.map((phrase, node) => {
      const [left, right] = phrase.children ?? [-1, -1];
      const error = phrase.children ? errorOf(phrase, phrases[left], form.weighted ?? true) : 0;
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
    })
  );
}

/** For some short phrases, the phrases of other sentences whose vectors point most nearly the same way. */
function nearestRows(judged: readonly Judged[], row: RowMaker): Measurement[] {
  const seen = new Map<string, Float32Array>();
  for (const { sentence, phrases } of judged.slice(0, 600)) {
    for (const { start, end, vector } of phrases) {
      const words = end - start;
      if (words < 2 || words > 4) continue;
      const text = sentence.source.slice(start, end).join(" ");
      if (/^[\p{L}' -]+$/u.test(text) && !seen.has(text)) seen.set(text, vector);
    }
  }
  const all = [...seen].map(([text, vector]) => ({ text, vector, norm: lengthOf(vector) })).filter(({ norm }) =>
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
