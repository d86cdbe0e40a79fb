/** @module TrainOptions: what `train` must know beside its model */
import type { Loan } from "./loan.ts";
import type { BatchTensors } from "./model.ts";
import type { Optimiser } from "./numerics/adam.ts";
import type { SummedLoss } from "./numerics/loss.ts";
import type { Parameters } from "./numerics/parameters.ts";
import type { Schedule } from "./numerics/schedules.ts";
import type { Scalar } from "./numerics/tf.ts";
import type { ParallelOptions } from "./parallel.ts";
import type { Batch, Gathered } from "./records.ts";

/** Options of `train`. */
export interface TrainOptions<T, I = BatchTensors, R extends Gathered = Batch> {
  /** What is learnt. The parameters belong to the caller's subscription: `using(() => new Parameters(seed), …)`. */
  parameters: Parameters;
  /** How parameters follow their gradients: `adam()`. */
  optimiser: Optimiser;
  /** Learning rate by step, from 0: `constantRate(0.001)`, `linearDecay(0.005, 600)`. */
  learningRate: Schedule;
  /**
   * Mean loss of a batch: a scalar (`meanSequenceLoss`), or the sum with the number of tokens (`sequenceLoss`), which
   * training in parallel needs.
   */
  loss: (tensors: T, loan: Loan<T, R>) => Scalar | SummedLoss;
  /**
   * The tensors that a record is lent as, where records are not batches of sequences: `momentTensors`, `vectorTensors`.
   * @default {batchTensors}
   */
  lend?: (record: R) => I;
  /**
   * Largest global gradient norm (Pascanu et al. 2013).
   * @default {Infinity} no clipping
   */
  clip?: number;
  /**
   * Whether to report the norms of the gradients at the tensors that the chain watches.
   * @default {false}
   */
  watch?: boolean;
  /**
   * Several cores for this one model: the same steps to rounding, and the same bits in every run. Watched tensors must
   * then have the batch as their first axis.
   * @default {undefined} the thread that runs `train` alone
   */
  parallel?: ParallelOptions;
}
