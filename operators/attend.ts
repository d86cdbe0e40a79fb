/** @module attend: a memory to a way of asking it */
import type { OperatorFunction } from "rxjs";
import type { Encoded } from "./encode.ts";
import { type Loan, type LoanContext, transform } from "./loan.ts";
import { parametersOf } from "./model.ts";
import { attend as attention, type Attended as Attention } from "./numerics/attention.ts";
import { checkScore, type Score } from "./numerics/score.ts";
import type { Tensor3D } from "./numerics/tf.ts";
import type { Batch } from "./records.ts";

/** Sizes that a score needs and a batch doesn't tell. */
export interface AttendOptions {
  /** Width of the queries, l_d: the decoder's units. */
  readonly query: number;
  /** Hidden width of scores that have one, d_a. @default the queries' width */
  readonly hidden?: number;
  /** Longest memory for scores that are tied to positions, S_max. @default 64 */
  readonly positions?: number;
}

/** A batch whose memory can be asked. */
export interface Attended extends Encoded {
  /** Queries `[B, T, D]` to contexts `[B, T, E]` and alignments `[B, T, S]`. */
  readonly attention: (query: Tensor3D) => Attention;
}

/**
 * Gives each batch a way of asking its memory. What depends on the memory alone (projected keys) is computed once, here.
 * The parameters are the model's group `attention`; in training the gradients at the score's inputs are watched under the
 * names `query` and `memory`.
 *
 * @param score A score function: one of `scores`, or your own.
 */
export function attend(
  score: Score,
  options: AttendOptions,
): OperatorFunction<Loan<Encoded, Batch>, Loan<Attended, Batch>> {
  const { query, hidden = query, positions = 64 } = options;
  return transform((tensors, loan) => {
    const dims = { query, key: tensors.memory.shape[2], hidden, positions };
    checkScore(score, dims, tensors.memory.shape[1]);
    const params = parametersOf("attend", loan).group("attention", (seed) => score.parameters(dims, seed));
    const watched = watch(checked(score), loan.context.watch);
    return { ...tensors, attention: attention(watched, params, tensors.memory, tensors.memoryMask) };
  });
}

/** The same score, whose result must have the shape `[B, T, S]`. @throws Error in one line that names the score. */
function checked(score: Score): Score {
  return {
    ...score,
    apply: (params, query, keys, prepared) => {
      const logits = score.apply(params, query, keys, prepared);
      const wanted = [query.shape[0], query.shape[1], keys.shape[1]];
      const shape = logits?.shape;
      if (!shape || shape.length !== 3 || wanted.some((size, axis) => size !== shape[axis])) {
        throw new Error(
          `Cannot use the score ${score.name} as apply must give [B, T, S] = [${wanted.join(", ")}]: ` +
            `current value is ${shape ? `[${shape.join(", ")}]` : String(logits)}`,
        );
      }
      return logits;
    },
  };
}

/** The same score with taps on its inputs. A score that prepares its keys sees the memory there and nowhere else. */
function watch(score: Score, tap: LoanContext["watch"]): Score {
  if (!tap) return score;
  return {
    ...score,
    prepare: score.prepare && ((params, keys) => score.prepare!(params, tap("memory", keys))),
    apply: (params, query, keys, prepared) =>
      score.apply(params, tap("query", query), prepared ? keys : tap("memory", keys), prepared),
  };
}
