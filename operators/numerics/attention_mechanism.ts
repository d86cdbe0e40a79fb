/**
 * What an attention mechanism is: one small object with a name, a citation, a pure function from queries, keys and values
 * to outputs, a state for decoding, and its exact cost. Those of {@linkcode ./attention_mechanisms.ts} are such objects, and
 * a user's own joins every table and figure by being passed in.
 *
 * @module
 */
import { InputError } from "../records.ts";
import { type AttentionCost, totalOf } from "./attention_costs.ts";
import { type AttentionDims, checkAttentionDims, checkBytes, FLOAT } from "./attention_dims.ts";
import type { FeatureMap } from "./feature_map.ts";
import { checkMask } from "./masks.ts";
import { assertShape } from "./shape.ts";
import type { Tensor, Tensor2D, Tensor4D } from "./tf.ts";

/** Who sees whom. */
export interface AttentionOptions {
  /** Query i sees keys 0 to i. @default false */
  readonly causal?: boolean;
  /** Keys to see, `[B, S]`: 1 = attend, 0 = do not look. @default all */
  readonly mask?: Tensor2D;
  /** The least denominator, for mechanisms that divide by one; 0 for the bare quotient. @default the mechanism's own */
  readonly eps?: number;
}

/** What is known of a sequence that is still to come. */
export interface StateOptions {
  /** The most positions that it will have, for mechanisms that know positions by number. */
  readonly positions?: number;
  /** The least denominator, as in {@linkcode AttentionOptions}. */
  readonly eps?: number;
}

/**
 * Causal attention, a chunk at a time: what is kept of the positions so far. Immutable: a step gives the next state, and
 * whoever called it owns both. The first state holds nothing; its sizes come with the first chunk.
 */
export interface AttentionState {
  /** Positions so far. */
  readonly position: number;
  /** All that is kept from step to step. */
  readonly tensors: readonly Tensor[];
  /** The same state in other tensors (clones, say), in the same order. */
  with(tensors: readonly Tensor[]): AttentionState;
  /**
   * Takes a chunk of n positions, 1 or more: q and k `[B, H, n, D]`, v `[B, H, n, M]`, mask `[B, n]`.
   *
   * @returns outputs `[B, H, n, M]`, equal to those of the whole sequence up to rounding, and the state after the chunk
   */
  step(
    q: Tensor4D,
    k: Tensor4D,
    v: Tensor4D,
    mask?: Tensor2D,
  ): { readonly output: Tensor4D; readonly next: AttentionState };
}

/**
 * Checks what {@linkcode AttentionState.step} takes.
 *
 * @throws RangeError when a shape doesn't fit.
 * @throws InputError when the chunk has no position, or the mask holds neither numbers nor booleans.
 */
export function checkChunk(q: Tensor4D, k: Tensor4D, v: Tensor4D, mask: Tensor2D | undefined): void {
  const [batch, heads, length, depth] = q.shape;
  assertShape("q", q, [null, null, null, null]);
  assertShape("k", k, [batch, heads, length, depth]);
  assertShape("v", v, [batch, heads, length, null]);
  if (mask) checkMask(mask, batch, length);
  if (length < 1) {
    throw new InputError(`Cannot take a step as a chunk must have at least one position: current value is ${length}`);
  }
}

/** An attention mechanism. Pure: it neither keeps nor disposes of a tensor. */
export interface AttentionMechanism {
  /** Short and unique: it labels rows, tables and figures. */
  readonly name: string;
  /** What a reader sees, where it differs from the name. */
  readonly label?: string;
  /** Author, year and equation. */
  readonly citation: string;
  /** Where the scale of q·k goes, for readers. */
  readonly scaling?: string;
  /** The kernel in softmax's place, and whether sums over keys or all pairs are computed, for mechanisms that have one. */
  readonly kernel?: { readonly map: FeatureMap; readonly route: "linear" | "quadratic" | "recurrent" };
  /** q `[B, H, N, D]`, k `[B, H, S, D]`, v `[B, H, S, M]`: outputs `[B, H, N, M]`; zeros where nothing is seen. */
  apply(q: Tensor4D, k: Tensor4D, v: Tensor4D, options?: AttentionOptions): Tensor4D;
  /** The state of a sequence that has not begun, for mechanisms that can go position by position. */
  state?(options?: StateOptions): AttentionState;
  /** The closed form of what it costs; causal, of a form that carries its state from position to position. */
  cost?(dims: AttentionDims): AttentionCost;
  /** The closed form of the most bytes that a pass holds beyond Q, K and V, the output included, by what they are for. */
  bytes?(dims: AttentionDims): Readonly<Record<string, number>>;
  /** Why these sizes can't be used, as one clause ("the width must be even: current value is 3"). */
  refuses?(dims: AttentionDims): string | undefined;
}

/**
 * Checks that a mechanism can work with these sizes, before anything is made of them.
 *
 * @throws InputError in one line: which mechanism, which rule, which value
 */
export function checkMechanism(
  mechanism: AttentionMechanism,
  dims: AttentionDims,
): void {
  const reason = mechanism.refuses?.(dims);
  if (reason !== undefined) throw new InputError(`Cannot use the attention "${mechanism.name}" as ${reason}`);
}

/**
 * Checks that a mechanism can work with these sizes and that what it holds fits, by its closed forms, before anything is
 * made. One that tells neither cost nor bytes answers for Q, K, V and the output alone.
 *
 * @param action finishes "Cannot ..." in the message
 * @param training whether a backward pass follows
 * @throws InputError in one line: the size that is none, the rule that is broken, or the predicted bytes
 */
export function checkAttention(
  mechanism: AttentionMechanism,
  dims: AttentionDims,
  action = "attend",
  training = false,
): void {
  checkAttentionDims(dims, action);
  checkMechanism(mechanism, dims);
  checkBytes(attentionBytes(mechanism, dims, training), dims, { action, what: `the attention "${mechanism.name}"` });
}

/** Bytes that an attention holds at once by its closed form, Q, K, V and the output included. */
export function attentionBytes(mechanism: AttentionMechanism, dims: AttentionDims, training = false): number {
  const cost = mechanism.cost?.(dims);
  if (!cost) return 0;
  return FLOAT * (cost.inputs + cost.output + totalOf(training ? cost.training : cost.inference));
}
