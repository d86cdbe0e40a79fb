/** @module labelNodes: a class for every phrase, and for every sentence */
import type { OperatorFunction } from "rxjs";
import type { Composed } from "./compose.ts";
import { type Loan, transform } from "./loan.ts";
import { parametersOf } from "./model.ts";
import { withGradient } from "./numerics/device_kernels.ts";
import { maskedCrossEntropy, type SummedLoss } from "./numerics/loss.ts";
import { glorotUniform, seedFrom } from "./numerics/random.ts";
import type { InitialValues, TensorMap } from "./numerics/shape.ts";
import { type Scalar, type Tensor, type Tensor2D, tf } from "./numerics/tf.ts";
import { total } from "./numerics/total.ts";
import { spansOf } from "./numerics/trees.ts";
import { type Batch, InputError, type Sentence, type Tree } from "./records.ts";

/** Options of {@linkcode labelNodes}. */
export interface LabelNodesOptions {
  /** Names of the classes, at least two; an example's target is one of them. */
  readonly classes: readonly string[];
  /** Share of the sentence's features that training drops. @default {0} */
  readonly dropout?: number;
}

/** A batch whose phrases and sentences were judged. */
export interface Judgeable extends Composed {
  /** Logits of the head on every node, `[N, C]`: d(p) = softmax(W3 p + b3). */
  readonly logits: Tensor2D;
  /** The class of every row, -1 where none is known; `[N]`. */
  readonly rowClasses: Int32Array;
  /** The mean of all vectors of a sentence's tree beside its root's, `[B, 2D]`. */
  readonly features: Tensor2D;
  /** Logits of the sentence's own head on its features, `[B, C]`. */
  readonly sentenceLogits: Tensor2D;
  /** The class of every sentence, `[B]`. */
  readonly sentenceClasses: Int32Array;
}

/**
 * Puts a softmax head on every node (the model's group `label`), and one on the sentence: on the mean of its nodes beside
 * its root, which Socher et al. take as features of their final classifier (group `sentence`).
 *
 * A phrase has the class that a treebank gives its words, or none where the treebank says so. A phrase that the treebank
 * doesn't have (another composer makes others) has the sentence's class, as every phrase has in the paper.
 *
 * @throws InputError when there are fewer than two classes; in the stream, when an example's class is none of them.
 */
export function labelNodes(
  options: LabelNodesOptions,
): OperatorFunction<Loan<Composed, Batch>, Loan<Judgeable, Batch>> {
  const { classes, dropout = 0 } = options;
  if (classes.length < 2) {
    throw new InputError(
      `Cannot label as there must be at least 2 classes: current value is ${classes.join(", ") || "none"}`,
    );
  }
  const indices = new Map(classes.map((name, index) => [name, index]));
  return transform((composed, loan) => {
    const parameters = parametersOf("label", loan);
    const { forest, nodes } = composed;
    const width = nodes.shape[1];
    const head = (name: string, inputs: number) =>
      parameters.group(name, (seed) => headParameters(inputs, classes.length, seed));
    const [node, whole] = [head("label", width), head("sentence", 2 * width)];

    const sentenceClasses = Int32Array.from(loan.record.examples, ({ id, targets }) => {
      const index = indices.get(targets[0][0]);
      if (index !== undefined) return index;
      throw new InputError(
        `Cannot label ${JSON.stringify(id.slice(0, 60))} as its class must be one of ${classes.join(", ")}: ` +
          `current value is ${targets[0][0]}`,
      );
    });
    const classesOf = forest.trees.map((tree, at) => nodeClasses(tree, loan.record.examples[at], sentenceClasses[at]));
    const rowClasses = Int32Array.from(forest.sentence, (at, row) => classesOf[at][forest.node[row]]);
    const features = sentenceFeatures(composed);
    const dropped = loan.context.drop && dropout > 0 ? loan.context.drop(features, dropout) : features;
    return {
      ...composed,
      logits: logitsOf(node, nodes),
      rowClasses,
      features,
      sentenceLogits: logitsOf(whole, dropped),
      sentenceClasses,
    };
  });
}

/** The class of each node of a tree, -1 for none. */
function nodeClasses(tree: Tree, { tree: given }: Sentence, sentence: number): Int32Array {
  if (!given?.labels) return new Int32Array(2 * tree.words - 1).fill(sentence);
  if (tree === given) return given.labels;
  const [own, known] = [tree, given].map(spansOf);
  const bySpan = new Map<string, number>();
  given.labels.forEach((label, node) => bySpan.set(`${known[2 * node]} ${known[2 * node + 1]}`, label));
  return Int32Array.from(
    { length: 2 * tree.words - 1 },
    (_, node) => bySpan.get(`${own[2 * node]} ${own[2 * node + 1]}`) ?? sentence,
  );
}

