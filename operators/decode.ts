/** @module decode: a memory that can be asked to logits, and to hypotheses */
import type { OperatorFunction } from "rxjs";
import { type Attended, attentionOver } from "./attend.ts";
import type { Encoded } from "./encode.ts";
import { type Loan, transform } from "./loan.ts";
import { parametersOf } from "./model.ts";
import type { Composition } from "./numerics/composition.ts";
import type { Decoder } from "./numerics/decoder.ts";
import { attendFromBeams } from "./numerics/luong.ts";
import { type BeamOptions, beamSearch, greedySearch, type SearchStep, type SearchTrace } from "./numerics/search.ts";
import { type Tensor3D, tf } from "./numerics/tf.ts";
import { type Batch, InputError } from "./records.ts";
import { SPECIAL, type Vocabulary } from "./vocabulary.ts";

/** How to search: the most symbols of a hypothesis, and for a beam its width and length normalisation. */
export type DecodingOptions = Pick<BeamOptions, "maxLength" | "beams" | "alpha">;

/** A batch with what the decoder says. */
export interface Decoded extends Attended {
  /** Logits of every next target symbol under teacher forcing, `[B, T, V]`. */
  readonly logits: Tensor3D;
  /** Attention weights under teacher forcing, `[B, T, S]`. */
  readonly alignment: Tensor3D;
  /** What the decoder asked with under teacher forcing, `[B, T, D]`; zero past a target's end. */
  readonly queries: Tensor3D;
  /** Decodes without seeing the targets; one beam (the default) is greedy. */
  readonly search: (options: DecodingOptions) => SearchTrace;
}

/**
 * Decodes each batch: logits under teacher forcing at once, and a search for whoever asks. The parameters are the model's
 * group `decoder`.
 *
 * @param decoder The path, after `attend`: `luongDecoder({ units: 64, embedding: 32 })`.
 * @param vocabulary Of the target side.
 */
export function decode(
  decoder: Decoder,
  vocabulary: Vocabulary,
): OperatorFunction<Loan<Attended, Batch>, Loan<Decoded, Batch>>;
/**
 * Attends and decodes, after `encode`: the attention's parameters are the group `attention`, as behind `attend`.
 *
 * @param composition A path with its attention: `decoder({ path: bahdanau(), attention: global({ score: scores.concat }) })`.
 */
export function decode(
  composition: Composition,
  vocabulary: Vocabulary,
): OperatorFunction<Loan<Encoded, Batch>, Loan<Decoded, Batch>>;
export function decode(
  what: Decoder | Composition,
  vocabulary: Vocabulary,
): OperatorFunction<Loan<Attended, Batch>, Loan<Decoded, Batch>> {
  return transform((tensors, loan) => {
    if (!("decoderFor" in what)) return decoded(what, vocabulary, tensors, loan);
    const attention = attentionOver(what.attention, what.sizes, tensors, loan);
    return decoded(what.decoderFor(tensors.memory.shape[2]), vocabulary, { ...tensors, attention }, loan);
  });
}

function decoded(decoder: Decoder, vocabulary: Vocabulary, tensors: Attended, loan: Loan<unknown, Batch>): Decoded {
  const dims = {
    vocabulary: vocabulary.size,
    memoryWidth: tensors.memory.shape[2],
    encoderFinal: tensors.final.shape[1],
    encoderBackward: tensors.backward?.shape[1],
  };
  const reason = decoder.refuses?.(dims);
  if (reason !== undefined) throw new InputError(`Cannot use the path "${decoder.name}" as ${reason}`);
  const params = parametersOf("decode", loan).group("decoder", (seed) => decoder.parameters(dims, seed));
  const initial = decoder.initial(params, tensors);
  const { logits, alignment, queries } = decoder.teacher(
    params,
    tensors.attention,
    initial,
    tensors.inputs,
    tensors.targetLengths,
    loan.context.drop,
  );
  const search: Decoded["search"] = ({ maxLength, beams = 1, alpha = 0 }) => {
    const attention = attendFromBeams(tensors.attention, beams);
    const next: SearchStep = ({ weights, ...state }, tokens, index) => {
      // What an attention begins with is its own business.
      const previous = index === 0 ? undefined : tf.expandDims(weights, 1) as Tensor3D;
      const step = decoder.step(params, (query) => attention(query, { step: index, previous }), state, tokens);
      return { ...step, state: { ...step.state, weights: step.alignment } };
    };
    const marks = { begin: SPECIAL.begin, end: SPECIAL.end, pad: SPECIAL.pad };
    const first = { ...initial, weights: tf.zerosLike(tensors.memoryMask) };
    return beams === 1
      ? greedySearch(next, first, { ...marks, maxLength })
      : beamSearch(next, first, { ...marks, maxLength, beams, alpha });
  };
  return { ...tensors, logits, alignment, queries, search };
}
