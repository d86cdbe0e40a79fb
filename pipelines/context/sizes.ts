/**
 * Whether a trial's batch can fit in memory at all, said before anything is allocated.
 *
 * @module
 */
import { attentionBytes, type AttentionMechanism, checkBytes } from "../../operators/mod.ts";
import type { Options } from "../experiment.ts";
import { BATCH } from "./tasks.ts";

/**
 * Numbers a position and unit of width that a step keeps beside its attention: for each block, and for embedding, last norm
 * and head together. Softmax with one block and a perceptron was seen to keep 80, kernels more; half of that is asked for.
 */
const PER_UNIT = { block: 30, rest: 10 };

/** Positions of a trial's longest example as its options tell; a file's may be longer, or shorter. */
export function positionsOf({ task, pairs, longest, bytes }: Options): number {
  return Number(task === "recall" ? 4 * Number(pairs) : task === "listops" ? longest : bytes);
}

/**
 * Checks the least that one batch takes in training: its attention's closed form in one block, and the rows of all.
 *
 * @throws InputError in one line, with the predicted bytes, where they are over the 4 GiB that WebAssembly can address.
 */
export function checkBatch(options: Options, attention: AttentionMechanism, positions = positionsOf(options)): void {
  const { task, width, heads = 1, blocks = 1 } = options;
  const [w, h] = [Number(width), Number(heads)];
  const dims = { n: positions, d: w / h, m: w / h, heads: h, batch: BATCH, causal: task === "recall" };
  const rows = BATCH * positions * w * (PER_UNIT.rest + Number(blocks) * PER_UNIT.block);
  checkBytes(attentionBytes(attention, dims, true) + 4 * rows, dims, {
    action: `learn ${task} with ${attention.label ?? attention.name}`,
    what: "the least that one batch takes",
  });
}
