import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { from, lastValueFrom, pipe, toArray } from "rxjs";
import { useEngine } from "../../operators/backends/engine.ts";
import { collate } from "../../operators/batch.ts";
import { classify } from "../../operators/classify.ts";
import { contextualise } from "../../operators/contextualise.ts";
import { evaluate } from "../../operators/evaluate.ts";
import type { Labelled } from "../../operators/label.ts";
import { lend, settle, transform } from "../../operators/loan.ts";
import { labelLoss, meanLabelLoss } from "../../operators/losses.ts";
import { metrics } from "../../operators/metrics.ts";
import { batchTensors, type Model } from "../../operators/model.ts";
import { adam } from "../../operators/numerics/adam.ts";
import { pooled } from "../../operators/numerics/label_head.ts";
import { Parameters } from "../../operators/numerics/parameters.ts";
import { constantRate } from "../../operators/numerics/schedules.ts";
import { softmaxMechanism } from "../../operators/numerics/attention_mechanisms.ts";
import { type Tensor3D, tf } from "../../operators/numerics/tf.ts";
import { transformer } from "../../operators/numerics/transformer.ts";
import { predictLabels } from "../../operators/predict_labels.ts";
import { type Example, UNASKED } from "../../operators/records.ts";
import { tag } from "../../operators/tag.ts";
import { train } from "../../operators/train.ts";
import { vocabularies, vocabulary } from "../../operators/vocabulary.ts";
import { withParameters } from "../../operators/with_parameters.ts";
import { awaitedBattery } from "../helpers/battery.ts";
import { assertNothingLeft, outcomeOf } from "../helpers/streams.ts";

await useEngine();

const softmax = softmaxMechanism();

/** Each letter's tag is its capital; of `x` nothing is asked. */
const spelt = (word: string): Example => ({
  id: word,
  source: [...word],
  targets: [[...word].map((letter) => letter === "x" ? UNASKED : letter.toUpperCase())],
});
/** The class is whether there is a `c`. */
const sorted = (word: string): Example => ({
  id: word,
  source: [...word],
  targets: [[word.includes("c") ? "yes" : "no"]],
});
const words = ["abxc", "ba", "cxcab", "a", "bbx", "cab", "aab"];
const tagged = words.map(spelt), classed = words.map(sorted);
const known = { tag: vocabularies(tagged), classify: vocabularies(classed) };
const batchOf = (examples: readonly Example[], kind: keyof typeof known) =>
  collate(examples.map((example) => ({
    example,
    source: known[kind].source.encode(example.source),
    target: known[kind].target.encode(example.targets[0]),
  })));
const context = (kind: keyof typeof known) =>
  contextualise(transformer({ attention: softmax, width: 6, heads: 2, hidden: 5 }), known[kind].source);
const models = {
  tag: (): Model<Labelled> => pipe(context("tag"), tag(known.tag.target)),
  classify: (): Model<Labelled> => pipe(context("classify"), classify(known.classify.target)),
};

Deno.test("a vocabulary holds the marks once, wherever they come from", () => {
  const { size, symbols, encode } = vocabulary(["b", UNASKED, "a", "<end>"]);
  assertEquals([size, symbols[4], symbols[5]], [6, "a", "b"]);
  assertEquals([...encode([UNASKED, "a", "<end>"])], [0, 4, 2]);
});

Deno.test("tag asks for each position's label but where nothing is asked, and never at padding or the end", () =>
  assertNothingLeft(async () => {
    const batch = batchOf([spelt("abxc"), spelt("ba")], "tag");
    const rows = await lastValueFrom(withParameters(1, (parameters) =>
      from([batch]).pipe(
        lend(batchTensors, { parameters }),
        models.tag(),
        transform(({ labels, labelMask, logits }) => ({ labels, labelMask, logits })),
        settle(),
      )));
    const { labels, labelMask, logits } = rows.values;
    const [A, B, C] = known.tag.target.encode(["A", "B", "C"]);
    assertEquals([...labelMask.data], [1, 1, 0, 1, 1, 1, 0, 0]);
    assertEquals([...labels.data].filter((_, at) => labelMask.data[at] === 1), [A, B, C, B, A]);
    assertEquals(logits.shape, [2, 4, known.tag.target.size]);
  }));

Deno.test("tag refuses a target that isn't as long as its source, in one line", () =>
  assertNothingLeft(async () => {
    const odd: Example = { id: "ab", source: ["a", "b"], targets: [["A"]] };
    const { error } = await outcomeOf(withParameters(1, (parameters) =>
      from([batchOf([spelt("ab"), odd], "tag")]).pipe(predictLabels(models.tag(), { parameters }))));
    assertEquals(
      error?.message,
      'Cannot tag "ab" as its target must have a symbol for each of the source\'s 2: current value is 1',
    );
  }));

