/** @module decode: a memory that can be asked to logits, and to hypotheses */
import type { OperatorFunction } from "rxjs";
import type { Attended } from "./attend.ts";
import { type Loan, transform } from "./loan.ts";
import { parametersOf } from "./model.ts";
import { attendFromBeams, type Decoder } from "./numerics/luong.ts";
import { type BeamOptions, beamSearch, greedySearch, type SearchStep, type SearchTrace } from "./numerics/search.ts";
import type { Tensor2D, Tensor3D } from "./numerics/tf.ts";
import type { Batch } from "./records.ts";
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
 * @param decoder The path: `luongDecoder({ units: 64, embedding: 32 })`.
 * @param vocabulary Of the target side.
 */
export function decode(
  decoder: Decoder,
  vocabulary: Vocabulary,
): OperatorFunction<Loan<Attended, Batch>, Loan<Decoded, Batch>> {
  return transform((tensors, loan) => {
    const dims = {
      vocabulary: vocabulary.size,
      memoryWidth: tensors.memory.shape[2],
      encoderFinal: tensors.final.shape[1],
    };
    const params = parametersOf("decode", loan).group("decoder", (seed) => decoder.parameters(dims, seed));
    const initial = decoder.initial(params, tensors.final);
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
      const next: SearchStep = ({ state }, tokens) => {
        const step = decoder.step(params, attention, state as Tensor2D, tokens);
        return { ...step, state: { state: step.state } };
      };
      const marks = { begin: SPECIAL.begin, end: SPECIAL.end, pad: SPECIAL.pad };
      return beams === 1
        ? greedySearch(next, { state: initial }, { ...marks, maxLength })
        : beamSearch(next, { state: initial }, { ...marks, maxLength, beams, alpha });
    };
    return { ...tensors, logits, alignment, queries, search };
  });
}
