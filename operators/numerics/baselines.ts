/**
 * Classifiers to compare with, in plain float64 arithmetic: what a sentence's words say without their order.
 *
 * Sources: Wang & Manning 2012, section 2.1 (naive Bayes on presence, add-one); Iyyer et al. 2015, section 2 (the mean of
 * word vectors, learnt together with a softmax on it).
 *
 * @module
 */
import { randomFrom, shuffleInPlace } from "./random.ts";

/** Word ids of a sentence, and its class. */
export interface Bag {
  readonly words: Int32Array;
  readonly label: number;
}

/** Share of `test`, in %, that the commonest class of `train` gets right. */
export function majorityAccuracy(train: readonly Bag[], test: readonly Bag[], classes: number): number {
  const counts = new Array(classes).fill(0);
  for (const { label } of train) counts[label]++;
  const most = counts.indexOf(Math.max(...counts));
  return 100 * test.filter(({ label }) => label === most).length / test.length;
}

/** Accuracy, in %, of multinomial naive Bayes on the presence of words, add-one smoothing. */
export function naiveBayesAccuracy(
  train: readonly Bag[],
  test: readonly Bag[],
  classes: number,
  vocabulary: number,
): number {
  const counts = Array.from({ length: classes }, () => new Float64Array(vocabulary).fill(1));
  const prior = new Float64Array(classes);
  for (const { words, label } of train) {
    prior[label]++;
    for (const word of new Set(words)) counts[label][word]++;
  }
  const logs = counts.map((row) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count) => Math.log(count / total));
  });
  return accuracy(
    test,
    ({ words }) =>
      logs.map((row, label) => [...new Set(words)].reduce((sum, word) => sum + row[word], Math.log(prior[label]))),
  );
}

/** What {@linkcode bagOfVectorsAccuracy} takes. */
export interface BagOfVectorsOptions {
  readonly width: number;
  readonly epochs: number;
  readonly seed: number;
  /** AdaGrad's learning rate (Duchi et al. 2011). @default {0.05} */
  readonly rate?: number;
}

/** Accuracy, in %, of a softmax on the mean of word vectors, both learnt from random ones. */
export function bagOfVectorsAccuracy(
  train: readonly Bag[],
  test: readonly Bag[],
  classes: number,
  vocabulary: number,
  { width, epochs, seed, rate = 0.05 }: BagOfVectorsOptions,
): number {
  const random = randomFrom(seed);
  const learnt = (size: number, deviation: number) => ({
    values: Float64Array.from({ length: size }, () => deviation * random.normal()),
    squares: new Float64Array(size).fill(1e-8),
  });
  const table = learnt(vocabulary * width, 0.05);
  const weights = learnt(classes * width, 1 / Math.sqrt(width));
  const bias = learnt(classes, 0);
  const move = ({ values, squares }: ReturnType<typeof learnt>, at: number, slope: number) => {
    squares[at] += slope * slope;
    values[at] -= rate * slope / Math.sqrt(squares[at]);
  };
  const mean = (words: Int32Array) => {
    const sum = new Float64Array(width);
    for (const word of words) for (let k = 0; k < width; k++) sum[k] += table.values[word * width + k];
    return sum.map((value) => value / words.length);
  };
  const score = (x: Float64Array) =>
    Array.from(
      { length: classes },
      (_, label) => x.reduce((sum, value, k) => sum + value * weights.values[label * width + k], bias.values[label]),
    );
  const order = train.map((_, at) => at);
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const at of shuffleInPlace(order, seed + epoch)) {
      const { words, label } = train[at];
      const x = mean(words);
      const logits = score(x);
      const greatest = Math.max(...logits);
      const powers = logits.map((logit) => Math.exp(logit - greatest));
      const total = powers.reduce((sum, power) => sum + power, 0);
      const slopes = powers.map((power, index) => power / total - (index === label ? 1 : 0));
      const dx = x.map((_, k) =>
        slopes.reduce((sum, slope, index) => sum + slope * weights.values[index * width + k], 0)
      );
      slopes.forEach((slope, index) => {
        move(bias, index, slope);
        for (let k = 0; k < width; k++) move(weights, index * width + k, slope * x[k]);
      });
      for (const word of words) for (let k = 0; k < width; k++) move(table, word * width + k, dx[k] / words.length);
    }
  }
  return accuracy(test, ({ words }) => score(mean(words)));
}

function accuracy(test: readonly Bag[], score: (bag: Bag) => readonly number[]): number {
  const right = test.filter((bag) => {
    const scores = score(bag);
    return scores.indexOf(Math.max(...scores)) === bag.label;
  });
  return 100 * right.length / test.length;
}
