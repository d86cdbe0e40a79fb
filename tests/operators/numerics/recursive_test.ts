/** The recursive autoencoder: vectors, errors and gradients against float64, trees, and the cost of the greedy choice. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { greedyEncodings } from "../../../operators/numerics/composers.ts";
import { greedyTrees } from "../../../operators/numerics/greedy.ts";
import { normal, randomFrom } from "../../../operators/numerics/random.ts";
import {
  recursiveNodes,
  recursiveParameterCount,
  recursiveParameters,
  released,
} from "../../../operators/numerics/recursive.ts";
import { errorWeights } from "../../../operators/numerics/recursive.ts";
import type { TensorMap } from "../../../operators/numerics/shape.ts";
import { type Scalar, type Tensor, type Tensor2D, tf } from "../../../operators/numerics/tf.ts";
import {
  balancedTree,
  forestOf,
  leftChain,
  rightChain,
  seededTree,
  treeOf,
} from "../../../operators/numerics/trees.ts";
import { InputError, type Tree } from "../../../operators/records.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { differenceGradient } from "../../helpers/gradient.ts";
import { rowsOf } from "../../helpers/sentences.ts";
import { tensorTest, valuesOf } from "../../helpers/tensors.ts";
import {
  childErrors,
  energy,
  type Form,
  gradient,
  greedyMerges,
  merge,
  nodesOf,
  PAPER,
  type Weights,
} from "../../reference/recursive.ts";

const WIDTH = 7, CLASSES = 3;

/** Weights with biases that are not zero, and the same numbers as tensors. */
function weightsOf(seed: number, width = WIDTH): Weights {
  const of = (rows: number, columns: number, part: number) =>
    rowsOf(normal([rows, columns], 0.5, 10 * seed + part).values, columns);
  return {
    W1: of(2 * width, width, 1),
    b1: of(1, width, 2)[0],
    W2: of(width, 2 * width, 3),
    b2: of(1, 2 * width, 4)[0],
    W3: of(width, CLASSES, 5),
    b3: of(1, CLASSES, 6)[0],
  };
}

const tensorsOf = ({ W1, b1, W2, b2 }: Weights): TensorMap => ({
  W1: tf.tensor2d(W1),
  b1: tf.tensor1d(b1),
  W2: tf.tensor2d(W2),
  b2: tf.tensor1d(b2),
});

const wordsOf = (count: number, seed: number, width = WIDTH) => rowsOf(normal([count, width], 0.5, seed).values, width);
const mergesOf = ({ left, right }: Tree) => Array.from(left, (node, at) => [node, right[at]] as [number, number]);

/** Sentences of 1, 2 and prime numbers of words, along trees of every kind. */
const TREES: Tree[] = [
  balancedTree(1),
  leftChain(2),
  leftChain(5),
  rightChain(7),
  balancedTree(11),
  seededTree(13, 3),
];

tensorTest("recursiveNodes() gives the vectors and errors of the float64 reference, in every form", () => {
  const weights = weightsOf(1);
  for (const form of [{}, released, { normalised: false }, { decoder: "squashed" as const }]) {
    const reference: Form = { weighted: true, normalised: form.normalised ?? true, squashed: "decoder" in form };
    const forest = forestOf(TREES);
    const sentences = TREES.map(({ words }, at) => wordsOf(words, 50 + at));
    const { nodes, errors } = recursiveNodes(tensorsOf(weights), tf.tensor2d(sentences.flat()), forest, form);
    const expected = TREES.map((tree, at) => nodesOf(sentences[at], mergesOf(tree), weights, reference));
    const vectors = rowsOf(valuesOf(nodes), WIDTH);
    const pairs = rowsOf(valuesOf(errors), 2);
    forest.sentence.forEach((at, row) => {
      const node = expected[at][forest.node[row]];
      assertClose(vectors[row], node.vector, tolerances.forward);
      assertEquals(forest.sizes[row], node.words);
      if (node.children) {
        assertClose(pairs[row - forest.leaves], childErrors(node, weights, reference), 1e-5);
        if (reference.normalised) assertClose([Math.hypot(...vectors[row])], [1], 1e-6);
      }
    });
  }
});

