/**
 * The model of one trial, from plain options; workers of parallel training make theirs here, too.
 *
 * @module
 */
import { pipe } from "rxjs";
import {
  type Attention,
  bahdanau,
  cells,
  type Composition,
  decode,
  type Decoded,
  decoder,
  encode,
  type Encoder,
  global,
  type Learner,
  local,
  luong,
  type Model,
  monotonic,
  multiHead,
  none,
  type Path,
  recurrentEncoder,
  scores,
  smoothedSequenceLoss,
  type Vocabularies,
  vocabulary,
} from "../../operators/mod.ts";
import { InputError } from "../../operators/records.ts";
import type { Options } from "../experiment.ts";

/** The names that the command line takes. */
export const PATHS = ["luong", "luong + feeding", "bahdanau", "bahdanau + own start"] as const;
/** Scopes by name. */
export const SCOPES = ["global", "local-m", "local-p", "monotonic", "heads", "none"] as const;

/**
 * Every path starts from the encoder's `final`, so that it can be combined with either direction; Bahdanau's own start, from
 * the backward state, is a path beside the others.
 *
 * @throws InputError in one line.
 */
export function pathOf(name: string): Path {
  if (name === "bahdanau" || name === "bahdanau + own start") {
    return bahdanau({ begins: name === "bahdanau" ? "final" : "backward" });
  }
  if (name === "luong" || name === "luong + feeding") return luong({ inputFeeding: name !== "luong" });
  throw new InputError(
    `Cannot use --set path=${name} as path must be one of ${PATHS.join(", ")}: current value is ${name}`,
  );
}

/**
 * An attention from text, which can't be told by its type that it makes no sense.
 *
 * @throws InputError in one line.
 */
export function attentionOf(scope: string, scoreName: string, window: number): Attention {
  if (!Object.hasOwn(scores, scoreName)) {
    throw new InputError(
      `Cannot use --set score=${scoreName} as score must be one of ${Object.keys(scores).join(", ")}: ` +
        `current value is ${scoreName}`,
    );
  }
  const score = scores[scoreName as keyof typeof scores];
  const content = score as typeof scores.general; // local() and monotonic() refuse what isn't
  switch (scope) {
    case "global":
      return global({ score });
    case "local-m":
    case "local-p":
      return local({ scope: scope === "local-m" ? "monotone" : "predictive", window, score: content });
    case "monotonic":
      return monotonic({ score: content });
    case "heads":
      return multiHead({ heads: 4 });
    case "none":
      return none();
    default:
      throw new InputError(
        `Cannot use --set scope=${scope} as scope must be one of ${SCOPES.join(", ")}: current value is ${scope}`,
      );
  }
}

/** Encoder and decoder of one trial. Memory and decoder are equally wide, whatever the encoder's direction. */
export function partsOf(options: Options): { encoder: Encoder; composition: Composition } {
  const number = (name: string) => Number(options[name]);
  const { direction } = options;
  const cell = cells[String(options.cell) as keyof typeof cells];
  const both = direction === "bidirectional";
  const [units, embedding, layers] = [number("units"), number("embedding"), number("layers")];
  const dropping = { dropout: number("dropout"), variational: options.variational === "yes" };
  return {
    encoder: recurrentEncoder({
      units: both ? units / 2 : units,
      embedding,
      layers,
      cell,
      direction: both ? "bidirectional" : "unidirectional",
      ...dropping,
    }),
    composition: decoder({
      path: pathOf(String(options.path)),
      attention: attentionOf(String(options.scope), String(options.score), number("window")),
      cell,
      layers: Number(options.decoderLayers ?? 1),
      units,
      embedding,
      ...dropping,
    }),
  };
}

/**
 * Refuses, before anything is trained, parts that don't fit together.
 *
 * @throws InputError in one line.
 */
export function checkCombination(options: Options): void {
  const { encoder, composition: { attention, sizes, decoderFor } } = partsOf(options);
  const unfit = attention.refuses?.({ ...sizes, key: encoder.width });
  if (unfit !== undefined) throw new InputError(`Cannot use the attention "${attention.name}" as ${unfit}`);
  const decoder = decoderFor(encoder.width);
  const reason = decoder.refuses?.({
    vocabulary: 1,
    memoryWidth: encoder.width,
    encoderFinal: encoder.width,
    encoderBackward: options.direction === "bidirectional" ? encoder.width / 2 : undefined,
  });
  if (reason !== undefined) throw new InputError(`Cannot use the path "${decoder.name}" as ${reason}`);
}

/** The model. */
export function modelOf(options: Options, vocabularies: Vocabularies): Model<Decoded> {
  const { encoder, composition } = partsOf(options);
  return pipe(encode(encoder, vocabularies.source), decode(composition, vocabularies.target));
}

/** What another thread needs to make the same model. */
export interface LearnerOptions {
  readonly options: Options;
  readonly source: readonly string[];
  readonly target: readonly string[];
}

/** The model with its loss, for parallel training. */
export function learner({ options, source, target }: LearnerOptions): Learner<Decoded> {
  return {
    model: modelOf(options, { source: vocabulary(source), target: vocabulary(target) }),
    loss: smoothedSequenceLoss(Number(options.smoothing)),
  };
}
