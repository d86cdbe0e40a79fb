/** @module judge: a trained model's judgement of every phrase and sentence, as records */
import { defer, map, type OperatorFunction } from "rxjs";
import type { Judgeable } from "./label_nodes.ts";
import { lend, settle, type Values } from "./loan.ts";
import { batchTensors, type Model } from "./model.ts";
import type { Parameters } from "./numerics/parameters.ts";
import { tf } from "./numerics/tf.ts";
import { type Forest, spansOf } from "./numerics/trees.ts";
import type { Batch, Sentence, Tree } from "./records.ts";

/** One node of a sentence's tree, as a model sees it. */
export interface Phrase {
  /** Its words, from `start` to `end` (not included). */
  readonly start: number;
  readonly end: number;
  /** Level: 0 for a word. */
  readonly height: number;
  /** Children in the tree's numbering; none for a word. */
  readonly children?: readonly [number, number];
  /** D numbers. */
  readonly vector: Float32Array;
  /** Probability of each class by the head on this node. */
  readonly probabilities: Float32Array;
  /** ‖c - c'‖² of both children; none for a word. */
  readonly errors?: readonly [number, number];
}

/** A sentence with its tree, composed and judged. */
export interface Judged {
  readonly sentence: Sentence;
  readonly tree: Tree;
  /** Pairs encoded to find the tree. */
  readonly candidates: number;
  /** By the tree's numbering: words first, the root last. */
  readonly phrases: readonly Phrase[];
  /** [mean of all vectors, root's], 2D numbers. */
  readonly features: Float32Array;
  /** Probability of each class by the sentence's own head. */
  readonly probabilities: Float32Array;
}

/**
 * Composes and judges every sentence with a model's parameters as they are.
 *
 * ```
 * ─ Batch of B sentences ─ ▶ ─ [Judged × B] ─
 * ```
 */
export function judge(
  model: Model<Judgeable>,
  parameters: Parameters,
): OperatorFunction<Batch, readonly Judged[]> {
  return (source) =>
    defer(() => {
      // Trees are plain numbers: they need no settling, only a way past it.
      const composed = new WeakMap<Batch, Pick<Judgeable, "forest" | "candidates">>();
      return source.pipe(
        lend(batchTensors, { parameters }),
        model,
        settle(({ forest, candidates, nodes, errors, logits, features, sentenceLogits }, { record }) => {
          composed.set(record, { forest, candidates });
          return { nodes, errors, verdicts: tf.softmax(logits), features, sentences: tf.softmax(sentenceLogits) };
        }),
        map(({ record, values }) => {
          const { forest, candidates } = composed.get(record)!;
          const phrases = phrasesOf(forest, values);
          return record.examples.map((sentence, at): Judged => ({
            sentence,
            tree: forest.trees[at],
            candidates: candidates[at],
            phrases: phrases[at],
            features: rowOf(values.features, at),
            probabilities: rowOf(values.sentences, at),
          }));
        }),
      );
    });
}

function rowOf({ shape, data }: Values, at: number): Float32Array {
  return (data as Float32Array).slice(at * shape[1], (at + 1) * shape[1]);
}

/** The nodes of each tree, from the rows of the forest. */
function phrasesOf(forest: Forest, values: Readonly<Record<"nodes" | "errors" | "verdicts", Values>>): Phrase[][] {
  const rows = forest.trees.map(({ words }) => new Int32Array(2 * words - 1));
  forest.sentence.forEach((at, row) => rows[at][forest.node[row]] = row);
  return forest.trees.map((tree, at) => {
    const { words, left, right } = tree;
    const spans = spansOf(tree);
    return Array.from(rows[at], (row, node): Phrase => {
      const judged = {
        start: spans[2 * node],
        end: spans[2 * node + 1],
        height: forest.heights[row],
        vector: rowOf(values.nodes, row),
        probabilities: rowOf(values.verdicts, row),
      };
      const merge = node - words;
      if (merge < 0) return judged;
      const children = [left[merge], right[merge]] as const;
      const [first, second] = rowOf(values.errors, row - forest.leaves);
      return { ...judged, children, errors: [first, second] };
    });
  });
}
