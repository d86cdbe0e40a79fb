/** @module predict: batches to hypotheses */
import { map, type OperatorFunction } from "rxjs";
import type { Decoded, DecodingOptions } from "./decode.ts";
import { lend, settle, transform } from "./loan.ts";
import { sequenceLoss } from "./losses.ts";
import { batchTensors, type Model } from "./model.ts";
import { backtrack } from "./numerics/backtrack.ts";
import type { Parameters } from "./numerics/parameters.ts";
import type { Batch, Prediction } from "./records.ts";
import { SPECIAL, type Vocabulary } from "./vocabulary.ts";

/** Options of {@linkcode predict}. */
export interface PredictOptions extends Omit<DecodingOptions, "maxLength"> {
  /** The most symbols of a hypothesis, end mark included; may depend on the batch, so that short words are quick. */
  readonly maxLength: number | ((batch: Batch) => number);
  readonly parameters: Parameters;
  /** Of the target side. */
  readonly vocabulary: Vocabulary;
}

/** What a model says of one batch. */
export interface Predicted {
  readonly batch: Batch;
  /** Loss under teacher forcing, summed over the batch's target tokens, in nats. */
  readonly loss: number;
  /** Target tokens, end marks included. */
  readonly tokens: number;
  /** One prediction an example, in the batch's order. */
  readonly predictions: readonly Prediction[];
}

/** Runs a model without learning: the loss under teacher forcing, and what a search finds without seeing the targets. */
export function predict(model: Model<Decoded>, options: PredictOptions): OperatorFunction<Batch, Predicted> {
  const { parameters, vocabulary, beams = 1, alpha, maxLength } = options;
  return (source) =>
    source.pipe(
      lend(batchTensors, { parameters }),
      model,
      transform((decoded, { record }) => {
        const { sum, tokens } = sequenceLoss(decoded);
        const limit = typeof maxLength === "number" ? maxLength : maxLength(record);
        const trace = decoded.search({ beams, alpha, maxLength: limit });
        return { sum, count: tokens, ...trace };
      }),
      settle(),
      map(({ record: batch, values }) => {
        const [steps, size, , width] = values.alignment.shape;
        const hypotheses = backtrack({
          tokens: values.tokens.data,
          parents: values.parents.data,
          logProbability: values.logProbability.data,
          alignment: values.alignment.data as Float32Array,
          steps,
          batch: size,
          beams,
          width,
        }, { end: SPECIAL.end, sourceLengths: batch.source.lengths });
        return {
          batch,
          loss: values.sum.data[0],
          tokens: values.count.data[0],
          predictions: hypotheses.map(({ ids, logProbability, alignment }, row) => ({
            example: batch.examples[row],
            hypothesis: vocabulary.decode(ids),
            logProbability,
            alignment,
          })),
        };
      }),
    );
}
