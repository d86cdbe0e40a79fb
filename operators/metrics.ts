/**
 * Measures of sequence models that `evaluate` takes, in the field's words and units.
 *
 * @module
 */
import type { Metric } from "./evaluate.ts";
import { alignmentEntropy, countErrors, type ErrorCounts, noErrors, per, perplexity, wer } from "./numerics/metrics.ts";
import type { Predicted } from "./predict.ts";
import type { PredictedLabels } from "./predict_labels.ts";

/** A metric of the errors against the nearest of each example's targets. */
function ofErrors(name: string, value: (counts: ErrorCounts) => number): Metric {
  return {
    name,
    unit: "%",
    begin() {
      let counts = noErrors;
      return {
        add({ predictions }: Predicted) {
          for (const { hypothesis, example } of predictions) counts = countErrors(counts, hypothesis, example.targets);
        },
        value: () => 100 * value(counts),
      };
    },
  };
}

/** A metric of the mean loss a target token. */
function ofLoss(
  name: string,
  unit: string,
  value: (meanLoss: number) => number,
): LossMetric {
  return {
    name,
    unit,
    begin() {
      const total = { loss: 0, tokens: 0 };
      return {
        add({ loss, tokens }) {
          total.loss += loss;
          total.tokens += tokens;
        },
        value: () => value(total.loss / total.tokens),
      };
    },
  };
}

/** A metric of the attention weights of all decoded steps. */
function ofAlignments(name: string, unit: string, pick: "nats" | "normalised"): Metric {
  return {
    name,
    unit,
    begin() {
      const total = { sum: 0, words: 0 };
      return {
        add({ predictions }: Predicted) {
          for (const { alignment } of predictions) {
            if (!alignment.some((row) => row.some((weight) => weight > 0))) continue; // a model without attention
            total.sum += alignmentEntropy(alignment)[pick];
            total.words++;
          }
        },
        value: () => total.sum / total.words,
      };
    },
  };
}

/** Labels that are right, of those that are asked for. */
function ofLabels(name: string): LabelMetric {
  return {
    name,
    unit: "%",
    begin() {
      const total = { right: 0, tokens: 0 };
      return {
        add({ right, tokens }) {
          total.right += right;
          total.tokens += tokens;
        },
        value: () => 100 * total.right / total.tokens,
      };
    },
  };
}

/** A metric of the mean loss, for models that decode and models of labels alike. */
export type LossMetric = Metric<Pick<Predicted, "loss" | "tokens">>;

/** A metric of labels. */
export type LabelMetric = Metric<Pick<PredictedLabels, "right" | "tokens">>;

/** What to measure of a model. Error rates take the nearest of an example's targets. */
export const metrics: Readonly<
  & Record<"loss" | "perplexity", LossMetric>
  & Record<"per" | "wer" | "entropy" | "relativeEntropy", Metric>
  & Record<"accuracy", LabelMetric>
> = {
  /** Mean loss a target token under teacher forcing, or a label. */
  loss: ofLoss("loss", "nats", (mean) => mean),
  /** Perplexity of a target token, or of a label. */
  perplexity: ofLoss("perplexity", "1", perplexity),
  /** Phoneme error rate: edits over the symbols of the nearest targets. */
  per: ofErrors("per", per),
  /** Word error rate: the share of examples that equal none of their targets. */
  wer: ofErrors("wer", wer),
  /** Mean entropy of a decoded step's attention weights, a mean over words. */
  entropy: ofAlignments("entropy", "nats", "nats"),
  /** The same as a share of the entropy of uniform weights: 0 sharp, 1 uniform. */
  relativeEntropy: ofAlignments("entropy/relative", "1", "normalised"),
  /** Accuracy: the share of labels that are right, of a model of labels. */
  accuracy: ofLabels("accuracy"),
};
