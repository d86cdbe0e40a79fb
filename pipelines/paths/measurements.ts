/**
 * What a trial of the path comparison measures besides its errors.
 *
 * @module
 */
import { concatMap, forkJoin, from, map, type Observable, toArray } from "rxjs";
import { transduction } from "../../datasets/mod.ts";
import {
  alignmentMetrics,
  batch,
  batchTensors,
  evaluate,
  lend,
  metrics,
  type Parameters,
  predict,
  pull,
  sensitivity,
  settle,
  tf,
  tokenize,
  transform,
} from "../../operators/mod.ts";
import type { Batch, Measurement } from "../../operators/records.ts";
import { shownWords } from "../pronunciation.ts";
import { partsOf } from "./model.ts";
import { LEARNT_LENGTHS, longest, type Setting } from "./setting.ts";

/** The sizes at which costs are stated. */
export const REFERENCE = { source: 10, target: 9 } as const;

/** Closed forms of parameters and operations, and the parameters that there are. */
export function costRows({ trial, row, size, vocabulary }: Setting, parameters: Parameters): Measurement[] {
  const { encoder, composition } = partsOf(trial.options);
  const units = size("units");
  const sizes = { batch: 1, source: REFERENCE.source };
  const dims = {
    vocabulary: vocabulary.target.size,
    memoryWidth: encoder.width,
    encoderFinal: encoder.width,
    encoderBackward: encoder.width / 2,
    batch: 1,
    steps: REFERENCE.target,
  };
  const both = partsOf({ ...trial.options, direction: "bidirectional", units: 2 * units }).encoder;
  const one = partsOf({ ...trial.options, direction: "unidirectional" }).encoder;
  const costs = {
    encoder: encoder.cost({ vocabulary: vocabulary.source.size, ...sizes }),
    attention: composition.attention.cost({
      query: units,
      key: encoder.width,
      hidden: units,
      positions: 64,
      queries: REFERENCE.target,
      keys: REFERENCE.source,
    }),
    decoder: composition.decoderFor(encoder.width).cost(dims),
  };
  const of = { kind: "predicted", queries: REFERENCE.target, keys: REFERENCE.source };
  const counts = Object.entries(costs).flatMap(([part, cost]) => [
    row("parameters", cost.parameters, "1", 0, { ...of, of: part }),
    row("operations", cost.operations, "1", 0, { ...of, of: part }),
    row("parameters", parameters.count(part), "1", 0, { kind: "counted", of: part }),
  ]);
  const encoding = (encoder: typeof one) => encoder.cost({ vocabulary: vocabulary.source.size, ...sizes }).operations;
  return [...counts, row("directions", encoding(both) / encoding(one), "1", 0)];
}

/** Attention weights of a few test examples. */
export function alignmentRows(setting: Setting, parameters: Parameters, epochs: number): Observable<Measurement[]> {
  const { sets, vocabulary, model, row } = setting;
  return pull(shownWords(sets.test).slice(0, 6)).pipe(
    tokenize(vocabulary),
    batch({ size: 16 }),
    predict(model, { parameters, vocabulary: vocabulary.target, maxLength: longest }),
    toArray(),
    map((predicted) =>
      predicted.flatMap(({ predictions }) => predictions).flatMap(({ example, hypothesis, alignment }) =>
        alignment.flatMap((weights, i) =>
          Array.from(weights, (weight, j) =>
            row("alignment", weight, "1", epochs, {
              word: example.id,
              letter: example.source[j],
              symbol: hypothesis[i] ?? "end",
              i,
              j,
            }))
        )
      )
    ),
  );
}

