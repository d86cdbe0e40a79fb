/**
 * The fixed parts of one trial of the recursive autoencoder: its sentences, its words, its model.
 *
 * @module
 */
import { pipe } from "rxjs";
import { type WordVectors, wordVectors } from "../../datasets/mod.ts";
import {
  compose,
  composers,
  type Judgeable,
  labelNodes,
  type Model,
  type RecursiveForm,
  released,
  type Vocabularies,
  vocabulary,
} from "../../operators/mod.ts";
import type { Options, Trial } from "../experiment.ts";
import { readSentences, type SentenceSets } from "./sets.ts";

/** Forms of the autoencoder that are compared, by name. */
export const forms: Readonly<Record<string, RecursiveForm>> = {
  paper: {},
  released,
  unweighted: { weighted: false },
  unnormalised: { normalised: false },
};

/** A trial's fixed parts. */
export interface Setting {
  readonly trial: Trial;
  readonly sets: SentenceSets;
  readonly known: Vocabularies;
  readonly model: Model<Judgeable>;
  readonly form: RecursiveForm;
  /** The vectors that words began with, where they didn't begin at random. */
  readonly pretrained?: WordVectors;
  readonly size: (name: string) => number;
}

/** Reads what a trial needs. @throws InputError when a file that its options name can't be used. */
export async function settingOf(trial: Trial): Promise<Setting> {
  const { options } = trial;
  const size = (name: string) => Number(options[name]);
  const sets = await readSentences(options);
  const source = wordsLearnt(sets, size("least"));
  const pretrained = await vectorsOf(options, new Set(source.symbols));
  const form = forms[String(options.form)];
  const model = pipe(
    compose(composers[options.composer as keyof typeof composers], {
      vocabulary: source,
      width: size("width"),
      dropout: size("dropout"),
      vectors: pretrained?.vectors,
      ...form,
    }),
    labelNodes({ classes: sets.classes, dropout: 0 }),
  );
  const known = { source, target: vocabulary(sets.classes) };
  return { trial, sets, known, model, form, pretrained, size };
}

/** Words that come often enough in training; the others share one vector, so that unseen words have a learnt one. */
function wordsLearnt({ train }: SentenceSets, least: number) {
  const counts = new Map<string, number>();
  for (const { source } of train) for (const word of source) counts.set(word, (counts.get(word) ?? 0) + 1);
  return vocabulary([...counts].filter(([, count]) => count >= least).map(([word]) => word));
}

async function vectorsOf(options: Options, wanted: ReadonlySet<string>) {
  const path = String(options.vectors ?? "");
  const glove = options.glove === "yes";
  if (path === "" && !glove) return undefined;
  return await wordVectors({ path: glove ? undefined : path, width: Number(options.width), wanted });
}
