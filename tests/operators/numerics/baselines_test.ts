/** The baselines against arithmetic by hand and against a second implementation. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import {
  type Bag,
  bagOfVectorsAccuracy,
  majorityAccuracy,
  naiveBayesAccuracy,
} from "../../../operators/numerics/baselines.ts";
import { randomFrom } from "../../../operators/numerics/random.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";

const bag = (label: number, ...words: number[]): Bag => ({ words: Int32Array.from(words), label });

Deno.test("majorityAccuracy() is the share of the commonest training class among what is scored", () => {
  const train = [bag(1, 0), bag(2, 0), bag(2, 0), bag(0, 0)];
  assertEquals(majorityAccuracy(train, [bag(2), bag(0), bag(2), bag(1), bag(2)], 3), 60);
  // Of equally common ones the first.
  assertEquals(majorityAccuracy([bag(1), bag(0)], [bag(0), bag(1), bag(1)], 2), 100 / 3);
  assertEquals(majorityAccuracy([bag(1)], [bag(0)], 2), 0);
});

Deno.test("naiveBayesAccuracy() on five sentences by hand", () => {
  // Presence counts with 1 added, over 4 words: class 0 has 3 2 1 1 of 7, class 1 has 1 2 3 1 of 7; priors 2 to 2.
  const train = [bag(0, 0, 0, 0, 1), bag(0, 0), bag(1, 2, 1), bag(1, 2)];
  const right = (words: number[], label: number) => naiveBayesAccuracy(train, [bag(label, ...words)], 2, 4) === 100;
  assert(right([0], 0) && right([2], 1));
  // One more sentence of class 1 makes priors 2 to 3, and its counts 1 2 3 2 of 8. A word counts once a sentence:
  // 2 · 3/7 · 1/7 is less than 3 · 1/8 · 3/8, and would not be with word 0 counted three times.
  assertEquals(naiveBayesAccuracy([...train, bag(1, 3)], [bag(1, 0, 0, 0, 2)], 2, 4), 100);
  // Neither an unseen word nor one that both have tells anything; priors do.
  assert(right([3, 1], 0));
  assertEquals(naiveBayesAccuracy([...train, bag(1, 3)], [bag(1, 1)], 2, 4), 100);
});

Deno.test("naiveBayesAccuracy() agrees with products of probabilities on random sentences", () => {
  const words = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 6 });
  const set = fc.array(fc.record({ words, label: fc.integer({ min: 0, max: 2 }) }), { minLength: 3, maxLength: 20 });
  fc.assert(fc.property(set, set, (train, test) => {
    const [learnt, scored] = [train, test].map((each) => each.map(({ words, label }) => bag(label, ...words)));
    const has = (words: readonly number[], word: number) => Number(words.includes(word));
    const ofClass = (label: number) => train.filter((each) => each.label === label);
    const counted = (label: number, word: number) =>
      1 + ofClass(label).reduce((sum, { words }) => sum + has(words, word), 0);
    const total = (label: number) => [0, 1, 2, 3, 4, 5].reduce((sum, word) => sum + counted(label, word), 0);
    const score = (words: readonly number[], label: number) =>
      [...new Set(words)].reduce(
        (product, word) => product * counted(label, word) / total(label),
        ofClass(label).length,
      );
    // Where two classes tie, rounding decides: such sentences are left out.
    const clear = test.map(({ words }) => {
      const [first, second] = [0, 1, 2].map((label) => score(words, label)).sort((a, b) => b - a);
      return first > second * (1 + 1e-9);
    });
    const kept = scored.filter((_, at) => clear[at]);
    fc.pre(kept.length > 0);
    const right = test.filter(({ words, label }, at) =>
      clear[at] && [0, 1, 2].every((other) => score(words, other) <= score(words, label))
    );
    assertClose([naiveBayesAccuracy(learnt, kept, 3, 6)], [100 * right.length / kept.length], tolerances.float64);
  }));
});

/** Sentences whose class is decided by one of two words, among noise. */
function marked(count: number, seed: number): Bag[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, () => {
    const label = random.integer(2);
    const noise = Array.from({ length: 1 + random.integer(4) }, () => 2 + random.integer(10));
    noise.splice(random.integer(noise.length + 1), 0, label);
    return bag(label, ...noise);
  });
}

Deno.test("bagOfVectorsAccuracy() learns which words decide, generalises, and depends on its seed alone", () => {
  const [train, test] = [marked(300, 1), marked(200, 2)];
  const options = { width: 5, epochs: 8, seed: 3 };
  const accuracy = bagOfVectorsAccuracy(train, test, 2, 12, options);
  assertGreater(accuracy, 97);
  assertEquals(bagOfVectorsAccuracy(train, test, 2, 12, options), accuracy);
  // What it is told wrongly it learns wrongly.
  const swapped = train.map(({ words, label }) => ({ words, label: 1 - label }));
  assertClose([bagOfVectorsAccuracy(swapped, test, 2, 12, options)], [100 - accuracy], 3);
});

Deno.test("bagOfVectorsAccuracy() has no way to tell sentences of the same words apart", () => {
  const orders = Array.from({ length: 40 }, (_, at) => at % 2 === 0 ? bag(0, 1, 2, 3) : bag(1, 3, 2, 1));
  assertEquals(bagOfVectorsAccuracy(orders, orders, 2, 4, { width: 4, epochs: 5, seed: 1 }), 50);
});

Deno.test("bagOfVectorsAccuracy() moves every number by the rate at AdaGrad's first step, however small its slope", () => {
  // Two words; the second is never learnt. Its vector is near 0, so that the bias decides, once it has moved by 1.
  const seeds = Array.from({ length: 20 }, (_, seed) => seed);
  const said = (label: number, epochs: number) =>
    seeds.map((seed) =>
      bagOfVectorsAccuracy([bag(label, 0)], [bag(1, 1)], 2, 2, { width: 4, epochs, seed, rate: 1 }) / 100
    );
  assertEquals(new Set(said(1, 1)), new Set([1]));
  assertEquals(new Set(said(0, 1)), new Set([0]));
  // Without a pass it is what chance drew, whatever the label.
  assertEquals(new Set(said(0, 0)), new Set([0, 1]));
  assertEquals(said(0, 0), said(1, 0));
});
