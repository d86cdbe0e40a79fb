/**
 * Composers: which tree a sentence gets. Each is a small object with a name, a citation, a choice, and how many candidate
 * encodings the choice takes.
 *
 * @module
 */
import { InputError, type Sentence, type Tree } from "../records.ts";
import { beside } from "./device_kernels.ts";
import { greedyTrees } from "./greedy.ts";
import { seedFrom } from "./random.ts";
import type { RecursiveForm } from "./recursive.ts";
import type { TensorMap } from "./shape.ts";
import type { Tensor2D } from "./tf.ts";
import { balancedTree, leftChain, rightChain, seededTree } from "./trees.ts";

/** What a composer may look at. */
export interface Composition {
  readonly sentences: readonly Sentence[];
  /** Words of each sentence, at least 1. */
  readonly lengths: readonly number[];
  /** The words' vectors, sentence after sentence, `[L, D]`. */
  readonly leaves: Tensor2D;
  /** `W1`, `b1`, `W2`, `b2`. */
  readonly params: TensorMap;
  readonly form: RecursiveForm;
  /** Seed of what is drawn at random; the same for a sentence whenever it comes. */
  readonly seed: number;
}

/** Chooses trees. A composer of your own is such an object. */
export interface Composer {
  readonly name: string;
  readonly citation: string;
  /** One tree a sentence, and how many pairs were encoded to find it (none where the words alone decide). */
  choose(composition: Composition): { readonly trees: readonly Tree[]; readonly candidates: Int32Array };
  /** Least and most candidate encodings for a sentence of n words, those of the tree itself not counted. */
  encodings(words: number): readonly [number, number];
}

/** A composer that looks at nothing but the number of words. */
function fixed(name: string, citation: string, tree: (words: number) => Tree): Composer {
  return {
    name,
    citation,
    choose: ({ lengths }) => ({ trees: lengths.map(tree), candidates: new Int32Array(lengths.length) }),
    encodings: () => [0, 0],
  };
}

/** Candidates of the cached greedy choice: n - 1 first, then 1 or 2 a merge; 2n - 3 to 3n - 6 from 3 words on. */
export function greedyEncodings(words: number): readonly [number, number] {
  return words < 3 ? [words - 1, words - 1] : [2 * words - 3, Math.max(2 * words - 3, 3 * words - 6)];
}

/** Names of the composers that Heed ships. */
export type ComposerName = "greedy" | "balanced" | "left" | "right" | "random" | "given";

/** Every composer that Heed ships. */
export const composers: Readonly<Record<ComposerName, Composer>> = {
  greedy: {
    name: "greedy",
    citation: "Socher et al. 2011, section 2.3",
    choose: ({ params, leaves, lengths, form }) => beside(() => greedyTrees(params, leaves, lengths, form)),
    encodings: greedyEncodings,
  },
  balanced: fixed("balanced", "pairs of neighbours, then pairs of pairs", balancedTree),
  left: fixed("left", "a chain from the left, as a recurrent network reads", leftChain),
  right: fixed("right", "a chain from the right", rightChain),
  random: {
    name: "random",
    citation: "neighbours drawn at random",
    choose: ({ sentences, lengths, seed }) => ({
      trees: lengths.map((words, at) => seededTree(words, seedFrom(seed, sentences[at].id))),
      candidates: new Int32Array(lengths.length),
    }),
    encodings: () => [0, 0],
  },
  given: {
    name: "given",
    citation: "the treebank's trees",
    choose: ({ sentences, lengths }) => ({
      trees: sentences.map(({ id, tree }, at) => {
        if (tree?.words === lengths[at]) return tree;
        throw new InputError(
          `Cannot compose along given trees as each sentence must come with one over its ${lengths[at]} words: ` +
            `current value is ${tree ? `one over ${tree.words}` : "none"} for ${JSON.stringify(id.slice(0, 60))}`,
        );
      }),
      candidates: new Int32Array(lengths.length),
    }),
    encodings: () => [0, 0],
  },
};
