/**
 * What is trained when the speed of training is measured: a bidirectional GRU encoder, a GRU decoder on Luong's path, the
 * general score, embeddings of 64, on random words of 10 letters and 9 phonemes.
 *
 * @module
 */
import { firstValueFrom, pipe, Subject } from "rxjs";
import {
  adam,
  attend,
  batch,
  bidirectionalGru,
  constantRate,
  decode,
  type Decoded,
  encode,
  type Learner,
  luongDecoder,
  Parameters,
  pull,
  randomFrom,
  scores,
  sequenceLoss,
  train,
  vocabulary,
} from "../../operators/mod.ts";
import type { Batch, Tokens, TrainStep } from "../../operators/records.ts";

/** Symbols of a word. */
export const LETTERS = 10;
/** Symbols of a pronunciation, end mark included. */
export const PHONEMES = 9;

/** The model and its loss; parallel workers make theirs here, too. */
export function learner({ units }: { readonly units: number }): Learner<Decoded> {
  const source = vocabulary(Array.from({ length: 29 }, (_, id) => `letter ${id}`));
  const target = vocabulary(Array.from({ length: 39 }, (_, id) => `phoneme ${id}`));
  const model = pipe(
    encode(bidirectionalGru({ units, embedding: 64 }), source),
    attend(scores.general, { query: units }),
    decode(luongDecoder({ units, embedding: 64 }), target),
  );
  return { model, loss: sequenceLoss };
}

/** A batch of random words. */
export function randomWords(size: number): Promise<Batch> {
  return firstValueFrom(pull(randomTokens(size)).pipe(batch({ size })));
}

function* randomTokens(count: number): Generator<Tokens> {
  const random = randomFrom(1);
  for (let index = 0; index < count; index++) {
    const ids = (length: number, symbols: number) => Int32Array.from({ length }, () => 4 + random.integer(symbols));
    const example = { id: `${index}`, source: [], targets: [[]] };
    // One phoneme fewer: the end mark is the ninth step.
    yield { example, source: ids(LETTERS, 29), target: ids(PHONEMES - 1, 39) };
  }
}

/**
 * The model in training by Adam with clipping, one step when told, in one subscription, so that what a subscription costs
 * isn't timed. Whoever began it ends it, which frees its parameters.
 *
 * @param seed Decides the initial values.
 * @param workers Threads that learn together.
 */
export function spellerTraining(units: number, seed: number, workers = 1) {
  const parameters = new Parameters(seed);
  const batches = new Subject<Batch>();
  const { model, loss } = learner({ units });
  let settle: { resolve(step: TrainStep): void; reject(error: unknown): void };
  const subscription = batches.pipe(train(model, {
    parameters,
    optimiser: adam(),
    learningRate: constantRate(1e-3),
    loss,
    clip: 1,
    parallel: workers === 1 ? undefined : { workers, module: import.meta.url, options: { units } },
  })).subscribe({
    next: (step) => settle.resolve(step),
    error: (error) => settle.reject(error),
  });
  return {
    step: (batch: Batch) =>
      new Promise<TrainStep>((resolve, reject) => {
        settle = { resolve, reject };
        batches.next(batch);
      }),
    end: () => {
      subscription.unsubscribe();
      parameters.unsubscribe();
    },
  };
}
