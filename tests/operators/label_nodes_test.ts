/** labelNodes and its loss: the battery, which class each row has, and the loss term by term against the reference. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { concatMap, from, lastValueFrom, map, type OperatorFunction, pipe } from "rxjs";
import { useEngine } from "../../operators/backends/engine.ts";
import { compose } from "../../operators/compose.ts";
import {
  type Judgeable,
  labelNodes,
  recursiveLoss,
  type RecursiveLossOptions,
  recursiveSum,
} from "../../operators/label_nodes.ts";
import { lend, type LoanContext, settle, transform } from "../../operators/loan.ts";
import { batchTensors } from "../../operators/model.ts";
import { type Composer, composers } from "../../operators/numerics/composers.ts";
import { droppingFrom } from "../../operators/numerics/dropout.ts";
import type { Parameters } from "../../operators/numerics/parameters.ts";
import { tf } from "../../operators/numerics/tf.ts";
import { balancedTree, spansOf } from "../../operators/numerics/trees.ts";
import { type Batch, InputError } from "../../operators/records.ts";
import { withParameters } from "../../operators/with_parameters.ts";
import { awaitedBattery, marbleBattery, ONE_FOR_ONE } from "../helpers/battery.ts";
import { assertClose, tolerances } from "../helpers/close.ts";
import {
  batchOf,
  classes,
  known,
  rowsOf,
  sentence,
  someSentences,
  tinyRecursive,
  weightsIn,
  WIDTH,
  wordsIn,
} from "../helpers/sentences.ts";
import { assertNothingLeft, outcomeOf } from "../helpers/streams.ts";
import { energy, greedyMerges, nodesOf, PAPER } from "../reference/recursive.ts";

await useEngine();

const batches = [1, 3, 4].map((at) => batchOf(someSentences[at]));
const [a, b, c] = batches;

/** From batches to what is read of a labelled loan; parameters live as long as the subscription. */
const labelled =
  <T>(read: OperatorFunction<never, T>, model = tinyRecursive()): OperatorFunction<Batch, T> => (source) =>
    withParameters(5, (parameters) => source.pipe(lend(batchTensors, { parameters }), model, read as never));

marbleBattery("labelNodes", {
  operator: labelled(map(({ record }: { record: Batch }) => record) as never),
  inputs: { a, b, c },
  outputs: { a, b, c },
  ...ONE_FOR_ONE,
});

const read = settle(({ logits, sentenceLogits }: Judgeable) => ({ logits, sentenceLogits })) as never;
awaitedBattery<Batch, { record: Batch }>("labelNodes with settle", {
  operator: () => labelled(read),
  failing: () =>
    labelled(
      read,
      pipe(
        compose(composers.left, { vocabulary: known.source, width: WIDTH }),
        transform((): never => {
          throw new Error("broken operator");
        }),
        labelNodes({ classes }),
      ),
    ),
  inputs: batches,
  outputs: batches.map(({ examples }) => examples[0].id),
  read: ({ record }) => record.examples[0].id,
});

/** What `look` sees of one labelled batch, while it is on loan. */
function seen<T>(
  look: (judgeable: Judgeable) => T,
  { batch = batchOf(...someSentences), context = {}, model = tinyRecursive() }: {
    batch?: Batch;
    context?: LoanContext;
    model?: ReturnType<typeof tinyRecursive>;
  } = {},
): T {
  const found: T[] = [];
  withParameters(7, (parameters) =>
    from([batch]).pipe(
      lend(batchTensors, { parameters, ...context }),
      model,
      transform((tensors) => found.push(look(tensors))),
    )).subscribe();
  assertEquals(found.length, 1);
  return found[0];
}

Deno.test("labelNodes gives every row its sentence's class", () =>
  assertNothingLeft(() => {
    const { rowClasses, forest, sentenceClasses } = seen(({ rowClasses, forest, sentenceClasses }) => ({
      rowClasses,
      forest,
      sentenceClasses,
    }));
    assertEquals([...sentenceClasses], [1, 0, 1, 0, 1]);
    assertEquals([...rowClasses], Array.from(forest.sentence, (at) => sentenceClasses[at]));
    return Promise.resolve();
  }));

