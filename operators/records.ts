/**
 * The plain data that flows between operators, datasets and reports. Nothing here holds a tensor, so records may be
 * buffered, shared, replayed and delayed as you like.
 *
 * @module
 */

/** One item of a dataset: a source sequence and every target sequence that counts as right. */
export interface Example {
  /** What names the item, unique within its dataset (for a dictionary: the word). */
  readonly id: string;
  /** Source symbols in reading order (for a dictionary: the letters). */
  readonly source: readonly string[];
  /** Accepted target sequences, at least one; the first is the one that is learnt. */
  readonly targets: readonly (readonly string[])[];
  /** Where it is known: the source position that each symbol of the first target is taken from. */
  readonly alignment?: readonly number[];
}

/** Stands in a target where no label is asked for: the symbol of the padding id, which nothing is learnt from. */
export const UNASKED = "<pad>";

/**
 * A binary tree over the n words of a sentence: nodes 0 to n - 1 are the words in reading order, node n + k is the k-th
 * merge, and the last merge is the root. A word alone is a tree without merges.
 */
export interface Tree {
  readonly words: number;
  /** Node on the left of each merge, `[n - 1]`. */
  readonly left: Int32Array;
  /** Node on the right of each merge, `[n - 1]`. */
  readonly right: Int32Array;
  /** The class of each node, `[2 n - 1]`, where a treebank says so; -1 where it doesn't. */
  readonly labels?: Int32Array;
}

/** A sentence with its class: words in, one label out (`targets` is `[[label]]`). */
export interface Sentence extends Example {
  /** The tree that a treebank gives it. */
  readonly tree?: Tree;
}

/** An {@linkcode Example} in numbers. */
export interface Tokens {
  readonly example: Example;
  /** Source ids, no padding, no sentence marks. */
  readonly source: Int32Array;
  /** Ids of the first target, no padding, no sentence marks. */
  readonly target: Int32Array;
}

/** Several {@linkcode Tokens}, padded to rectangles. */
export interface Batch {
  readonly examples: readonly Example[];
  /** B, the number of examples. */
  readonly size: number;
  readonly source: Padded;
  readonly target: Padded;
}

/** B sequences in one rectangle `[B, width]`, row by row; positions past a row's length hold the padding id 0. */
export interface Padded {
  readonly ids: Int32Array;
  readonly lengths: Int32Array;
  /** Columns: the longest length in the batch, at least 1. */
  readonly width: number;
}

/** What a gradient step can be taken on: several items in one record. */
export interface Gathered {
  /** B, the number of items. */
  readonly size: number;
}

/** One item of a dataset that is nothing but numbers: an image's pixels, a table's row. */
export interface Vector {
  readonly id: string;
  readonly values: Float32Array;
}

/** B vectors in one rectangle `[B, width]`, row by row. */
export interface Vectors extends Gathered {
  readonly width: number;
  readonly values: Float32Array;
}

/** What a squared error needs to know of B vectors: their second moments and their mean, and no vector any more. */
export interface Moments extends Gathered {
  readonly width: number;
  /** S = XXᵀ/B, uncentred, `[width, width]`. */
  readonly second: Float32Array;
  /** `[width]` */
  readonly mean: Float32Array;
}

/** Numbers of a tensor, row-major. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The next positions of one long sequence: queries and keys `[B, H, n, D]`, values `[B, H, n, M]`; n may vary. */
export interface AttentionChunk {
  readonly q: Numbers;
  readonly k: Numbers;
  readonly v: Numbers;
  /** Keys to see, `[B, n]`: 1 = attend, 0 = do not look. @default all */
  readonly mask?: Numbers;
}

/** What one gradient step reports. */
export interface TrainStep {
  /** Steps taken so far by this subscription, from 1. */
  readonly step: number;
  /** What was minimised: for sequences the mean a target token, in nats. */
  readonly loss: number;
  /** Global gradient norm before clipping. */
  readonly gradientNorm: number;
  readonly examples: number;
  /** Source and target tokens, padding excluded; 0 where records hold none. */
  readonly tokens: number;
  /** Wall-clock seconds of the step. */
  readonly seconds: number;
  /** Norms of the gradient at tensors that the model chose to watch, by name. */
  readonly watched: Readonly<Record<string, number>>;
}

/** One decoded example. */
export interface Prediction {
  readonly example: Example;
  /** The best hypothesis, as symbols. */
  readonly hypothesis: readonly string[];
  /** Log-probability of the hypothesis, in nats. */
  readonly logProbability: number;
  /** Attention weights `[hypothesis length + 1][source length]` (the last row belongs to the end mark). */
  readonly alignment: readonly Float32Array[];
}

/** A label of a measurement: what a figure groups, colours or facets by. */
export type Label = string | number;

/** One tidy row: what was measured, in which trial, when, and in which unit. */
export interface Measurement {
  /** Content hash of the trial. */
  readonly trial: string;
  /** What was measured, in the field's word: `per`, `wer`, `loss/train`. */
  readonly metric: string;
  /** Where in the trial: an epoch or a step, as the pipeline says. */
  readonly step: number;
  readonly value: number;
  /** The value's unit: `nats`, `%`, `s`, `bytes`, `1` for a bare ratio or count. */
  readonly unit: string;
  readonly labels: Readonly<Record<string, Label>>;
}

/** Where a dataset comes from, as the method section of a page prints it. */
export interface Provenance {
  readonly name: string;
  /** Which part was read: `train`, `dev`, `test`, or a file's name. */
  readonly split: string;
  readonly licence: string;
  readonly citation: string;
  /** SHA-256 of the bytes that were read, in hexadecimal. */
  readonly checksum: string;
}

/** A dataset in hand: items that can be walked again and again, pulled one at a time, and where they are from. */
export interface Dataset<T> extends Iterable<T> {
  readonly provenance: Provenance;
  readonly length: number;
}

/** Input from a user that can't be used. The message is one line: what was wrong, where, and what is accepted. */
export class InputError extends Error {
  override readonly name = "InputError";
}
