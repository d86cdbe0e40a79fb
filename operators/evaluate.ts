/** @module evaluate: how good a model is, in the field's measures */
import { defer, endWith, ignoreElements, map, type OperatorFunction, tap } from "rxjs";
import type { Decoded } from "./decode.ts";
import type { Labelled } from "./label.ts";
import type { Model } from "./model.ts";
import type { Batch } from "./records.ts";
import { predict, type Predicted, type PredictOptions } from "./predict.ts";
import { type PredictedLabels, predictLabels, type PredictLabelsOptions } from "./predict_labels.ts";

/** One measure over a whole set: gathers batch by batch, and says its value at the end. */
export interface Metric<P = Predicted> {
  readonly name: string;
  /** `%`, `nats`, ... */
  readonly unit: string;
  /** A fresh gatherer, so that one metric serves many evaluations at once. */
  begin(): { add(predicted: P): void; value(): number };
}

/** The values of a set of metrics, by name. */
export type Evaluation = Readonly<Record<string, { readonly value: number; readonly unit: string }>>;

/**
 * Evaluates a model on a set: runs it over every batch and emits one record of all metrics when the set ends.
 *
 * An empty set gives what each metric says of nothing: NaN, for a mean.
 *
 * @param model A chain that ends with `decode`, or with `classify` or `tag`.
 * @param metrics What to measure: `[perplexity, per, wer]` of `metrics`, `[accuracy, loss]` for labels, or your own.
 * @param options With a target vocabulary and a longest hypothesis for a chain that decodes.
 */
export function evaluate(
  model: Model<Decoded>,
  metrics: readonly Metric[],
  options: PredictOptions,
): OperatorFunction<Batch, Evaluation>;
export function evaluate(
  model: Model<Labelled>,
  metrics: readonly Metric<PredictedLabels>[],
  options: PredictLabelsOptions,
): OperatorFunction<Batch, Evaluation>;
export function evaluate(
  model: Model<Decoded> | Model<Labelled>,
  metrics: readonly Metric[] | readonly Metric<PredictedLabels>[],
  options: PredictOptions | PredictLabelsOptions,
): OperatorFunction<Batch, Evaluation> {
  return "maxLength" in options
    ? gathered(predict(model as Model<Decoded>, options), metrics as readonly Metric[])
    : gathered(predictLabels(model as Model<Labelled>, options), metrics as readonly Metric<PredictedLabels>[]);
}

function gathered<P>(
  predictions: OperatorFunction<Batch, P>,
  metrics: readonly Metric<P>[],
): OperatorFunction<Batch, Evaluation> {
  return (source) =>
    defer(() => {
      const gatherers = metrics.map((metric) => metric.begin());
      return source.pipe(
        predictions,
        tap((predicted) => gatherers.forEach((gatherer) => gatherer.add(predicted))),
        ignoreElements(),
        endWith(undefined),
        map(() =>
          Object.fromEntries(
            metrics.map(({ name, unit }, index) => [name, { value: gatherers[index].value(), unit }]),
          )
        ),
      );
    });
}
