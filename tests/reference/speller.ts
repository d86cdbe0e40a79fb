/**
 * A whole model in float64, one example at a time: encoder, attention and path, from source symbols to what each target
 * step says; and how that changes with the embeddings of the source, by difference quotients.
 *
 * @module
 */
import { type EncoderReference, encoderReference } from "./encoder.ts";
import { rows } from "./gru.ts";
import { fromFinal, type PathReference, pathReference } from "./paths.ts";
import type { ReferenceParams } from "./scores.ts";

/** What a model is made of; encoder and decoder have embeddings of one width. */
export interface SpellerReference {
  readonly encoder: EncoderReference;
  readonly decoder: PathReference;
  /** d_a and S_max of the attention. */
  readonly hidden: number;
  readonly positions: number;
}

/** Parameters by their names in a model: `encoder/embedding/table`. */
export type SpellerValues = Readonly<Record<string, ArrayLike<number>>>;

/** An example's ids. */
export interface Spelt {
  readonly source: readonly number[];
  /** What the decoder reads: the begin mark, then the target. */
  readonly inputs: readonly number[];
  /** What it should say: the target, then the end mark. */
  readonly targets: readonly number[];
}

/** Log-probability of each target `[T]` and weights `[T][S]`, for embedded source symbols `[S][E]`. */
export function spellerReference(
  { encoder, decoder, hidden, positions }: SpellerReference,
  values: SpellerValues,
  embedded: number[][],
  { inputs, targets }: Pick<Spelt, "inputs" | "targets">,
): { logProbabilities: number[]; weights: number[][] } {
  const length = embedded.length;
  const read = encoderReference(encoder, (name) => values[`encoder/${name}`], embedded, length);
  const { logits, weights } = pathReference(
    decoder,
    partOf("decoder", values),
    partOf("attention", values),
    {
      batch: 1,
      queries: inputs.length,
      keys: length,
      query: decoder.units,
      key: read.memory[0].length,
      hidden,
      positions,
    },
    read.memory,
    length,
    fromFinal(decoder.path) ? read.final : read.backward!,
    inputs,
  );
  return { weights, logProbabilities: logits.map((row, t) => row[targets[t]] - logSum(row)) };
}

/** Embeddings `[S][E]` of an example's source. */
export function embeddedReference({ decoder }: SpellerReference, values: SpellerValues, source: readonly number[]) {
  const table = rows(values["encoder/embedding/table"], decoder.embedding);
  return source.map((id) => table[id]);
}

/** `[T][S]`: norms of ∂ log p(y_t) / ∂ x_s, by central differences. */
export function sensitivityReference(speller: SpellerReference, values: SpellerValues, spelt: Spelt): number[][] {
  const embedded = embeddedReference(speller, values, spelt.source);
  const h = 1e-5;
  const squares = spelt.targets.map(() => embedded.map(() => 0));
  embedded.forEach((vector, s) =>
    vector.forEach((_, e) => {
      const [above, below] = [h, -h].map((move) => {
        const moved = embedded.map((row, at) => row.map((value, i) => at === s && i === e ? value + move : value));
        return spellerReference(speller, values, moved, spelt).logProbabilities;
      });
      above.forEach((value, t) => squares[t][s] += ((value - below[t]) / (2 * h)) ** 2);
    })
  );
  return squares.map((row) => row.map(Math.sqrt));
}

function partOf(group: string, values: SpellerValues): ReferenceParams {
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => name.startsWith(`${group}/`))
      .map(([name, part]) => [name.slice(group.length + 1), part]),
  );
}

function logSum(row: readonly number[]): number {
  const highest = Math.max(...row);
  return highest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - highest), 0));
}
