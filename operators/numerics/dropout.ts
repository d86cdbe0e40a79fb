/**
 * Dropout: in training, each value is zero with probability `rate` and otherwise scaled by 1 / (1 - rate), so that the
 * expected value stays what evaluation sees.
 *
 * Source: Srivastava et al. 2014, section 4, in the inverted form that every framework uses.
 *
 * @module
 */
import { xoroshiro128plus, xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { beside, hasKernels, runKernel } from "./device_kernels.ts";
import { sizeOf } from "./shape.ts";
import { type Tensor, type Tensor3D, tf } from "./tf.ts";

/** Drops values of a tensor of any shape; each call draws anew. */
export type Drop = <T extends Tensor>(x: T, rate: number) => T;

/** Name of the device kernel that draws the factors. */
export const DROP_KERNEL = "HeedDropFactors";

/**
 * Dropout from a seed: the same seed and the same calls drop the same values.
 *
 * @throws RangeError (when called) if the rate isn't in [0, 1).
 */
export function droppingFrom(seed: number): Drop {
  const generator = xoroshiro128plus(seed | 0);
  for (let index = 0; index < 64; index++) generator.next(); // the first values look alike for all seeds
  const [high0, low0, high1, low1] = generator.getState();
  const state = Int32Array.of(low0, high0, low1, high1);
  return <T extends Tensor>(x: T, rate: number): T => {
    if (!(rate >= 0 && rate < 1)) {
      throw new RangeError(`Cannot drop as the rate must be in [0, 1): current value is ${rate}`);
    }
    return rate === 0 ? x : tf.mul(x, factorsOf(x.shape, rate, state)) as T;
  };
}

/** 0 for what is dropped and 1 / (1 - rate) for the rest; moves the generator's state on, one draw a value. */
function factorsOf(shape: number[], rate: number, state: Int32Array): Tensor {
  const limit = rate * 2 ** 32;
  const kept = 1 / (1 - rate);
  // Factors are a constant of the way back, whoever makes them.
  if (hasKernels(DROP_KERNEL)) return beside(() => runKernel<Tensor>(DROP_KERNEL, {}, { shape, state, limit, kept }));
  const [low0, high0, low1, high1] = state;
  const generator = xoroshiro128plusFromState([high0, low0, high1, low1]);
  const factors = new Float32Array(sizeOf(shape));
  for (let index = 0; index < factors.length; index++) factors[index] = (generator.next() >>> 0) < limit ? 0 : kept;
  const [nextHigh0, nextLow0, nextHigh1, nextLow1] = generator.getState();
  state.set([nextLow0, nextHigh0, nextLow1, nextHigh1]);
  return tf.tensor(factors, shape);
}

/** How much is dropped, and whether the same units at every step. */
export interface DropoutOptions {
  /** Share that training drops. @default {0} */
  readonly dropout?: number;
  /**
   * Whether a sequence's every step drops the same units (Gal & Ghahramani 2016; here on what enters and leaves a layer, as
   * Merity et al. 2018 have it, and not on the recurrent product).
   * @default {false}
   */
  readonly variational?: boolean;
}

/** Whether anything is dropped. */
export function drops(drop: Drop | undefined, { dropout = 0 }: DropoutOptions): drop is Drop {
  return drop !== undefined && dropout > 0;
}

/** Drops values of sequences `[B, T, D]`, the same ones at every step where dropout is variational. */
export function dropSteps(drop: Drop | undefined, x: Tensor3D, options: DropoutOptions): Tensor3D {
  const { dropout = 0, variational = false } = options;
  if (!drops(drop, options)) return x;
  if (!variational) return drop(x, dropout);
  const [batch, , width] = x.shape;
  return tf.mul(x, drop(tf.ones([batch, 1, width]), dropout)) as Tensor3D;
}