Deno.test("the reference's gradient through the whole tree agrees with differences in float64 to 1e-6", () => {
  const weights = weightsOf(2);
  for (const tree of [TREES[1], TREES[3], TREES[5]]) {
    const merges = mergesOf(tree);
    const words = wordsOf(tree.words, 7);
    for (const alpha of [0, 0.2, 1]) {
      // The tree is frozen: only numbers change.
      const found = gradient(nodesOf(words, merges, weights, PAPER), weights, alpha, 2);
      const at = (changed: Partial<Weights>, leaves = words) => {
        const all = { ...weights, ...changed };
        return energy(nodesOf(leaves, merges, all, PAPER), all, PAPER, alpha, 2);
      };
      const compare = (actual: number[], f: (x: number[]) => number, x: number[]) => {
        differenceGradient(f, x).forEach((expected, k) => {
          const error = Math.abs(actual[k] - expected) / Math.max(1, Math.abs(actual[k]) + Math.abs(expected));
          assert(error <= 1e-6, `${actual[k]} against ${expected} (error ${error})`);
        });
      };
      compare(found.words.flat(), (x) => at({}, rowsOf(x, WIDTH)), words.flat());
      for (const name of ["W1", "W2", "W3"] as const) {
        const columns = weights[name][0].length;
        compare(found.weights[name].flat(), (x) => at({ [name]: rowsOf(x, columns) }), weights[name].flat());
      }
      for (const name of ["b1", "b2", "b3"] as const) {
        compare(found.weights[name], (x) => at({ [name]: x }), weights[name]);
      }
      if (alpha === 1) assert(found.weights.W3.flat().every((slope) => slope === 0), "a label gradient at alpha 1");
      if (alpha === 0) assert(found.weights.W2.flat().every((slope) => slope === 0), "a decoder gradient at alpha 0");
    }
  }
});

tensorTest("recursiveNodes() has the reference's gradient at words and weights", () => {
  const weights = weightsOf(3);
  const params = tensorsOf(weights);
  const [alpha, target] = [0.3, 1];
  const sentences = TREES.map(({ words }, at) => wordsOf(words, 80 + at));
  const forest = forestOf(TREES);
  const W3 = tf.tensor2d(weights.W3), b3 = tf.tensor1d(weights.b3);
  const loss = (leaves: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor, W3: Tensor) => {
    const { nodes, errors } = recursiveNodes({ W1, b1, W2, b2 }, leaves as Tensor2D, forest);
    const shares = tf.tensor2d(errorWeights(forest.children, forest.sizes, true), errors.shape);
    const logs = tf.logSoftmax(tf.add(tf.matMul(nodes, W3 as Tensor2D), b3));
    const picked = tf.sum(tf.mul(logs, tf.oneHot(tf.tensor1d([target], "int32"), CLASSES)));
    return tf.sub(tf.mul(tf.sum(tf.mul(errors, shares)), alpha), tf.mul(picked, 1 - alpha)) as Scalar;
  };
  const found = tf.grads(loss as (...tensors: Tensor[]) => Scalar)([
    tf.tensor2d(sentences.flat()),
    ...["W1", "b1", "W2", "b2"].map((name) => params[name]),
    W3,
  ]).map(valuesOf);
  const expected = TREES.map((tree, at) =>
    gradient(nodesOf(sentences[at], mergesOf(tree), weights, PAPER), weights, alpha, target)
  );
  const summed = (pick: (weights: Weights) => number[]) =>
    expected.map(({ weights }) => pick(weights)).reduce((sum, part) => sum.map((value, k) => value + part[k]));
  const wanted = [
    expected.flatMap(({ words }) => words.flat()),
    ...[summed((w) => w.W1.flat()), summed((w) => w.b1), summed((w) => w.W2.flat()), summed((w) => w.b2)],
    summed((w) => w.W3.flat()),
  ];
  found.forEach((values, k) => assertClose(values, wanted[k], tolerances.gradientAgainstFloat64));
});