Deno.test("pooled: the mean or the last of the true positions; zeros where there is none", () =>
  tf.tidy(() => {
    const states = tf.tensor3d([[[1, 2], [3, 4], [90, 90]], [[5, 6], [7, 8], [9, 10]], [[90, 90], [90, 90], [90, 90]]]);
    const mask = tf.tensor2d([[1, 1, 0], [1, 1, 1], [0, 0, 0]]), lengths = tf.tensor1d([2, 3, 0], "int32");
    assertEquals(pooled(states as Tensor3D, mask, lengths, "mean").arraySync(), [[[2, 3]], [[7, 8]], [[0, 0]]]);
    assertEquals(pooled(states as Tensor3D, mask, lengths, "last").arraySync(), [[[3, 4]], [[9, 10]], [[0, 0]]]);
  }) as unknown as void);

Deno.test("losses and accuracy of labels are what a hand computes", () =>
  assertNothingLeft(async () => {
    // Says A everywhere, with odds of 6 to 1 against each other symbol.
    const [A] = known.tag.target.encode(["A"]);
    const V = known.tag.target.size;
    const rigged: Model<Labelled> = pipe(
      models.tag(),
      transform((labelled) => ({
        ...labelled,
        logits: tf.mul(tf.oneHot(tf.fill(labelled.labels.shape, A, "int32"), V), Math.log(6)) as Tensor3D,
      })),
    );
    const evaluation = await lastValueFrom(withParameters(1, (parameters) =>
      from([batchOf([spelt("abxc"), spelt("ba")], "tag"), batchOf([spelt("aab")], "tag")]).pipe(
        evaluate(rigged, [metrics.accuracy, metrics.loss, metrics.perplexity], { parameters }),
      )));
    // Asked: A B C, B A, A A B; right: 4 of 8.
    assertEquals(evaluation.accuracy, { value: 50, unit: "%" });
    const loss = (4 * Math.log((V + 5) / 6) + 4 * Math.log(V + 5)) / 8;
    assertAlmostEquals(evaluation.loss.value, loss, 1e-5);
    assertAlmostEquals(evaluation.perplexity.value, Math.exp(loss), 1e-4);
  }));

Deno.test("a batch that asks for nothing has no loss and no gradient that isn't finite", () =>
  assertNothingLeft(async () => {
    const [step] = await lastValueFrom(withParameters(1, (parameters) =>
      from([batchOf([spelt("xx")], "tag")]).pipe(
        train(models.tag(), { parameters, optimiser: adam(), learningRate: constantRate(0.01), loss: meanLabelLoss }),
        toArray(),
      )));
    assertEquals([step.loss, step.gradientNorm], [0, 0]);
  }));

for (const kind of ["tag", "classify"] as const) {
  const examples = kind === "tag" ? tagged : classed;
  Deno.test(`a chain that ends with ${kind} is learnt, and the same seed learns the same`, () =>
    assertNothingLeft(async () => {
      const learn = async () => {
        const parameters = new Parameters(3);
        try {
          const batches = Array.from({ length: 60 }, () => batchOf(examples, kind));
          await lastValueFrom(
            from(batches).pipe(
              train(models[kind](), {
                parameters,
                optimiser: adam(),
                learningRate: constantRate(0.03),
                loss: kind === "tag" ? labelLoss : meanLabelLoss,
                clip: 1,
              }),
            ),
          );
          const scored = from([batchOf(examples, kind)]).pipe(
            evaluate(models[kind](), [metrics.accuracy, metrics.loss], { parameters }),
          );
          const { accuracy, loss } = await lastValueFrom(scored);
          return [accuracy.value, loss.value];
        } finally {
          parameters.unsubscribe();
        }
      };
      const first = await learn();
      assertEquals(first[0], 100);
      assertEquals(await learn(), first);
    }));

  const batches = examples.slice(0, 3).map((example) => batchOf([example], kind));
  awaitedBattery(`predictLabels of ${kind}`, {
    operator: () => (source) =>
      withParameters(5, (parameters) => source.pipe(predictLabels(models[kind](), { parameters }))),
    failing: () => (source) =>
      withParameters(5, (parameters) =>
        source.pipe(
          predictLabels(
            pipe(
              models[kind](),
              transform((): Labelled => {
                throw new Error("broken operator");
              }),
            ),
            { parameters },
          ),
        )),
    inputs: batches,
    outputs: examples.slice(0, 3).map(({ id }) => id),
    read: ({ batch }) => batch.examples[0].id,
  });
}

Deno.test("a chain that ends with classify has one label a sequence, of the classes alone", () =>
  assertNothingLeft(async () => {
    const predicted = await lastValueFrom(
      withParameters(
        2,
        (parameters) => from([batchOf(classed, "classify")]).pipe(predictLabels(models.classify(), { parameters })),
      ),
    );
    assertEquals([predicted.width, predicted.labels.length, predicted.tokens], [1, 7, 7]);
    assert(predicted.right <= 7);
  }));
