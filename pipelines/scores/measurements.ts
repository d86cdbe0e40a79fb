/**
 * What a trial of the score comparison measures besides its errors: data, costs, alignments, and the learnt score itself.
 *
 * @module
 */
import { map, type Observable, of, toArray } from "rxjs";
import {
  batch,
  batchTensors,
  editDistance,
  lend,
  measure,
  type Measured,
  type Parameters,
  predict,
  pull,
  type Score,
  settle,
  type Tensor3D,
  type TensorMap,
  tf,
  tokenize,
  transform,
} from "../../operators/mod.ts";
import type { Measurement } from "../../operators/records.ts";
import { shownWords } from "../pronunciation.ts";
import { type RowMaker, rowsOf } from "../rows.ts";
import { longestHypothesis, type Setting } from "./setting.ts";

/** The sizes at which costs are stated: the default data's usual ones. T and S differ, so that no mix-up goes unseen. */
const REFERENCE = { queries: 9, keys: 10 };

/** A maker of rows labelled with the trial's score. */
export function rowMaker({ trial, score }: Pick<Setting, "trial" | "score">): RowMaker {
  return rowsOf(trial.id, { score: score.name });
}

/** Attention weights of the shown words, and what was said of them. */
export function alignmentRows(
  setting: Setting,
  parameters: Parameters,
  epochs: number,
): Observable<Measurement[]> {
  const { sets, vocabulary, model } = setting;
  const row = rowMaker(setting);
  return pull(shownWords(sets.test)).pipe(
    tokenize(vocabulary),
    batch({ size: 16 }),
    predict(model, { parameters, vocabulary: vocabulary.target, maxLength: longestHypothesis }),
    toArray(),
    map((predicted) =>
      predicted.flatMap(({ predictions }) => predictions).flatMap(({ example, hypothesis, alignment }) => [
        row(
          "prediction",
          Math.min(...example.targets.map((target) => editDistance(hypothesis, target))),
          "edits",
          epochs,
          { word: example.id, hypothesis: hypothesis.join(" "), reference: example.targets[0].join(" ") },
        ),
        ...alignment.flatMap((weights, i) =>
          Array.from(weights, (weight, j) =>
            row("alignment", weight, "1", epochs, {
              word: example.id,
              letter: example.source[j],
              phoneme: hypothesis[i] ?? "(end)",
              i,
              j,
            }))
        ),
      ])
    ),
  );
}

/** Parameters, and the score's cost: closed form, counted, and timed on this device. */
export function costRows(setting: Setting, parameters: Parameters): Observable<Measurement[]> {
  const { score, size } = setting;
  const row = rowMaker(setting);
  const units = size("units");
  const dims = { query: units, key: 2 * Math.floor(units / 2), hidden: units, positions: 64 };
  const sizes = { ...dims, ...REFERENCE, batch: size("batch") };
  return of(score).pipe(
    measure(sizes),
    map((measured: Measured) => {
      const labels = { batch: sizes.batch, queries: sizes.queries, keys: sizes.keys, width: units };
      const costs = (kind: "predicted" | "counted") => [
        row("operations", measured[kind].operations, "1", 0, { kind, ...labels }),
        row("activations", measured[kind].activations, "1", 0, { kind, ...labels }),
        row("bytes", measured[kind].bytes, "bytes", 0, { kind, ...labels }),
        row("parameters", measured[kind].parameters, "1", 0, { kind, part: "attention", ...labels }),
      ];
      const times = (name: "forward" | "training") => {
        const sorted = [...measured[name]].sort((a, b) => a - b);
        return [0.25, 0.5, 0.75].map((quantile) =>
          row(`time/${name}`, sorted[Math.round(quantile * (sorted.length - 1))], "s", 0, { quantile, ...labels })
        );
      };
      return [
        row("parameters", parameters.count(), "1", 0, { part: "model" }),
        ...costs("predicted"),
        ...costs("counted"),
        ...times("forward"),
        ...times("training"),
      ];
    }),
  );
}

/**
 * What the learnt score is like, on the queries and memories of the shown words:
 * its range; how far it is from additive in the query (0 for a bilinear score, and for location); and how much it changes
 * when the memory is replaced by its mirror image (0 for a score that is blind to what the memory holds). For concat also
 * the bound of its range, ‖v‖₁, and the mean slope of its tanh.
 */
export function scoreRows(setting: Setting, parameters: Parameters, epochs: number): Observable<Measurement[]> {
  const { sets, vocabulary, model, score } = setting;
  const row = rowMaker(setting);
  return pull(shownWords(sets.test)).pipe(
    tokenize(vocabulary),
    batch({ size: 16 }),
    lend(batchTensors, { parameters }),
    model,
    transform(({ queries, memory, memoryMask }) => {
      const params = parameters.group("attention", () => ({}));
      const of = (q: typeof queries, keys: typeof memory) =>
        score.apply(params, q, keys, score.prepare?.(params, keys));
      const visible = tf.expandDims(memoryMask, 1);
      const seen = (logits: ReturnType<typeof of>) => tf.mul(logits, visible);
      const other = tf.reverse(queries, 1);
      const logits = of(queries, memory);
      const sum = seen(of(tf.add(queries, other), memory));
      const parts = tf.add(seen(logits), seen(of(other, memory)));
      const mirrored = seen(of(queries, tf.reverse(memory, 1)));
      const relative = (a: typeof sum, b: typeof sum) => tf.div(tf.norm(tf.sub(a, b)), tf.add(tf.norm(a), 1e-12));
      const hidden = hiddenLayer(score, params, queries, memory);
      return {
        "score/min": tf.min(tf.where(tf.greater(tf.mul(tf.onesLike(logits), visible), 0), logits, Infinity)),
        "score/max": tf.max(tf.where(tf.greater(tf.mul(tf.onesLike(logits), visible), 0), logits, -Infinity)),
        additivity: relative(sum, parts as typeof sum),
        content: relative(seen(logits), mirrored),
        ...(hidden
          ? {
            "score/bound": tf.sum(tf.abs(params.v_a)),
            "activation/min": tf.min(hidden),
            "activation/max": tf.max(hidden),
            slope: tf.mean(tf.sub(1, tf.square(hidden))),
          }
          : {}),
      };
    }),
    settle(),
    toArray(),
    map((batches) => {
      const names = Object.keys(batches[0].values) as (keyof typeof batches[0]["values"])[];
      return names.map((name) => {
        const values = batches.map(({ values }) => values[name].data[0]);
        const value = /min$/.test(name)
          ? Math.min(...values)
          : /max$|bound$/.test(name)
          ? Math.max(...values)
          : values.reduce((sum, each) => sum + each, 0) / values.length;
        return row(name, value, "1", epochs);
      });
    }),
  );
}

/** The hidden layer of concat, tanh(W_q h + W_k h̄); other scores have none. */
function hiddenLayer(score: Score, params: TensorMap, queries: Tensor3D, memory: Tensor3D) {
  if (score.name !== "concat") return undefined;
  const project = (x: Tensor3D, weights: TensorMap[string]) =>
    tf.reshape(tf.matMul(tf.reshape(x, [-1, x.shape[2]]), weights as never), [
      x.shape[0],
      x.shape[1],
      weights.shape[1]!,
    ]);
  return tf.tanh(tf.add(tf.expandDims(project(queries, params.W_q), 2), tf.expandDims(project(memory, params.W_k), 1)));
}
