/** @module compose: sentences to trees and their vectors */
import type { OperatorFunction } from "rxjs";
import { type Loan, transform } from "./loan.ts";
import { type BatchTensors, parametersOf } from "./model.ts";
import type { Composer } from "./numerics/composers.ts";
import { normal, seedFrom } from "./numerics/random.ts";
import { errorWeights, paper, type RecursiveForm, recursiveNodes, recursiveParameters } from "./numerics/recursive.ts";
import type { InitialValues } from "./numerics/shape.ts";
import { type Tensor2D, tf } from "./numerics/tf.ts";
import { type Forest, forestOf } from "./numerics/trees.ts";
import { type Batch, InputError, type Sentence } from "./records.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Options of {@linkcode compose}. */
export interface ComposeOptions extends RecursiveForm {
  /** Of the words. */
  readonly vocabulary: Vocabulary;
  /** D, the width of words and phrases alike. */
  readonly width: number;
  /** Vectors that words begin with, by word; others begin at random. @default {none} */
  readonly vectors?: ReadonlyMap<string, ArrayLike<number>>;
  /** Standard deviation of random words' values. @default {0.05} */
  readonly deviation?: number;
  /** Share of the words' values that training drops. @default {0} */
  readonly dropout?: number;
}

/** A batch with its trees. */
export interface Composed extends BatchTensors {
  /** Which row is what: plain numbers. */
  readonly forest: Forest;
  /** Pairs that were encoded to find each tree, `[B]`. */
  readonly candidates: Int32Array;
  /** The vector of every row: all words, then all merges; `[N, D]`. */
  readonly nodes: Tensor2D;
  /** ‖c - c'‖² of both children of every merge, `[N - L, 2]`. */
  readonly errors: Tensor2D;
  /** How much each child's error counts, `[N - L, 2]`. */
  readonly weights: Tensor2D;
}

/**
 * Composes each sentence along a tree until one vector is left. The parameters are the model's groups `words` and
 * `recursive`. Trees are chosen with the parameters of the moment and then frozen: gradients go along them, not through
 * the choice.
 *
 * @param composer Which tree: `composers.greedy`, or an object of your own.
 * @throws InputError (in the stream) when a sentence has no words, or has not the tree that the composer needs.
 */
export function compose(
  composer: Composer,
  options: ComposeOptions,
): OperatorFunction<Loan<BatchTensors, Batch>, Loan<Composed, Batch>> {
  const { width, dropout = 0 } = options;
  const form = { ...paper, ...definedForm(options) };
  return transform((tensors, loan) => {
    const parameters = parametersOf("compose", loan);
    const { table } = parameters.group("words", (seed) => wordParameters(options, seed));
    const params = parameters.group("recursive", (seed) => recursiveParameters(width, seed));
    const { examples, source } = loan.record;
    const lengths = Array.from(source.lengths);
    const empty = lengths.indexOf(0);
    if (empty >= 0) {
      const id = JSON.stringify(examples[empty].id.slice(0, 60));
      throw new InputError(`Cannot compose ${id} as a sentence must have at least 1 word: current value is 0`);
    }
    const ids = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
    lengths.reduce((at, length, row) => {
      ids.set(source.ids.subarray(row * source.width, row * source.width + length), at);
      return at + length;
    }, 0);
    const looked = tf.gather(table, tf.tensor1d(ids, "int32")) as Tensor2D; // [L, D]
    const leaves = loan.context.drop && dropout > 0 ? loan.context.drop(looked, dropout) : looked;
    const sentences = examples as readonly Sentence[];
    const { trees, candidates } = composer.choose({ sentences, lengths, leaves, params, form, seed: parameters.seed });
    const forest = forestOf(trees);
    const { nodes, errors } = recursiveNodes(params, leaves, forest, form);
    const weights = tf.tensor2d(errorWeights(forest.children, forest.sizes, form.weighted), errors.shape);
    return { ...tensors, forest, candidates, nodes, errors, weights };
  });
}

/** Initial values of the words: `table` `[V, D]`. */
function wordParameters({ vocabulary, width, vectors, deviation = 0.05 }: ComposeOptions, seed: number): InitialValues {
  const table = normal([vocabulary.size, width], deviation, seedFrom(seed, "table"));
  if (vectors) {
    vocabulary.symbols.forEach((word, row) => {
      const vector = vectors.get(word);
      if (vector) table.values.set(vector, row * width);
    });
  }
  return { table };
}

function definedForm({ weighted, normalised, decoder }: RecursiveForm): RecursiveForm {
  return Object.fromEntries(
    Object.entries({ weighted, normalised, decoder }).filter(([, value]) => value !== undefined),
  );
}
