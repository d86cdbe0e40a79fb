/**
 * Trees over sentences, and the arrangement in which a batch of them is computed: level by level, so that every level is
 * one matrix product however many sentences there are. Plain typed arrays; no tensors.
 *
 * @module
 */
import { InputError, type Tree } from "../records.ts";
import { type Random, randomFrom } from "./random.ts";

/** A tree from its merges, `[left, right]` in the order in which they are made. */
export function treeOf(words: number, merges: readonly (readonly [number, number])[]): Tree {
  return { words, left: Int32Array.from(merges, ([l]) => l), right: Int32Array.from(merges, ([, r]) => r) };
}

/**
 * Pairs of neighbours, then pairs of pairs, until one is left; the last of an odd count waits for the next round. Depth
 * ⌈log₂ n⌉.
 */
export function balancedTree(words: number): Tree {
  const merges: [number, number][] = [];
  let nodes = Array.from({ length: words }, (_, at) => at);
  while (nodes.length > 1) {
    const next: number[] = [];
    for (let at = 0; at + 1 < nodes.length; at += 2) next.push(words + merges.push([nodes[at], nodes[at + 1]]) - 1);
    if (nodes.length % 2 === 1) next.push(nodes[nodes.length - 1]);
    nodes = next;
  }
  return treeOf(words, merges);
}

/** Where each node's words begin and end (not included): `[2 (2n - 1)]`, two numbers a node. */
export function spansOf({ words, left, right }: Tree): Int32Array {
  const spans = new Int32Array(2 * (2 * words - 1));
  for (let word = 0; word < words; word++) spans.set([word, word + 1], 2 * word);
  left.forEach((child, merge) => {
    spans[2 * (words + merge)] = spans[2 * child];
    spans[2 * (words + merge) + 1] = spans[2 * right[merge] + 1];
  });
  return spans;
}

/** (((a b) c) d): what a recurrent network reads from left to right. */
export function leftChain(words: number): Tree {
  return treeOf(words, Array.from({ length: words - 1 }, (_, k) => [k === 0 ? 0 : words + k - 1, k + 1] as const));
}

/** (a (b (c d))). */
export function rightChain(words: number): Tree {
  return treeOf(
    words,
    Array.from({ length: words - 1 }, (_, k) => [words - 2 - k, k === 0 ? words - 1 : words + k - 1] as const),
  );
}

/** Merges a pair of neighbours drawn at random, again and again. */
export function randomTree(words: number, random: Random): Tree {
  const nodes = Array.from({ length: words }, (_, at) => at);
  const merges: [number, number][] = [];
  while (nodes.length > 1) {
    const at = random.integer(nodes.length - 1);
    const node = words + merges.push([nodes[at], nodes[at + 1]]) - 1;
    nodes.splice(at, 2, node);
  }
  return treeOf(words, merges);
}

/** {@linkcode randomTree} from a seed. */
export function seededTree(words: number, seed: number): Tree {
  return randomTree(words, randomFrom(seed));
}

/**
 * A batch of trees as one forest of rows: first the words of all sentences, then all merges, lower levels first. A level
 * is the longest way down to a word, so that a level's merges need lower rows only.
 */
export interface Forest {
  readonly trees: readonly Tree[];
  /** Rows that are words, L. */
  readonly leaves: number;
  /** Rows in all, N. */
  readonly nodes: number;
  /** The rows of each merge's children, `[left, right]` a merge, in the order of rows; int32 `[N - L, 2]`. */
  readonly children: Int32Array;
  /** Where each level's merges begin and end, counted from the first merge; `[levels + 1]`. */
  readonly levels: readonly number[];
  /** Words under each row, `[N]`. */
  readonly sizes: Int32Array;
  /** Level of each row, 0 for words, `[N]`. */
  readonly heights: Int32Array;
  /** The sentence of each row, `[N]`. */
  readonly sentence: Int32Array;
  /** The node of its tree that each row is, `[N]`. */
  readonly node: Int32Array;
  /** The row of each sentence's root, `[B]`. */
  readonly roots: Int32Array;
}

/**
 * Arranges trees.
 *
 * @throws InputError when a sentence has no words, or a tree is none: a node that is used twice or before it is made.
 */
export function forestOf(trees: readonly Tree[]): Forest {
  trees.forEach(check);
  const leaves = trees.reduce((sum, { words }) => sum + words, 0);
  const nodes = trees.reduce((sum, { words }) => sum + 2 * words - 1, 0);
  const merges = nodes - leaves;
  const level = new Int32Array(merges), width = new Int32Array(merges); // in the order of trees
  let deepest = 0;
  for (let tree = 0, first = 0; tree < trees.length; first += trees[tree++].words - 1) {
    const { words, left, right } = trees[tree];
    const used = new Uint8Array(2 * words - 1);
    for (let k = 0; k < words - 1; k++) {
      let height = 0, size = 0;
      for (const child of [left[k], right[k]]) {
        if (!(child >= 0 && child < words + k) || used[child]++) {
          throw new InputError(
            `Cannot compose sentence ${tree + 1} as each node must be made before it is used, once: ` +
              `current value is node ${child} in merge ${k + 1}`,
          );
        }
        height = Math.max(height, child < words ? 0 : level[first + child - words]);
        size += child < words ? 1 : width[first + child - words];
      }
      level[first + k] = height + 1;
      width[first + k] = size;
      deepest = Math.max(deepest, height + 1);
    }
  }
  const levels = new Array<number>(deepest + 1).fill(0);
  for (const height of level) levels[height]++;
  for (let height = 1; height <= deepest; height++) levels[height] += levels[height - 1];

  const children = new Int32Array(2 * merges), sizes = new Int32Array(nodes).fill(1), heights = new Int32Array(nodes);
  const sentence = new Int32Array(nodes), node = new Int32Array(nodes), roots = new Int32Array(trees.length);
  const next = levels.slice(0, deepest).map((start) => leaves + start);
  const rowOf = new Int32Array(merges); // row of each merge, in the order of trees
  for (let tree = 0, first = 0, leaf = 0; tree < trees.length; tree++) {
    const { words, left, right } = trees[tree];
    const rowAt = (child: number) => child < words ? leaf + child : rowOf[first + child - words];
    for (let at = 0; at < words; at++) {
      sentence[leaf + at] = tree;
      node[leaf + at] = at;
    }
    for (let k = 0; k < words - 1; k++) {
      const row = next[level[first + k] - 1]++;
      rowOf[first + k] = row;
      children[2 * (row - leaves)] = rowAt(left[k]);
      children[2 * (row - leaves) + 1] = rowAt(right[k]);
      sizes[row] = width[first + k];
      heights[row] = level[first + k];
      sentence[row] = tree;
      node[row] = words + k;
    }
    roots[tree] = words === 1 ? leaf : rowOf[first + words - 2];
    first += words - 1;
    leaf += words;
  }
  return { trees, leaves, nodes, children, levels, sizes, heights, sentence, node, roots };
}

function check({ words, left, right }: Tree, at: number): void {
  if (!(Number.isInteger(words) && words >= 1)) {
    throw new InputError(
      `Cannot compose sentence ${at + 1} as it must have at least 1 word: current value is ${words}`,
    );
  }
  if (left.length !== words - 1 || right.length !== words - 1) {
    throw new InputError(
      `Cannot compose sentence ${at + 1} as a tree over ${words} words must have ${words - 1} merges: ` +
        `current value is ${left.length} and ${right.length}`,
    );
  }
}
