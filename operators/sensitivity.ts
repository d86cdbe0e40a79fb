/** @module sensitivity: how strongly each source position decides each target symbol */
import { defer, map, type OperatorFunction } from "rxjs";
import type { Decoded } from "./decode.ts";
import { lend, loanOf, settle, transform } from "./loan.ts";
import { type BatchTensors, batchTensors, Callable, type Model } from "./model.ts";
import { maskedCrossEntropy } from "./numerics/loss.ts";
import type { Parameters } from "./numerics/parameters.ts";
import { type Scalar, type Tensor2D, type Tensor3D, tf, type Variable } from "./numerics/tf.ts";
import type { Batch } from "./records.ts";

/** Gradient norms of one example. */
export interface Sensitivity {
  readonly batch: Batch;
  /** `[T][S]`: the norm of ∂ log p(y_t) / ∂ x_s, x_s being the embedding of source position s; the end mark last. */
  readonly norms: readonly (readonly number[])[];
}

/**
 * Takes, for each target step of a batch of one example, the gradient of its log-probability at the embeddings of the
 * source. It is read off the rows of the embedding table, so no symbol may occur twice in the source. Nothing is learnt.
 *
 * @throws RangeError when a batch has more than one example, or a symbol occurs twice.
 */
export function sensitivity(
  model: Model<Decoded>,
  { parameters }: { readonly parameters: Parameters },
): OperatorFunction<Batch, Sensitivity> {
  return (source) =>
    defer(() => {
      const chain = new Callable(model);
      return source.pipe(
        map((batch) => checked(batch)),
        lend(batchTensors, { parameters }),
        transform((tensors, { record }) => {
          chain.call(loanOf<BatchTensors, Batch>(record, tensors, { parameters })); // makes what isn't made yet
          const table = parameters.group("encoder", () => ({}))["embedding/table"] as Variable;
          const [, steps] = tensors.targets.shape;
          const rows = Array.from({ length: steps }, (_, step) => {
            const mask = tf.oneHot([step], steps).toFloat() as Tensor2D;
            const { grads } = tf.variableGrads(() => {
              const { logits, targets } =
                chain.call(loanOf<BatchTensors, Batch>(record, tensors, { parameters })).tensors;
              return maskedCrossEntropy(logits as Tensor3D, targets, mask).sum as Scalar;
            }, [table]);
            const found = tf.gather(grads[table.name], tensors.source.reshape([-1])); // [S, E]
            return tf.norm(found, 2, 1);
          });
          return { norms: tf.stack(rows) };
        }),
        settle(),
        map(({ record, values }) => {
          const [steps, width] = values.norms.shape;
          const norms = Array.from(
            { length: steps },
            (_, step) => Array.from(values.norms.data.subarray(step * width, (step + 1) * width)),
          );
          return { batch: record, norms };
        }),
      );
    });
}

function checked(batch: Batch): Batch {
  if (batch.size !== 1) {
    throw new RangeError(`Cannot take sensitivities as a batch must hold one example: current value is ${batch.size}`);
  }
  if (new Set(batch.source.ids).size !== batch.source.ids.length) {
    throw new RangeError("Cannot take sensitivities as no symbol may occur twice in the source");
  }
  return batch;
}
