/**
 * The fixed parts of one trial of the path comparison: its data, its model, and how its rows are labelled.
 *
 * @module
 */
import { type Transduction, transduction } from "../../datasets/mod.ts";
import {
  alignmentMetrics,
  type Decoded,
  type Metric,
  metrics,
  type Model,
  type ParallelOptions,
  type Vocabularies,
  vocabularies,
} from "../../operators/mod.ts";
import type { Batch, Example } from "../../operators/records.ts";
import type { Trial } from "../experiment.ts";
import { eachPronunciation, readSets } from "../pronunciation.ts";
import { type RowMaker, rowsOf } from "../rows.ts";
import type { Sets } from "../sets.ts";
import { readTranslation, type Translation } from "../translation.ts";
import { type LearnerOptions, modelOf } from "./model.ts";

/** Lengths that generated sequences are learnt at; longer ones are only tried. */
export const LEARNT_LENGTHS = [4, 10] as const;

const MEASURES = [metrics.loss, metrics.per, metrics.wer, metrics.relativeEntropy, ...alignmentMetrics];

/** A trial's fixed parts. */
export interface Setting {
  readonly trial: Trial;
  readonly task: string;
  readonly sets: Sets;
  readonly learnt: readonly Example[];
  readonly vocabulary: Vocabularies;
  /** What is measured of predictions. */
  readonly measures: readonly Metric[];
  /** A symbol sequence as a reader sees it. */
  readonly join: (symbols: readonly string[]) => string;
  /** Where sentences are translated. */
  readonly translation?: Translation;
  readonly model: Model<Decoded>;
  readonly parallel?: ParallelOptions;
  readonly size: (name: string) => number;
  readonly row: RowMaker;
}

/** Reads what a trial needs. @throws InputError when a file that its options name can't be used. */
export async function settingOf(trial: Trial): Promise<Setting> {
  const { options } = trial;
  const size = (name: string) => Number(options[name]);
  const task = String(options.task);
  const translation = task === "translation" ? await readTranslation(options) : undefined;
  const sets = translation?.sets ??
    (task === "pronunciation" ? await readSets(options) : await generated(task as Transduction, size("sequences")));
  const learnt = task === "pronunciation" ? eachPronunciation(sets.train) : [...sets.train];
  const vocabulary = vocabularies(learnt, translation ? size("vocabulary") : Infinity);
  const { part, path, score, direction, scope, cell, layers, decoderLayers } = options;
  const cores = size("cores");
  const given: LearnerOptions = {
    options,
    source: vocabulary.source.symbols,
    target: vocabulary.target.symbols,
  };
  return {
    trial,
    task,
    sets,
    learnt,
    vocabulary,
    measures: [...MEASURES, ...translation?.metrics ?? []],
    translation,
    join: translation?.segmenter.join ?? ((symbols) => symbols.join(" ")),
    size,
    model: modelOf(options, vocabulary),
    parallel: cores > 1 ? { workers: cores, module: import.meta.resolve("./model.ts"), options: given } : undefined,
    row: rowsOf(
      trial.id,
      Object.fromEntries(
        Object.entries({
          ...{ part, task, path, score, direction, scope, cell },
          ...(part === "own" ? { layers, decoderLayers } : {}),
        }).map(([name, value]) => [name, String(value)]),
      ),
    ),
  };
}

async function generated(task: Transduction, count: number): Promise<Sets> {
  const lengths = LEARNT_LENGTHS;
  const train = await transduction({ task, count, lengths });
  const dev = await transduction({ task, count: 200, lengths, split: "dev", without: train });
  const test = await transduction({ task, count: 500, lengths, split: "test", without: [...train, ...dev] });
  return { train, dev, test };
}

/** Steps of a search: more than any word in CMUdict needs but a few abbreviations. */
export function longest({ source }: Batch): number {
  return 2 * source.width + 10;
}
