/** @module attend: a memory to a way of asking it */
import type { OperatorFunction } from "rxjs";
import type { Encoded } from "./encode.ts";
import { type Loan, type LoanContext, transform } from "./loan.ts";
import { parametersOf } from "./model.ts";
import { type Attend, type Attention, global } from "./numerics/attention.ts";
import { checkScore, type Score, type ScoreDims } from "./numerics/score.ts";
import { type Batch, InputError } from "./records.ts";

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
  readonly attention: Attend;
}

/**
 * Gives each batch a way of asking its memory. What depends on the memory alone (projected keys) is computed once, here.
 * The parameters are the model's group `attention`; in training the gradients at the score's inputs are watched under the
 * names `query` and `memory` (those at the attention's inputs, when an attention is given).
 *
 * @param what A score function for global attention (one of `scores`, or your own), or an attention: `local({ … })`.
 * @throws InputError when it can't work with these sizes.
 */
export function attend(
  what: Score | Attention,
  options: AttendOptions,
): OperatorFunction<Loan<Encoded, Batch>, Loan<Attended, Batch>> {
  return transform((tensors, loan) => ({ ...tensors, attention: attentionOver(what, options, tensors, loan) }));
}

/** What {@linkcode attend} gives a batch. */
export function attentionOver(
  what: Score | Attention,
  { query, hidden = query, positions = 64 }: AttendOptions,
  { memory, memoryMask }: Encoded,
  loan: Loan<unknown, Batch>,
): Attend {
  const dims = { query, key: memory.shape[2], hidden, positions };
  const tap = loan.context.watch;
  if ("apply" in what) checkScore(what, dims, memory.shape[1]);
  else checkAttention(what, dims, memory.shape[1]);
  const attention = "apply" in what ? global({ score: watch(what, tap) }) : what;
  const params = parametersOf("attend", loan).group("attention", (seed) => attention.parameters(dims, seed));
  if (!tap || "apply" in what) return attention.over(params, { memory, mask: memoryMask });
  const ask = attention.over(params, { memory: tap("memory", memory), mask: memoryMask });
  return (queries, place) => ask(tap("query", queries), place);
}

function checkAttention(attention: Attention, dims: ScoreDims, keys: number): void {
  const reason = attention.refuses?.(dims, keys);
  if (reason !== undefined) throw new InputError(`Cannot use the attention "${attention.name}" as ${reason}`);
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
