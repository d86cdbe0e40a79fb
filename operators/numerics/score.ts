/**
 * What a score function is: one small object with a name, a citation, its parameters, a pure function from tensors to
 * logits, and its exact cost. The five of {@linkcode ./scores.ts} are such objects, and so is a user's own.
 *
 * Letters, in THEORY.md's and here: h_t is a query (decoder state, width l_d), hbar_s is a key (encoder state, width
 * l_e), d_a is the hidden width of a score that has one, B sequences, T queries and S keys each.
 *
 * @module
 */
import { InputError } from "../records.ts";
import type { InitialValues, TensorMap } from "./shape.ts";
import type { Tensor, Tensor3D } from "./tf.ts";

/** The sizes that decide a score's parameters. */
export interface ScoreDims {
  /** l_d, the width of a query. */
  readonly query: number;
  /** l_e, the width of a key. */
  readonly key: number;
  /** d_a, the hidden width, for scores that have one. */
  readonly hidden: number;
  /** S_max, the most positions that a memory may have, for scores that know positions by number. */
  readonly positions: number;
}

/** The sizes that decide a score's cost. */
export interface CostDims extends ScoreDims {
  /** T, queries of one sequence. */
  readonly queries: number;
  /** S, keys of one sequence. */
  readonly keys: number;
  /** B, sequences. @default {1} */
  readonly batch?: number;
}

/** What a score costs: closed forms, exact, counted as {@linkcode ./counting.ts} counts. */
export interface ScoreCost {
  /** Learnt numbers. */
  readonly parameters: number;
  /** Floating-point operations of one forward pass over all T x S pairs of all B sequences; a multiply-add is 2. */
  readonly operations: number;
  /** Elements that grow with T x S and that the backward pass needs, over all B sequences. */
  readonly activations: number;
  /** `activations` in bytes of float32. */
  readonly bytes: number;
}

/** A score function: how well a query and a key match. Pure: it neither keeps nor disposes of a tensor. */
export interface Score {
  /** Short and unique: it labels rows, tables and figures. */
  readonly name: string;
  /** What a reader sees, where it differs from the name. */
  readonly label?: string;
  /** Author, year and equation. */
  readonly citation: string;
  /** What it looks at: what the keys hold, or only where they stand. @default {"content"} */
  readonly basis?: "content" | "position";
  /** Initial values; the same dims and seed give the same values. */
  parameters(dims: ScoreDims, seed: number): InitialValues;
  /** Why these sizes can't be used, as one clause ("query and key widths must be equal: current value is 3 and 5"). */
  refuses?(dims: ScoreDims, keys?: number): string | undefined;
  /** What can be computed once per memory, from keys `[B, S, l_e]`; handed back to `apply`. */
  prepare?(params: TensorMap, keys: Tensor3D): Tensor;
  /**
   * Logits `[B, T, S]` of queries `[B, T, l_d]` against keys `[B, S, l_e]`.
   *
   * @param prepared what `prepare` made of these keys; without it, `apply` makes it itself
   */
  apply(params: TensorMap, query: Tensor3D, keys: Tensor3D, prepared?: Tensor): Tensor3D;
  /** The exact cost, `prepare` included. */
  cost(dims: CostDims): ScoreCost;
}

/** A score that looks at what the keys hold: what local and monotonic attention ask for, since they choose the place. */
export interface ContentScore extends Score {
  readonly basis?: "content";
}

/** A score that looks only at where keys stand. */
export interface PositionScore extends Score {
  readonly basis: "position";
}

/**
 * Checks that a score can work with these sizes, before anything is made of them.
 *
 * @param keys the longest memory, where it is known
 * @throws InputError in one line: which score, which rule, which value
 */
export function checkScore(score: Score, dims: ScoreDims, keys?: number): void {
  for (const [name, size] of Object.entries(dims)) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new InputError(
        `Cannot use the score "${score.name}" as ${name} must be a positive integer: current value is ${size}`,
      );
    }
  }
  const reason = score.refuses?.(dims, keys);
  if (reason !== undefined) throw new InputError(`Cannot use the score "${score.name}" as ${reason}`);
}
