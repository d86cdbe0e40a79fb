/**
 * The fixed parts of one trial of the path comparison: its data, its model, and how its rows are labelled.
 *
 * @module
 */
import { transduction } from "../../datasets/mod.ts";
import {
  type Decoded,
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
import { type LearnerOptions, modelOf } from "./model.ts";

/** Lengths that generated sequences are learnt at; longer ones are only tried. */
export const LEARNT_LENGTHS = [4, 10] as const;

/** A trial's fixed parts. */
export interface Setting {
  readonly trial: Trial;
  readonly task: string;
  readonly sets: Sets;
  readonly learnt: readonly Example[];
  readonly vocabulary: Vocabularies;
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
  const sets = task === "pronunciation" ? await readSets(options) : await generated(task as "copy", size("sequences"));
  const learnt = task === "pronunciation" ? eachPronunciation(sets.train) : [...sets.train];
  const vocabulary = vocabularies(learnt);
  const { part, path, score, direction, scope, cell } = options;
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
    size,
    model: modelOf(options, vocabulary),
    parallel: cores > 1 ? { workers: cores, module: import.meta.resolve("./model.ts"), options: given } : undefined,
    row: rowsOf(
      trial.id,
      Object.fromEntries(
        Object.entries({ part, task, path, score, direction, scope, cell }).map((
          [name, value],
        ) => [name, String(value)]),
      ),
    ),
  };
}

async function generated(task: "copy" | "reverse", count: number): Promise<Sets> {
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
