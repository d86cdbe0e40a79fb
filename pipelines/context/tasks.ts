/**
 * The three tasks: their examples, and the chain that learns them.
 *
 * @module
 */
import { pipe } from "rxjs";
import { bytesOf, listops, listopsFile, recall, type Review, reviews, subset } from "../../datasets/mod.ts";
import {
  type AttentionMechanism,
  classify,
  contextualise,
  type Contextualiser,
  type Labelled,
  type Model,
  noPositions,
  type PositionEncoding,
  seedFrom,
  shuffleInPlace,
  sinusoidalPositions,
  tag,
  transformer,
  type Vocabularies,
  vocabularies,
  vocabulary,
} from "../../operators/mod.ts";
import type { Dataset, Example, Provenance } from "../../operators/records.ts";
import type { Options } from "../experiment.ts";

/** Examples a gradient step. */
export const BATCH = 32;

/** Steps of so many in which the rate of reviews rises to its greatest. */
export function warmSteps(steps: number): number {
  return Math.min(50, Math.floor(steps / 10));
}

/** A task in hand. */
export interface Task {
  /** Where the examples are from, by set. */
  readonly sets: Readonly<Record<"train" | "test", { readonly provenance: Provenance; readonly length: number }>>;
  /** `count` training examples after the first `from`, in an order that the seed decides. */
  learnt(from: number, count: number): Iterable<Example>;
  readonly test: Iterable<Example>;
  readonly vocabulary: Vocabularies;
  readonly contextualiser: Contextualiser;
  readonly model: Model<Labelled>;
  /** Positions of the longest test example: where costs are stated. */
  readonly positions: number;
  /** Positions of the longest example of all: what memory must hold. */
  readonly longest: number;
}

/**
 * Reads or generates a trial's examples, and makes its model.
 *
 * @throws InputError when a file that its options name can't be used.
 */
export function taskOf(options: Options, attention: AttentionMechanism, seed: number): Promise<Task> {
  const makers = { recall: recallTask, listops: listopsTask, bytes: bytesTask };
  return makers[options.task as keyof typeof makers](options, attention, seed);
}

async function recallTask(options: Options, attention: AttentionMechanism, seed: number): Promise<Task> {
  const [pairs, symbols, width] = ["pairs", "symbols", "width"].map((key) => Number(options[key]));
  const shape = { pairs, vocabulary: symbols, seed };
  const train = await recall({ split: "train", size: Number(options.steps) * BATCH, ...shape });
  const test = await recall({ split: "test", size: Number(options.test), ...shape });
  const every = (letter: string) => Array.from({ length: symbols / 2 }, (_, at) => `${letter}${at}`);
  const known = { source: vocabulary([...every("k"), ...every("v")]), target: vocabulary(every("v")) };
  const contextualiser = transformer({ attention, width, hidden: 0, window: 2, causal: true });
  return {
    sets: { train, test },
    learnt: (from, count) => stretch(train, from, count),
    test,
    vocabulary: known,
    contextualiser,
    model: pipe(contextualise(contextualiser, known.source), tag(known.target)),
    positions: 4 * pairs,
    longest: 4 * pairs,
  };
}

async function listopsTask(options: Options, attention: AttentionMechanism, seed: number): Promise<Task> {
  const number = (key: string) => Number(options[key]);
  const limits = {
    maxDepth: number("depth"),
    maxArguments: number("arguments"),
    minLength: number("shortest"),
    maxLength: number("longest"),
    seed,
  };
  const files = { train: String(options.listopsTrain ?? ""), test: String(options.listopsTest ?? "") };
  const train = files.train === ""
    ? await listops({ split: "train", size: number("steps") * BATCH, ...limits })
    : await listopsFile(files.train);
  const test = files.test === ""
    ? await listops({ split: "test", size: number("test"), ...limits })
    : head(await listopsFile(files.test), number("test"));
  const digits = Array.from({ length: 10 }, (_, digit) => `${digit}`);
  const known = {
    source: vocabulary([...digits, "[MIN", "[MAX", "[MED", "[SM", "]"]),
    target: vocabulary(digits),
  };
  const held = files.train === "" ? undefined : [...train];
  const positions = longestOf(test);
  return {
    sets: { train, test },
    learnt: (from, count) => held ? rounds(held, from, count, seed) : stretch(train, from, count),
    test,
    vocabulary: known,
    ...reader(options, attention, known),
    positions,
    longest: Math.max(positions, held ? longestOf(held) : limits.maxLength),
  };
}

async function bytesTask(options: Options, attention: AttentionMechanism, seed: number): Promise<Task> {
  const limit = Number(options.bytes);
  const exampleOf = ({ id, text, label }: Review): Example => ({
    id,
    source: Array.from(bytesOf(text, limit), (byte) => String.fromCharCode(byte)),
    targets: [[label === 1 ? "positive" : "negative"]],
  });
  const train = await reviews({ split: "train" });
  const test = await reviews({ split: "test", size: Number(options.test) });
  const held = [...train];
  const known = {
    source: vocabulary(Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))),
    target: vocabularies([...test].slice(0, 100).map(exampleOf)).target,
  };
  return {
    sets: { train, test },
    learnt: function* (from, count) {
      for (const review of rounds(held, from, count, seed)) yield exampleOf(review);
    },
    test: {
      *[Symbol.iterator]() {
        for (const review of test) yield exampleOf(review);
      },
    },
    vocabulary: known,
    ...reader(options, attention, known, noPositions), // which word was first says little of a sentiment
    positions: limit,
    longest: limit,
  };
}

/** A model that reads the whole sequence, both ways, and says one label. */
function reader(
  options: Options,
  attention: AttentionMechanism,
  known: Vocabularies,
  positions: PositionEncoding = sinusoidalPositions,
) {
  const [width, heads, blocks] = ["width", "heads", "blocks"].map((key) => Number(options[key]));
  const contextualiser = transformer({
    attention,
    width,
    heads,
    blocks,
    hidden: 2 * width,
    window: 3,
    positions,
  });
  const model: Model<Labelled> = pipe(contextualise(contextualiser, known.source), classify(known.target));
  return { contextualiser, model };
}

/** `count` items after the first `from`, of items that are made as they are asked for. */
function* stretch<T>(items: Iterable<T>, from: number, count: number): Generator<T> {
  let at = 0;
  for (const item of items) {
    if (at >= from + count) return;
    if (at++ >= from) yield item;
  }
}

/** The same of items in hand, round after round, each in an order of its own. */
function* rounds<T>(items: readonly T[], from: number, count: number, seed: number): Generator<T> {
  let order: number[] = [];
  let round = -1;
  for (let at = from; at < from + count; at++) {
    const now = Math.floor(at / items.length);
    if (now !== round) {
      round = now;
      order = shuffleInPlace(items.map((_, index) => index), seedFrom(seed, `round ${round}`));
    }
    yield items[order[at % items.length]];
  }
}

function longestOf(examples: Iterable<Example>): number {
  let most = 0;
  for (const { source } of examples) most = Math.max(most, source.length);
  return most;
}

function head(dataset: Dataset<Example>, size: number): Dataset<Example> {
  return subset(dataset, Math.min(size, dataset.length));
}