/** Errors by length, at lengths that were learnt and at longer ones. */
export function lengthRows(
  { vocabulary, model, row, task }: Setting,
  parameters: Parameters,
): Observable<Measurement[]> {
  const lengths = [4, 6, 8, 10, 12, 14, 17, 20];
  return from(lengths).pipe(
    concatMap(async (length) => ({
      length,
      set: await transduction({
        task: task as "reverse",
        count: 100,
        lengths: [length, length],
        split: "test",
        seed: 2,
      }),
    })),
    concatMap(({ length, set }) =>
      pull(set).pipe(
        tokenize(vocabulary),
        batch({ size: 100 }),
        evaluate(model, [metrics.wer, ...alignmentMetrics], {
          parameters,
          vocabulary: vocabulary.target,
          maxLength: longest,
        }),
        map((found) => {
          const learnt = length >= LEARNT_LENGTHS[0] && length <= LEARNT_LENGTHS[1] ? "yes" : "no";
          return [
            row("length/wer", found.wer.value, "%", length, { learnt }),
            row("length/alignment", found["alignment/error"].value, "%", length, { learnt }),
          ];
        }),
      )
    ),
    toArray(),
    map((rows) => rows.flat()),
  );
}

/** Sequences that gradients are taken on, and their length. */
export const PROBED = { count: 4, length: 10 } as const;

/**
 * The norm of ∂ log p(y_t) / ∂ x_s, root mean square over pairs (s, t) of sequences of one length, by their distance in time:
 * the recurrent steps from reading x_s to saying y_t where there is no attention, S - s + t. Beside it the share of a step's
 * gradient that is at the symbol which is copied.
 */
export function distanceRows(
  { vocabulary, model, row, task }: Setting,
  parameters: Parameters,
  when: "before" | "after",
): Observable<Measurement[]> {
  const { count, length } = PROBED;
  return from(transduction({ task: task as "copy", count, lengths: [length, length], split: "test", seed: 3 })).pipe(
    concatMap((set) =>
      pull(set).pipe(tokenize(vocabulary), batch({ size: 1 }), sensitivity(model, { parameters }), toArray())
    ),
    map((all) => {
      const steps = all.flatMap(({ norms }) => norms.slice(0, length).map((norm, t) => ({ norm, t })));
      const byDistance = Map.groupBy(
        steps.flatMap(({ norm, t }) => norm.map((value, s) => ({ value, distance: length - s + t }))),
        ({ distance }) => distance,
      );
      const shares = steps.map(({ norm, t }) => norm[t] / Math.hypot(...norm));
      return [
        ...[...byDistance].sort(([a], [b]) => a - b).map(([distance, pairs]) => {
          const square = pairs.reduce((sum, { value }) => sum + value * value, 0) / pairs.length;
          return row("distance/gradient", Math.sqrt(square), "1", distance, { when });
        }),
        row("distance/own", 100 * shares.reduce((sum, share) => sum + share, 0) / shares.length, "%", 0, { when }),
      ];
    }),
  );
}

/** How much a step's weights change when the symbol before it is another: nothing where attention comes before the state. */
export function orderRows(setting: Setting, parameters: Parameters): Observable<Measurement[]> {
  const { sets, vocabulary, model, row } = setting;
  const weightsWith = (change: boolean) =>
    pull(shownWords(sets.test)).pipe(
      tokenize(vocabulary),
      batch({ size: 16 }),
      lend((given: Batch) => {
        const tensors = batchTensors(given);
        if (!change) return tensors;
        // The second input (the first true symbol) becomes the next one in the vocabulary; the last one, the one before it.
        const [, steps] = tensors.inputs.shape;
        const second = tf.oneHot([Math.min(1, steps - 1)], steps).toInt();
        const last = vocabulary.target.size - 1;
        const moves = tf.where(tf.equal(tensors.inputs, last), tf.neg(second), second);
        return { ...tensors, inputs: tf.add(tensors.inputs, moves) as typeof tensors.inputs };
      }, { parameters }),
      model,
      transform(({ alignment }) => ({ weights: tf.slice(alignment, [0, 1, 0], [-1, 1, -1]) })),
      settle(),
      map(({ values }) => Array.from(values.weights.data)),
      toArray(),
      map((lists) => lists.flat()),
    );
  return forkJoin([weightsWith(false), weightsWith(true)]).pipe(
    map(([plain, changed]) => {
      const change = plain.reduce((most, weight, at) => Math.max(most, Math.abs(weight - changed[at])), 0);
      return [row("precedes", change, "1", 0)];
    }),
  );
}
