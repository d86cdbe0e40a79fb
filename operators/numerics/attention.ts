/**
 * Attention over a memory: score, masked softmax, weighted sum (Luong et al. 2015, section 3.1; Bahdanau et al. 2015,
 * equations 5 and 6), and what an attention is as a value: global, local, monotonic or with several heads.
 *
 * @module
 */
import { hideMasked } from "./masks.ts";
import type { CostDims, Score, ScoreCost, ScoreDims } from "./score.ts";
import { assertShape, type InitialValues, type TensorMap } from "./shape.ts";
import { maskedSoftmax } from "./softmax.ts";
import { type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** What attending gives for each query. */
export interface Attended {
  /** Weighted sums of the memory `[B, T, E]`. */
  readonly context: Tensor3D;
  /** Weights `[B, T, S]`: 0 where masked; rows sum to 1 (less where an attention says so), or to 0 where all is masked. */
  readonly alignment: Tensor3D;
}

/**
 * Where queries stand in the target, for attentions to which it matters. Without it, T queries are those of steps 0 to
 * T - 1; with it, all of them stand at one step (the hypotheses of a search, say).
 */
export interface Place {
  /** The step, from 0. */
  readonly step: number;
  /** Each query's weights at the step before, `[B, T, S]`. @default what an attention begins with */
  readonly previous?: Tensor3D;
}

/** An attention over one batch's memory: queries `[B, T, U]` to contexts `[B, T, E]` and weights `[B, T, S]`. */
export type Attend = (queries: Tensor3D, place?: Place) => Attended;

/** One batch's memory. */
export interface Memory {
  /** Keys and values in one, `[B, S, E]`. */
  readonly memory: Tensor3D;
  /** 1 = attend, 0 = do not look, `[B, S]`; a sequence's true positions come first. */
  readonly mask: Tensor2D;
}

/** An attention: which positions are looked at and how much. Pure: it neither keeps nor disposes of a tensor. */
export interface Attention {
  /** Short and unique: `global(general)`. */
  readonly name: string;
  /** What a reader sees, where it differs from the name. */
  readonly label?: string;
  readonly citation: string;
  /** Whether a step's weights depend on those of the step before. */
  readonly follows?: boolean;
  /** Initial values; the same dims and seed give the same values. */
  parameters(dims: ScoreDims, seed: number): InitialValues;
  /** Why these sizes can't be used, as one clause. */
  refuses?(dims: ScoreDims, keys?: number): string | undefined;
  /** What depends on the memory alone is computed now, once; what comes back may be asked step by step or all at once. */
  over(params: TensorMap, memory: Memory): Attend;
  /** The exact cost of one forward pass, from queries and memory to contexts. */
  cost(dims: CostDims): ScoreCost;
}

/** Checks a memory's shapes. @throws RangeError when memory and mask don't fit together. */
export function checkMemory({ memory, mask }: Memory): void {
  assertShape("memory", memory, [null, null, null]);
  assertShape("mask", mask, [memory.shape[0], memory.shape[1]]);
}

/**
 * The memory to work with: whatever padding holds, NaN included, changes no result and no gradient.
 *
 * @throws RangeError when memory and mask don't fit together.
 */
export function visibleMemory(given: Memory): Tensor3D {
  checkMemory(given);
  return hideMasked(given.memory, given.mask);
}

/** A score over a memory: what depends on the memory is prepared, and a result of the wrong shape is refused. */
export function logitsOver(
  score: Score,
  params: TensorMap,
  memory: Tensor3D,
): (query: Tensor3D) => Tensor3D {
  const prepared = score.prepare?.(params, memory);
  return (query) => {
    assertShape("query", query, [memory.shape[0], null, null]);
    const logits = score.apply(params, query, memory, prepared);
    const wanted = [query.shape[0], query.shape[1], memory.shape[1]];
    const shape = logits?.shape;
    if (!shape || shape.length !== 3 || wanted.some((size, axis) => size !== shape[axis])) {
      throw new Error(
        `Cannot use the score ${score.name} as apply must give [B, T, S] = [${wanted.join(", ")}]: ` +
          `current value is ${shape ? `[${shape.join(", ")}]` : String(logits)}`,
      );
    }
    return logits;
  };
}

/**
 * Global attention with one score over one memory.
 *
 * @param params the score's parameters
 * @param memory keys and values in one, `[B, S, E]`
 * @param mask 1 = attend, 0 = do not look, `[B, S]`
 * @throws RangeError when memory and mask don't fit together
 */
export function attend(
  score: Score,
  params: TensorMap,
  memory: Tensor3D,
  mask: Tensor2D,
): (query: Tensor3D) => Attended & { readonly logits: Tensor3D } {
  const seen = visibleMemory({ memory, mask });
  const ask = logitsOver(score, params, seen);
  const visible = mask.expandDims(1); // [B, 1, S]
  return (query) => {
    const logits = ask(query);
    const alignment = maskedSoftmax(logits, visible);
    return { context: tf.matMul(alignment, seen), alignment, logits };
  };
}

/** What weighing costs beside the score: `weights` operations a pair, `more` a sequence, the mask, and the weighted sums. */
export function weighed(score: ScoreCost, dims: CostDims, weights: number, more = 0): ScoreCost {
  const { key, queries, keys, batch = 1 } = dims;
  const operations = score.operations + batch * (queries * keys * (weights + 2 * key) + keys + more);
  return { ...score, operations };
}

/** Operations a pair of the masked softmax: ceiling, largest, difference, exponential, sum, quotient, and floors. */
export const SOFTMAX_OPERATIONS = 6;

/** Attention to the whole memory. */
export function global({ score }: { readonly score: Score }): Attention {
  return {
    name: `global(${score.name})`,
    label: `global, ${score.label ?? score.name}`,
    citation: `${score.citation}; Luong et al. 2015, section 3.1`,
    parameters: (dims, seed) => score.parameters(dims, seed),
    refuses: (dims, keys) => score.refuses?.(dims, keys),
    over: (params, { memory, mask }) => attend(score, params, memory, mask),
    cost: (dims) => weighed(score.cost(dims), dims, SOFTMAX_OPERATIONS),
  };
}

/**
 * No attention: contexts and weights are zero, so that all a decoder knows of its source is the state that it begins with
 * (Sutskever, Vinyals & Le 2014). What every attention is to be compared with.
 */
export function none(): Attention {
  return {
    name: "none",
    label: "no attention",
    citation: "Sutskever, Vinyals & Le 2014",
    parameters: () => ({}),
    over(_params, memory) {
      checkMemory(memory);
      const [batch, keys, width] = memory.memory.shape;
      return ({ shape: [, queries] }) => ({
        context: tf.zeros([batch, queries, width]) as Tensor3D,
        alignment: tf.zeros([batch, queries, keys]) as Tensor3D,
      });
    },
    cost: () => ({ parameters: 0, operations: 0, activations: 0, bytes: 0 }),
  };
}
