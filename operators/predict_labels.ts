/** @module predictLabels: batches to the likeliest labels */
import { map, type OperatorFunction } from "rxjs";
import type { Labelled } from "./label.ts";
import { lend, settle, transform } from "./loan.ts";
import { labelLoss } from "./losses.ts";
import { batchTensors, type Model } from "./model.ts";
import type { Parameters } from "./numerics/parameters.ts";
import { tf } from "./numerics/tf.ts";
import type { Batch } from "./records.ts";

/** Options of {@linkcode predictLabels}. */
export interface PredictLabelsOptions {
  readonly parameters: Parameters;
}

/** What a model says of one batch. */
export interface PredictedLabels {
  readonly batch: Batch;
  /** Loss summed over the labels that are asked for, in nats. */
  readonly loss: number;
  /** Labels that are asked for. */
  readonly tokens: number;
  /** How many of them the model got right. */
  readonly right: number;
  /** L: labels of a row; 1 for a sequence's one label, or the source's width for one a position. */
  readonly width: number;
  /** The likeliest label's id at every place, asked for or not; `[B, L]` row by row. */
  readonly labels: Int32Array;
}

/** Runs a model of labels without learning: its loss, and the likeliest label at every place. */
export function predictLabels(
  model: Model<Labelled>,
  { parameters }: PredictLabelsOptions,
): OperatorFunction<Batch, PredictedLabels> {
  return (source) =>
    source.pipe(
      lend(batchTensors, { parameters }),
      model,
      transform((labelled) => {
        const { logits, labels, labelMask } = labelled;
        const { sum, tokens } = labelLoss(labelled);
        const likeliest = tf.argMax(logits, -1);
        const right = tf.sum(tf.mul(tf.equal(likeliest, labels).toFloat(), labelMask));
        return { sum, tokens, right, likeliest };
      }),
      settle(),
      map(({ record: batch, values: { sum, tokens, right, likeliest } }) => ({
        batch,
        loss: sum.data[0],
        tokens: tokens.data[0],
        right: right.data[0],
        width: likeliest.shape[1],
        labels: likeliest.data as Int32Array,
      })),
    );
}
