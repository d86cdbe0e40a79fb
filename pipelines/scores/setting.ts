/**
 * The fixed parts of one trial of the score comparison: its words, its score, its model.
 *
 * @module
 */
import { pipe } from "rxjs";
import {
  attend,
  bidirectionalGru,
  decode,
  type Decoded,
  encode,
  luongDecoder,
  type Model,
  type Score,
  type Vocabularies,
  vocabularies,
} from "../../operators/mod.ts";
import type { Batch, Example } from "../../operators/records.ts";
import type { Options, Trial } from "../experiment.ts";
import { eachPronunciation, readSets } from "../pronunciation.ts";
import type { Sets } from "../sets.ts";
import { loadScore } from "../score_module.ts";

/** A trial's fixed parts. */
export interface Setting {
  readonly trial: Trial;
  readonly score: Score;
  readonly sets: Sets;
  readonly learnt: readonly Example[];
  readonly vocabulary: Vocabularies;
  readonly model: Model<Decoded>;
  readonly size: (name: string) => number;
}

/**
 * Reads what a trial needs.
 *
 * @throws InputError when a file or a module that its options name can't be used.
 */
export async function settingOf(trial: Trial): Promise<Setting> {
  const { options } = trial;
  const size = (name: string) => Number(options[name]);
  const [sets, score] = await Promise.all([readSets(options), loadScore(String(options.score))]);
  const learnt = eachPronunciation(sets.train);
  const vocabulary = vocabularies(learnt);
  return { trial, score, sets, learnt, vocabulary, size, model: modelOf(score, options, vocabulary) };
}

/** The model: the same for every score. */
function modelOf(score: Score, options: Options, vocabulary: Vocabularies): Model<Decoded> {
  const units = Number(options.units);
  const embedding = Number(options.embedding);
  const dropout = Number(options.dropout ?? 0);
  return pipe(
    encode(bidirectionalGru({ units: Math.floor(units / 2), embedding, dropout }), vocabulary.source),
    attend(score, { query: units }),
    decode(luongDecoder({ units, embedding, dropout }), vocabulary.target),
  );
}

/** Steps of a search: more than any word in CMUdict needs but a few abbreviations (`www` has 3 letters, 21 phonemes). */
export function longestHypothesis({ source }: Batch): number {
  return 2 * source.width + 10;
}