Deno.test("phrases that the treebank doesn't have, have the sentence's class; those that it has, their own", () =>
  assertNothingLeft(() => {
    // Given ((a good) (story with)): no class for "a good", negative for "story with", and the root positive.
    const given = { ...balancedTree(4), labels: Int32Array.of(0, 1, 0, 1, -1, 0, 1) };
    const batch = batchOf(sentence("a good story with", "positive", { tree: given }));
    const byPhrase = (composer: Composer) =>
      seen(({ rowClasses, forest: { node, trees: [tree] } }) => {
        const spans = spansOf(tree);
        return new Map([...node].map((of, row) => [`${spans[2 * of]}-${spans[2 * of + 1]}`, rowClasses[row]]));
      }, { batch, model: tinyRecursive(composer) });
    const words = [["0-1", 0], ["1-2", 1], ["2-3", 0], ["3-4", 1]] as const;
    assertEquals(byPhrase(composers.given), new Map([...words, ["0-2", -1], ["2-4", 0], ["0-4", 1]]));
    assertEquals(byPhrase(composers.left), new Map([...words, ["0-2", -1], ["0-3", 1], ["0-4", 1]]));
    assertEquals(byPhrase(composers.right), new Map([...words, ["2-4", 0], ["1-4", 1], ["0-4", 1]]));
    return Promise.resolve();
  }));

Deno.test("a sentence's features are the mean of its nodes beside its root", () =>
  assertNothingLeft(() => {
    const { nodes, features, forest } = seen(({ nodes, features, forest }) => ({
      nodes: rowsOf(nodes.dataSync(), WIDTH),
      features: rowsOf(features.dataSync(), 2 * WIDTH),
      forest,
    }));
    someSentences.forEach(({ source }, at) => {
      const own = nodes.filter((_, row) => forest.sentence[row] === at);
      assertEquals(own.length, 2 * source.length - 1);
      const mean = own[0].map((_, k) => own.reduce((sum, node) => sum + node[k], 0) / own.length);
      assertClose(features[at], [...mean, ...nodes[forest.roots[at]]], tolerances.forward);
    });
    return Promise.resolve();
  }));

Deno.test("the features' way back is that of stock operations", () =>
  assertNothingLeft(() => {
    const batch = batchOf(...someSentences);
    let slopes: number[][] = [];
    withParameters(7, (parameters) =>
      from([batch]).pipe(
        lend(batchTensors, { parameters }),
        compose(composers.balanced, { vocabulary: known.source, width: WIDTH }),
        transform((composed, loan) => {
          const label = labelNodes({ classes });
          const { forest } = composed;
          const weights = tf.randomNormal([someSentences.length, 2 * WIDTH], 0, 1, "float32", 3);
          const ours = (nodes: tf.Tensor) => {
            const found: tf.Tensor[] = [];
            from([{ ...loan, tensors: { ...composed, nodes } }]).pipe(label as never).subscribe(
              (out) => found.push((out as { tensors: Judgeable }).tensors.features),
            );
            return tf.sum(tf.mul(found[0], weights)) as tf.Scalar;
          };
          const stock = (nodes: tf.Tensor) => {
            const parts = forest.trees.map((_, at) => {
              const rows = Array.from(forest.sentence.keys()).filter((row) => forest.sentence[row] === at);
              const mean = tf.mean(tf.gather(nodes, tf.tensor1d(rows, "int32")), 0);
              return tf.concat([mean, tf.reshape(tf.slice(nodes, [forest.roots[at], 0], [1, WIDTH]), [WIDTH])]);
            });
            return tf.sum(tf.mul(tf.stack(parts), weights)) as tf.Scalar;
          };
          slopes = [ours, stock].map((f) => [...tf.grad(f)(composed.nodes).dataSync()]);
          return composed;
        }),
      )).subscribe();
    assert(slopes[1].some((slope) => slope !== 0));
    assertClose(slopes[0], slopes[1], tolerances.gradientAcrossBackends);
    return Promise.resolve();
  }));

Deno.test("labelNodes drops features in training alone, and leaves what it hands on whole", () =>
  assertNothingLeft(() => {
    const model = tinyRecursive(composers.left, {}, { dropout: 0.9 });
    const numbers = (context: LoanContext) =>
      seen(({ sentenceLogits, features }) => [[...sentenceLogits.dataSync()], [...features.dataSync()]], {
        context,
        model,
      });
    const [kept, features] = numbers({});
    assertEquals(numbers({})[0], kept);
    const [dropped, same] = numbers({ drop: droppingFrom(2) });
    assert(dropped.some((value, k) => value !== kept[k]));
    assertEquals(same, features);
    return Promise.resolve();
  }));