tensorTest("recursiveNodes() has the gradient of the released code's form and of the one without unit length", () => {
  const weights = weightsOf(4, 3);
  const forms = [{ ...released, name: "squashed" }, {
    weighted: true,
    normalised: false,
    decoder: "linear" as const,
    name: "free",
  }];
  for (const { name, ...form } of forms) {
    const reference: Form = { ...PAPER, normalised: form.normalised, squashed: name === "squashed" };
    const tree = seededTree(7, 5);
    const words = wordsOf(7, 9, 3);
    const forest = forestOf([tree]);
    const found = tf.grads((leaves, W1, b1, W2, b2) => {
      const { nodes, errors } = recursiveNodes({ W1, b1, W2, b2 }, leaves as Tensor2D, forest, form);
      return tf.add(tf.sum(errors), tf.sum(tf.square(tf.add(nodes, 0.5)))) as Scalar;
    })([tf.tensor2d(words), ...["W1", "b1", "W2", "b2"].map((key) => tensorsOf(weights)[key])]).map(valuesOf);
    const value = (all: Weights, leaves: number[][]) =>
      nodesOf(leaves, mergesOf(tree), all, reference).reduce(
        (sum, node) =>
          sum + (node.children ? childErrors(node, all, reference).reduce((a, b) => a + b) : 0) +
          node.vector.reduce((squares, x) => squares + (x + 0.5) ** 2, 0),
        0,
      );
    const wanted = [
      differenceGradient((x) => value(weights, rowsOf(x, 3)), words.flat()),
      differenceGradient((x) => value({ ...weights, W1: rowsOf(x, 3) }, words), weights.W1.flat()),
      differenceGradient((x) => value({ ...weights, b1: x }, words), weights.b1),
      differenceGradient((x) => value({ ...weights, W2: rowsOf(x, 6) }, words), weights.W2.flat()),
      differenceGradient((x) => value({ ...weights, b2: x }, words), weights.b2),
    ];
    found.forEach((values, k) => assertClose(values, wanted[k], 2e-5, `${name} ${k}`));
  }
});

tensorTest("recursiveNodes() gives zeros and no NaN where a parent has no length", () => {
  const zero = (shape: number[]) => tf.zeros(shape);
  const forest = forestOf([balancedTree(3)]);
  const [dLeaves, dW1] = tf.grads((leaves, W1) => {
    const params = { W1, b1: zero([2]), W2: zero([2, 4]), b2: zero([4]) };
    const { nodes, errors } = recursiveNodes(params, leaves as Tensor2D, forest);
    return tf.add(tf.sum(nodes), tf.sum(errors)) as Scalar;
  })([tf.zeros([3, 2]), zero([4, 2])]);
  for (const values of [dLeaves, dW1].map(valuesOf)) assert(values.every(Number.isFinite), String(values));
});

tensorTest("greedyTrees() finds the reference's trees", () => {
  const weights = weightsOf(5);
  for (
    const [form, reference] of [[{}, PAPER], [released, { weighted: false, normalised: true, squashed: true }]] as const
  ) {
    const lengths = [1, 2, 3, 5, 11, 17];
    const sentences = lengths.map((words, at) => wordsOf(words, 30 + at));
    const { trees } = greedyTrees(tensorsOf(weights), tf.tensor2d(sentences.flat()), lengths, form);
    trees.forEach((tree, at) => assertEquals(mergesOf(tree), greedyMerges(sentences[at], weights, reference)));
  }
});

tensorTest("greedyTrees() takes the leftmost of equals", () => {
  const same = Array.from({ length: 5 }, () => wordsOf(1, 4)[0]);
  const { trees } = greedyTrees(tensorsOf(weightsOf(6)), tf.tensor2d(same), [5]);
  assertEquals([trees[0].left[0], trees[0].right[0]], [0, 1]);
});

