/**
 * What is trained when the speed of training is measured: a bidirectional GRU encoder, a GRU decoder on Luong's path, the
 * general score, embeddings of 64, on random words of 10 letters and 9 phonemes.
 *
 * @module
 */
import { firstValueFrom, pipe, Subject } from "rxjs";
import {
  attend,
  batch,
  bidirectionalGru,
  decode,
  type Decoded,
  encode,
  type Learner,
  luongDecoder,
  type Model,
  pull,
  randomFrom,
  scores,
  sequenceLoss,
  train,
  type TrainOptions,
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

/** Training that takes one step when told, in one subscription, so that what a subscription costs isn't timed. */
export function stepping<T>(model: Model<T>, options: TrainOptions<T>) {
  const batches = new Subject<Batch>();
  let settle: { resolve(step: TrainStep): void; reject(error: unknown): void };
  const subscription = batches.pipe(train(model, options)).subscribe({
    next: (step) => settle.resolve(step),
    error: (error) => settle.reject(error),
  });
  return {
    step: (batch: Batch) =>
      new Promise<TrainStep>((resolve, reject) => {
        settle = { resolve, reject };
        batches.next(batch);
      }),
    end: () => subscription.unsubscribe(),
  };
}