/** [mean of all nodes, root] of each sentence, `[B, 2D]`. */
function sentenceFeatures({ forest, nodes }: Composed): Tensor2D {
  const count = forest.roots.length;
  const shares = Float32Array.from(forest.trees, ({ words }) => 1 / (2 * words - 1));
  // The stock gradient looks for negative ids, which takes longer than all the rest.
  const [sums] = withGradient(
    { nodes },
    (save) => {
      const rows = tf.tensor1d(forest.sentence, "int32");
      save([rows]);
      return [tf.unsortedSegmentSum(nodes, rows, count)];
    },
    ([dSums], [rows]) => [tf.gather(dSums, rows)],
  );
  const roots = tf.gather(nodes, tf.tensor1d(forest.roots, "int32"));
  return tf.concat([tf.mul(sums, tf.tensor2d(shares, [count, 1])), roots], 1) as Tensor2D;
}

function headParameters(inputs: number, classes: number, seed: number): InitialValues {
  return {
    weights: glorotUniform([inputs, classes], seedFrom(seed, "weights")),
    bias: { shape: [classes], values: new Float32Array(classes) },
  };
}

function logitsOf({ weights, bias }: TensorMap, x: Tensor2D): Tensor2D {
  return tf.add(tf.matMul(x, weights as Tensor2D), bias) as Tensor2D;
}

/** Options of {@linkcode recursiveLoss}. */
export interface RecursiveLossOptions {
  /** Weight of reconstruction; the classes' is 1 - α. From 0 to 1. */
  readonly alpha: number;
  /** Weight of the sentence's own head, beside (1 - α) on the nodes'. @default {0} */
  readonly sentence?: number;
  /** λ of (λ/2) ‖θ‖², by group: `{ words: 1e-4, recursive: 1e-3 }`. @default {none} */
  readonly decay?: Readonly<Record<string, number>>;
}

/**
 * What is learnt, E = α E_rec + (1 - α) E_cE, summed over all nodes of a sentence's tree, its mean over sentences, with
 * (λ/2) ‖θ‖² added.
 *
 * α weighs the reconstruction, as in Socher et al. 2011, equation 8 and section 2.4; other codes turn it round.
 *
 * @throws RangeError when α is not in [0, 1].
 */
export function recursiveLoss(
  options: RecursiveLossOptions,
): (judgeable: Judgeable, loan: Loan<Judgeable, Batch>) => Scalar {
  const summed = recursiveSum(options);
  return (judgeable, loan) => {
    const { sum, tokens } = summed(judgeable, loan);
    return tf.div(sum, tokens);
  };
}

/** {@linkcode recursiveLoss} as a sum with the number of sentences, for `minimise` and for training in parallel. */
export function recursiveSum(
  options: RecursiveLossOptions,
): (judgeable: Judgeable, loan: Loan<Judgeable, Batch>) => SummedLoss {
  const { alpha, sentence = 0, decay = {} } = options;
  if (!(alpha >= 0 && alpha <= 1)) {
    throw new RangeError(`Cannot weigh reconstruction as alpha must be from 0 to 1: current value is ${alpha}`);
  }
  return ({ errors, weights, logits, rowClasses, sentenceLogits, sentenceClasses }, loan) => {
    const { size } = loan.record;
    const terms: Tensor[] = [];
    if (alpha > 0) terms.push(tf.mul(tf.sum(tf.mul(errors, weights)), alpha));
    if (alpha < 1) terms.push(tf.mul(crossEntropy(logits, rowClasses), 1 - alpha));
    if (sentence > 0) terms.push(tf.mul(crossEntropy(sentenceLogits, sentenceClasses), sentence));
    for (const [group, lambda] of Object.entries(decay)) {
      if (lambda === 0) continue;
      for (const tensor of Object.values(parametersOf("decay", loan).group(group, () => ({})))) {
        terms.push(tf.mul(tf.sum(tf.square(tensor)), size * lambda / 2));
      }
    }
    return { sum: total(terms) as Scalar, tokens: tf.scalar(size) };
  };
}

/** Summed over the rows that have a class. */
function crossEntropy(logits: Tensor2D, classes: Int32Array): Scalar {
  const [rows, count] = logits.shape;
  const known = Float32Array.from(classes, (index) => index < 0 ? 0 : 1);
  const targets = classes.map((index) => Math.max(0, index));
  return maskedCrossEntropy(
    tf.reshape(logits, [1, rows, count]),
    tf.tensor2d(targets, [1, rows], "int32"),
    tf.tensor2d(known, [1, rows]),
  ).sum;
}
