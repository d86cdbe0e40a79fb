/**
 * How far each kernel's output is from softmax's: on the queries and keys of a small model that has learnt, with the
 * general score, to pronounce words, and on normal noise of the same shapes. With it, what claims 7 to 9 say about the kernel.
 *
 * @module
 */
import { concat, concatMap, defer, ignoreElements, map, type Observable, pipe, take, toArray } from "rxjs";
import {
  adam,
  attend,
  batch,
  batchTensors,
  bidirectionalGru,
  decode,
  encode,
  featureMaps,
  kernelMechanism,
  lend,
  linearDecay,
  luongDecoder,
  meanSequenceLoss,
  normal,
  pull,
  scores,
  seedFrom,
  settle,
  shuffle,
  softmaxMechanism,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tf,
  tokenize,
  train,
  transform,
  vocabularies,
  withParameters,
} from "../../operators/mod.ts";
import { cmudict } from "../../datasets/mod.ts";
import type { Measurement } from "../../operators/records.ts";
import type { Trial } from "../experiment.ts";
import { rowsOf } from "../rows.ts";
import type { Contender } from "./contenders.ts";

const UNITS = 64, EMBEDDING = 32, BATCH = 32, TEST_WORDS = 256;

/** Learns, then compares; one event's rows. */
export function errorRows(trial: Trial, contenders: readonly Contender[]): Observable<Measurement[]> {
  const words = Number(trial.options.words);
  return defer(async () => {
    const [learnt, held] = [
      await cmudict({ split: "train", size: words }),
      await cmudict({ split: "test", size: TEST_WORDS }),
    ];
    return { learnt, held, known: vocabularies(learnt) };
  }).pipe(
    concatMap(({ learnt, held, known }) =>
      withParameters(trial.seed, (parameters) => {
        const model = pipe(
          encode(bidirectionalGru({ units: UNITS / 2, embedding: EMBEDDING }), known.source),
          attend(scores.general, { query: UNITS }),
          decode(luongDecoder({ units: UNITS, embedding: EMBEDDING }), known.target),
        );
        const steps = Math.ceil(learnt.length / BATCH);
        const learning = pull(learnt).pipe(
          shuffle(seedFrom(trial.seed, "words"), learnt.length),
          tokenize(known),
          batch({ size: BATCH }),
          train(model, {
            parameters,
            optimiser: adam(),
            learningRate: linearDecay(5e-3, steps),
            loss: meanSequenceLoss,
            clip: 1,
          }),
          ignoreElements(),
        );
        const comparing = pull(held).pipe(
          tokenize(known),
          batch({ size: BATCH }),
          lend(batchTensors, { parameters }),
          model,
          transform(({ queries, memory, memoryMask }) => {
            // The model's score hᵀ W h̄ is q·k / sqrt(D) with q = sqrt(D) Wᵀ h: its own learnt queries, keys and weights.
            const { W_a } = parameters.group("attention", () => ({}));
            const [size, length] = queries.shape;
            const q = tf.mul(tf.matMul(queries.reshape([size * length, UNITS]), W_a as Tensor2D), Math.sqrt(UNITS));
            const real = { q: q.reshape([size, 1, length, UNITS]), k: tf.expandDims(memory, 1) } as Pair;
            const noise = (x: Tensor, name: string) =>
              tf.tensor4d(normal(x.shape, 1, seedFrom(trial.seed, name)).values, x.shape as Tensor4D["shape"]);
            const gaussian = { q: noise(real.q, "q"), k: noise(real.k, "k") };
            const spoken = tf.greater(tf.sum(tf.abs(real.q), 3, true), 0).toFloat() as Tensor4D; // not past a target's end
            return {
              ...against(real, memoryMask, spoken, contenders, "real"),
              ...against(gaussian, memoryMask, spoken, contenders, "gaussian"),
              ...kernelFacts(real, memoryMask),
            };
          }),
          settle(),
          take(Math.ceil(TEST_WORDS / BATCH)),
          toArray(),
        );
        return concat(learning, comparing) as Observable<{ values: Record<string, { data: ArrayLike<number> }> }[]>;
      })
    ),
    map((batches) => {
      const row = rowsOf(trial.id, { d: UNITS });
      return Object.keys(batches[0].values).map((key) => {
        const [metric, mechanism, source] = key.split("|");
        const values = batches.map(({ values }) => values[key].data[0]);
        const value = values.reduce((sum, each) => sum + each, 0) / values.length;
        return row(metric, value, "1", words, { ...(mechanism ? { mechanism } : {}), ...(source ? { source } : {}) });
      });
    }),
  );
}

interface Pair {
  /** `[B, 1, T, D]` */
  readonly q: Tensor4D;
  /** `[B, 1, S, D]`, values as well: what the model attends to is its memory. */
  readonly k: Tensor4D;
}

/** Relative errors of outputs, ‖o − o*‖ / ‖o*‖ over all spoken queries, and the deviation of the scores. */
function against(
  { q, k }: Pair,
  mask: Tensor,
  spoken: Tensor4D,
  contenders: readonly Contender[],
  source: string,
): Record<string, Tensor> {
  const options = { mask: mask as never };
  const exact = tf.mul(softmaxMechanism().apply(q, k, k, options), spoken);
  const found = contenders.map(({ name, mechanism }): [string, Tensor] => {
    const output = tf.mul(mechanism.apply(q, k, k, options), spoken);
    return [`error|${name}|${source}`, tf.div(tf.norm(tf.sub(output, exact)), tf.norm(exact))];
  });
  const logits = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(UNITS));
  return { ...Object.fromEntries(found), [`scores/deviation||${source}`]: tf.sqrt(tf.moments(logits).variance) };
}

/** What claims 7 to 9 are about, on real queries and keys. */
function kernelFacts({ q, k }: Pair, mask: Tensor): Record<string, Tensor> {
  const [own, notes] = [featureMaps.poly2({ scale: 1 }), featureMaps.poly2Notes({ scale: 1 })];
  const kernel = (map: typeof own) =>
    tf.matMul(map.apply(q, { side: "query" }), map.apply(k, { side: "key" }), false, true);
  const s = tf.matMul(q, k, false, true), wanted = tf.square(tf.add(s, 1));
  const relative = (x: Tensor, to: Tensor) => tf.div(tf.norm(x), tf.norm(to));
  const ones = tf.onesLike(k), seen = { mask: mask as never };
  const sums = kernelMechanism(own).apply(q, k, ones as Tensor4D, seen); // the printed ratio: sums of weights
  return {
    "kernel/error": relative(tf.sub(kernel(own), wanted), wanted),
    // The error of the notes' map, less −q·k: nothing is left if the error is exactly that.
    "notes/rest": relative(tf.add(tf.sub(kernel(notes), wanted), s), s),
    "notes/error": relative(tf.sub(kernel(notes), wanted), wanted),
    "ratio": tf.max(tf.abs(tf.sub(sums, 1))),
  };
}
