/**
 * Dropout: in training, each value is zero with probability `rate` and otherwise scaled by 1 / (1 - rate), so that the
 * expected value stays what evaluation sees.
 *
 * Source: Srivastava et al. 2014, section 4, in the inverted form that every framework uses.
 *
 * @module
 */
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { type Tensor, tf } from "./tf.ts";

/** Drops values of a tensor of any shape; each call draws anew. */
export type Drop = <T extends Tensor>(x: T, rate: number) => T;

/**
 * Dropout from a seed: the same seed and the same calls drop the same values.
 *
 * @throws RangeError (when called) if the rate isn't in [0, 1).
 */
export function droppingFrom(seed: number): Drop {
  const generator = xoroshiro128plus(seed | 0);
  for (let index = 0; index < 64; index++) generator.next(); // the first values look alike for all seeds
  return <T extends Tensor>(x: T, rate: number): T => {
    if (!(rate >= 0 && rate < 1)) {
      throw new RangeError(`Cannot drop as the rate must be in [0, 1): current value is ${rate}`);
    }
    if (rate === 0) return x;
    const limit = rate * 2 ** 32;
    const kept = 1 / (1 - rate);
    const factors = new Float32Array(x.size);
    for (let index = 0; index < factors.length; index++) factors[index] = (generator.next() >>> 0) < limit ? 0 : kept;
    return tf.mul(x, tf.tensor(factors, x.shape)) as T;
  };
}
