/**
 * The learner of the parallel tests: the tiny model, and ways to break it in a worker.
 *
 * @module
 */
import { pipe } from "rxjs";
import type { Decoded } from "../../operators/decode.ts";
import { type Loan, transform } from "../../operators/loan.ts";
import { sequenceLoss } from "../../operators/losses.ts";
import { tf } from "../../operators/numerics/tf.ts";
import type { Learner } from "../../operators/parallel.ts";
import type { Batch } from "../../operators/records.ts";
import { tinyModel } from "./streams.ts";

/** What can be asked of it; the caller's own learner is made without. */
export interface LearnerOptions {
  /** What goes wrong when the model runs for the `at`-th time. */
  readonly breaks?: "throws" | "exits" | "crashes" | "stalls";
  readonly at?: number;
  /** An int32 in shared memory that counts as long as the thread lives. */
  readonly beats?: SharedArrayBuffer;
  /** Watches a tensor whose first axis isn't the batch. */
  readonly watchesParameter?: boolean;
}

/** Makes the tiny model with the summed loss. */
export function learner({ breaks, at = 1, beats, watchesParameter }: LearnerOptions = {}): Learner<Decoded> {
  if (beats) setInterval(() => Atomics.add(new Int32Array(beats), 0, 1), 5);
  let runs = 0;
  const mishap = transform((decoded: Decoded, loan: Loan<Decoded, Batch>) => {
    if (watchesParameter) loan.context.watch?.("parameter", tf.ones([97]));
    if (++runs < at) return decoded;
    if (breaks === "throws") throw new Error("broken model\nand a second line");
    if (breaks === "exits") Deno.exit(3);
    if (breaks === "crashes") setTimeout(() => null!["broken timer" as never]);
    if (breaks === "stalls") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    return decoded;
  });
  return { model: pipe(tinyModel(), mishap), loss: sequenceLoss };
}

/** A learner with another parameter than the tiny model has. */
export function otherLearner(): Learner<Decoded> {
  const extra = transform((decoded: Decoded, { context }: Loan<Decoded, Batch>) => {
    context.parameters!.group("extra", () => ({ bias: { shape: [2], values: new Float32Array(2) } }));
    return decoded;
  });
  return { model: pipe(tinyModel(), extra), loss: sequenceLoss };
}

/** Not a learner. */
export const nothing = 7;