Deno.test("greedyTrees() with its cache equals greedy without on 1,000 random sentences; counts lie in [2n-3, 3n-6]", async () => {
  const { useEngine } = await import("../../../operators/backends/engine.ts");
  await useEngine();
  const random = randomFrom(11);
  const before = tf.memory().numTensors;
  for (let batch = 0; batch < 20; batch++) {
    const lengths = Array.from({ length: 50 }, () => 1 + random.integer(24));
    tf.tidy(() => {
      const params = tensorsOf(weightsOf(7));
      const leaves = tf.tensor2d(wordsOf(lengths.reduce((a, b) => a + b), 100 + batch));
      const cached = greedyTrees(params, leaves, lengths);
      const naive = greedyTrees(params, leaves, lengths, {}, "naive");
      lengths.forEach((words, at) => {
        assertEquals(mergesOf(cached.trees[at]), mergesOf(naive.trees[at]));
        const [least, most] = greedyEncodings(words);
        const count = cached.candidates[at];
        assert(count >= least && count <= most, `${words} words took ${count} candidates`);
        if (words > 3) {
          assert(count >= 2 * words - 3 && count <= 3 * words - 6, `${words} words took ${count} candidates`);
        }
        assertEquals(naive.candidates[at], words * (words - 1) / 2);
      });
    });
  }
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("3 leaves by hand: the winner's error counts, every merge does, and words are counted, not nodes", () => {
  // One dimension; W1 sums both children, without unit length; W2 = 0, so that errors are the children's squares.
  const weights: Weights = { W1: [[1], [1]], b1: [0], W2: [[0, 0]], b2: [0, 0], W3: [[0, 0]], b3: [0, 0] };
  const form: Form = { weighted: true, normalised: false, squashed: false };
  const nodes = nodesOf([[2], [1], [0.5]], [[1, 2], [0, 3]], weights, form);
  const p = Math.tanh(1.5);
  // e(1,2) = (1 + 0.25) / 2; e(0,(1,2)) = 1/3 · 4 + 2/3 · p²; and log 2 for each of the 5 nodes.
  const expected = 0.5 * ((1 + 0.25) / 2 + 4 / 3 + 2 / 3 * p * p) + 0.5 * 5 * Math.log(2);
  assertClose([energy(nodes, weights, form, 0.5, 0)], [expected], tolerances.float64);
  assertEquals(greedyMerges([[2], [1], [0.5]], weights, form), [[1, 2], [0, 3]]);
});

Deno.test("weighted and unweighted errors agree exactly where both children have as many words", () => {
  const sizes = Int32Array.of(1, 1, 3, 3, 2, 5);
  assertEquals(
    errorWeights(Int32Array.of(0, 1, 2, 3), sizes, true),
    errorWeights(Int32Array.of(0, 1, 2, 3), sizes, false),
  );
  assertEquals(Array.from(errorWeights(Int32Array.of(4, 5), sizes, true)), [2 / 7, 5 / 7].map(Math.fround));
});

Deno.test("the gradient before normalisation is orthogonal to the parent", () => {
  const weights = weightsOf(8);
  const [left, right] = wordsOf(2, 3).map((vector) => ({ vector, words: 1 }));
  const { vector } = merge(left, right, weights, PAPER);
  const f = merge(left, right, weights, { ...PAPER, normalised: false }).vector;
  const slope = differenceGradient((x) => {
    const norm = Math.hypot(...x);
    return x.reduce((sum, value, k) => sum + (k + 1) * value / norm, 0);
  }, f);
  assertClose([slope.reduce((sum, value, k) => sum + value * vector[k], 0)], [0], 1e-8);
});

Deno.test("recursiveParameters() are 4 D² + 3 D, and 40,502 with a head of two classes at D = 100", () => {
  const made = Object.values(recursiveParameters(100, 1)).reduce((sum, { values }) => sum + values.length, 0);
  assertEquals(made, 4 * 100 ** 2 + 3 * 100);
  assertEquals(recursiveParameterCount(100, 100, 2), made + 2 * 100 + 2);
  assertEquals(recursiveParameterCount(100, 100, 2), 40_502);
});

Deno.test("every tree of n words has n - 1 merges of neighbours, levels in order, and the balanced one ⌈log₂ n⌉ of them", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }), (lengths) => {
    for (const kind of [balancedTree, leftChain, rightChain, (n: number) => seededTree(n, n)]) {
      const forest = forestOf(lengths.map(kind));
      assertEquals(forest.nodes - forest.leaves, lengths.reduce((sum, n) => sum + n - 1, 0));
      lengths.forEach((words, at) => assertEquals(forest.sizes[forest.roots[at]], words));
      for (let merge = 0; merge < forest.nodes - forest.leaves; merge++) {
        const row = forest.leaves + merge;
        for (const child of forest.children.subarray(2 * merge, 2 * merge + 2)) {
          assert(child < row && forest.heights[child] < forest.heights[row]);
        }
      }
      if (kind === balancedTree) {
        lengths.forEach((words, at) => assertEquals(forest.heights[forest.roots[at]], Math.ceil(Math.log2(words))));
      }
    }
  }));
});

Deno.test("forestOf() refuses what is no tree, in one line", () => {
  assertThrows(() => forestOf([treeOf(0, [])]), InputError, "at least 1 word: current value is 0");
  assertThrows(() => forestOf([treeOf(3, [[0, 1], [1, 2]])]), InputError, "current value is node 1 in merge 2");
  assertThrows(() => forestOf([treeOf(3, [[0, 4], [1, 2]])]), InputError, "current value is node 4 in merge 1");
  assertThrows(() => forestOf([treeOf(3, [[0, 1]])]), InputError, "must have 2 merges");
});
