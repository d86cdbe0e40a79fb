/**
 * Small labelled sentences and the models of recursive autoencoders over them.
 *
 * @module
 */
import { pipe } from "rxjs";
import { collate } from "../../operators/batch.ts";
import { compose, type ComposeOptions } from "../../operators/compose.ts";
import { type Judgeable, labelNodes, type LabelNodesOptions } from "../../operators/label_nodes.ts";
import type { Model } from "../../operators/model.ts";
import { type Composer, composers } from "../../operators/numerics/composers.ts";
import type { Batch, Sentence } from "../../operators/records.ts";
import { vocabulary } from "../../operators/vocabulary.ts";
import type { ParameterState } from "../../operators/numerics/parameters.ts";
import type { Weights } from "../reference/recursive.ts";

/** The classes, in the order of their numbers. */
export const classes = ["negative", "positive"];

/** A sentence from its words. */
export function sentence(text: string, label: string, others: Partial<Sentence> = {}): Sentence {
  return { id: text, source: text.split(" ").filter((word) => word !== ""), targets: [[label]], ...others };
}

/** Sentences of 1, 2, 3, 5 and 7 words. */
export const someSentences = [
  sentence("good", "positive"),
  sentence("bad story", "negative"),
  sentence("a fine film", "positive"),
  sentence("this film is not good", "negative"),
  sentence("a good story with a fine end", "positive"),
];

/** Their words and classes. */
export const known = {
  source: vocabulary(someSentences.flatMap(({ source }) => source)),
  target: vocabulary(classes),
};

/** A batch of sentences. */
export function batchOf(...sentences: readonly Sentence[]): Batch {
  return collate(sentences.map((example) => ({
    example,
    source: known.source.encode(example.source),
    target: known.target.encode(example.targets[0]),
  })));
}

/** D of {@linkcode tinyRecursive}. */
export const WIDTH = 3;

/** A recursive autoencoder small enough for a reference in loops. */
export function tinyRecursive(
  composer: Composer = composers.greedy,
  composing: Partial<ComposeOptions> = {},
  labelling: Partial<LabelNodesOptions> = {},
): Model<Judgeable> {
  return pipe(
    compose(composer, { vocabulary: known.source, width: WIDTH, deviation: 0.5, ...composing }),
    labelNodes({ classes, ...labelling }),
  );
}

/** Rows of numbers from a flat array. */
export function rowsOf(values: ArrayLike<number>, columns: number): number[][] {
  const flat = Array.from(values);
  return Array.from({ length: flat.length / columns }, (_, row) => flat.slice(row * columns, (row + 1) * columns));
}

/** Saved parameters as the float64 reference takes them. */
export function weightsIn({ values }: ParameterState): Weights {
  const matrix = (name: string) => rowsOf(values[name].data, values[name].shape[1]);
  const vector = (name: string) => Array.from(values[name].data);
  return {
    W1: matrix("recursive/W1"),
    b1: vector("recursive/b1"),
    W2: matrix("recursive/W2"),
    b2: vector("recursive/b2"),
    W3: matrix("label/weights"),
    b3: vector("label/bias"),
  };
}

/** The saved vectors of a sentence's words. */
export function wordsIn({ values }: ParameterState, { source }: Sentence): number[][] {
  const table = rowsOf(values["words/table"].data, values["words/table"].shape[1]);
  return Array.from(known.source.encode(source), (id) => table[id]);
}