Deno.test("labelNodes refuses fewer than two classes at once, and an unknown one in the stream, in one line", () =>
  assertNothingLeft(async () => {
    for (const [given, said] of [[[], "none"], [["positive"], "positive"]] as const) {
      assertThrows(
        () => labelNodes({ classes: given }),
        InputError,
        `Cannot label as there must be at least 2 classes: current value is ${said}`,
      );
    }
    const odd = batchOf(someSentences[0], sentence("a film", "mixed"));
    const { error } = await outcomeOf(from([odd]).pipe(labelled(read)));
    assert(error instanceof InputError, `${error}`);
    assertEquals(
      error.message,
      'Cannot label "a film" as its class must be one of negative, positive: current value is mixed',
    );
  }));

/** The loss of all sentences in one batch, and the reference's energy summed over them. */
function lossAndEnergy(options: RecursiveLossOptions) {
  const batch = batchOf(...someSentences);
  return lastValueFrom(withParameters(3, (parameters: Parameters) =>
    from([batch]).pipe(
      lend(batchTensors, { parameters }),
      tinyRecursive(),
      map((loan) => {
        const { sum, tokens } = recursiveSum(options)(loan.tensors, loan);
        const mean = recursiveLoss(options)(loan.tensors, loan);
        const logs = tf.logSoftmax(loan.tensors.sentenceLogits);
        const picked = tf.sum(tf.mul(logs, tf.oneHot(tf.tensor1d(loan.tensors.sentenceClasses, "int32"), 2)));
        return [sum, tokens, mean, picked].map((tensor) => tensor.dataSync()[0]);
      }),
      concatMap(async ([sum, tokens, mean, picked]) => {
        const saved = await parameters.save();
        const weights = weightsIn(saved);
        const energies = someSentences.map((each) => {
          const words = wordsIn(saved, each);
          const nodes = nodesOf(words, greedyMerges(words, weights, PAPER), weights, PAPER);
          return energy(nodes, weights, PAPER, options.alpha, classes.indexOf(each.targets[0][0]));
        });
        const squares = (group: string) =>
          Object.entries(saved.values).filter(([name]) => name.startsWith(`${group}/`))
            .reduce((sum, [, { data }]) => sum + data.reduce((total, value) => total + value ** 2, 0), 0);
        return { sum, tokens, mean, picked, energy: energies.reduce((total, each) => total + each), squares };
      }),
    )));
}

Deno.test("the loss is alpha E_rec + (1 - alpha) E_cE over all nodes: the reference's, summed over sentences", () =>
  assertNothingLeft(async () => {
    for (const alpha of [0, 0.2, 1]) {
      const { sum, tokens, mean, energy } = await lossAndEnergy({ alpha });
      assertEquals(tokens, someSentences.length);
      assertClose([sum, mean], [energy, energy / tokens], tolerances.gradientAgainstFloat64, `alpha ${alpha}`);
    }
  }));

Deno.test("the sentence's head and the decay by groups come on top, the latter once a sentence", () =>
  assertNothingLeft(async () => {
    const alpha = 0.4;
    const decay = { words: 0.3, recursive: 0, sentence: 0.5 };
    const { sum, energy, picked, squares } = await lossAndEnergy({ alpha, sentence: 2, decay });
    const penalty = someSentences.length * (0.3 * squares("words") + 0.5 * squares("sentence")) / 2;
    assertClose([sum], [energy - 2 * picked + penalty], tolerances.gradientAgainstFloat64);
  }));

Deno.test("rows without a class add nothing to the loss", () =>
  assertNothingLeft(() => {
    const lossOf = (labels: Int32Array) =>
      seen((judgeable) => recursiveSum({ alpha: 0 })(judgeable, { record: { size: 1 } } as never).sum.dataSync()[0], {
        batch: batchOf({ ...someSentences[2], tree: { ...balancedTree(3), labels } }),
        model: tinyRecursive(composers.given),
      });
    const each = [0, 1, 2, 3, 4].map((row) => lossOf(Int32Array.from({ length: 5 }, (_, at) => at === row ? 1 : -1)));
    assert(each.every((loss) => loss > 0));
    assertClose([lossOf(Int32Array.of(1, 1, 1, 1, 1))], [each.reduce((sum, loss) => sum + loss)], 1e-6);
    assertEquals(lossOf(Int32Array.of(-1, -1, -1, -1, -1)), 0);
    return Promise.resolve();
  }));

Deno.test("the loss refuses an alpha outside of 0 to 1 at once", () => {
  for (const alpha of [-0.1, 1.5, NaN]) {
    assertThrows(
      () => recursiveLoss({ alpha }),
      RangeError,
      `Cannot weigh reconstruction as alpha must be from 0 to 1: current value is ${alpha}`,
    );
  }
});
