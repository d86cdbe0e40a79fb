/**
 * Position encodings: what is added to a symbol's embedding to say where it stands.
 *
 * Source: Vaswani et al. 2017, sections 3.4 (embeddings times √W beside sinusoids) and 3.5 (sinusoids, learnt positions).
 *
 * @module
 */
import { InputError } from "../records.ts";
import { normal, seedFrom } from "./random.ts";
import type { InitialValues, TensorMap } from "./shape.ts";
import { type Tensor2D, tf } from "./tf.ts";

/** A way of telling positions apart. */
export interface PositionEncoding {
  readonly name: string;
  readonly citation: string;
  /** Initial values; none where nothing is learnt. */
  parameters(width: number, seed: number): InitialValues;
  /** Learnt numbers. */
  count(width: number): number;
  /**
   * What embeddings are multiplied by before positions are added: a symbol's vector begins with length about 1, and must
   * not drown in longer ones.
   *
   * @default 1
   */
  embeddingScale?(width: number): number;
  /**
   * What is added at the first T positions, `[T, W]`; nothing where positions aren't told apart.
   *
   * @throws InputError when there are more positions than it knows.
   */
  encode(params: TensorMap, positions: number, width: number): Tensor2D | undefined;
}

/** No encoding: order is told by causal attention or a short convolution, or not at all. */
export const noPositions: PositionEncoding = {
  name: "none",
  citation: "none",
  parameters: () => ({}),
  count: () => 0,
  encode: () => undefined,
};

/** Sines and cosines of wavelengths from 2π to 10,000 · 2π; any length, nothing learnt. */
export const sinusoidalPositions: PositionEncoding = {
  name: "sinusoidal",
  citation: "Vaswani et al. 2017, section 3.5",
  parameters: () => ({}),
  count: () => 0,
  embeddingScale: Math.sqrt, // a position's sinusoids have length √(W / 2)
  encode(_params, positions, width) {
    return tf.tensor2d(sinusoids(positions, width), [positions, width]);
  },
};

/** The sinusoids of T positions, row by row: sin(t / 10000^(2i/W)) at channel 2i, the cosine beside it. */
export function sinusoids(positions: number, width: number): Float32Array {
  const values = new Float32Array(positions * width);
  for (let t = 0; t < positions; t++) {
    for (let channel = 0; channel < width; channel++) {
      const angle = t / 10_000 ** ((channel - channel % 2) / width);
      values[t * width + channel] = channel % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    }
  }
  return values;
}

/**
 * A learnt row for each position, normal with deviation 1 / √W at first, as symbols' embeddings are.
 *
 * @param most The most positions that a sequence may have.
 */
export function learntPositions(most: number): PositionEncoding {
  if (!Number.isSafeInteger(most) || most < 1) {
    throw new InputError(`Cannot learn positions as they must be a positive whole number: current value is ${most}`);
  }
  return {
    name: `learnt (${most})`,
    citation: "Vaswani et al. 2017, section 3.5",
    parameters: (width, seed) => ({ rows: normal([most, width], 1 / Math.sqrt(width), seedFrom(seed, "rows")) }),
    count: (width) => most * width,
    encode(params, positions, width) {
      if (positions > most) {
        throw new InputError(
          `Cannot encode positions as a sequence may have ${most} at most: current value is ${positions}`,
        );
      }
      return tf.slice(params.rows, [0, 0], [positions, width]) as Tensor2D;
    },
  };
}
