/**
 * Random draws for data that are generated: the same seed and name give the same draws on every machine.
 *
 * @module
 */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { avalanche, fnv1a } from "./hash.ts";

/** Draws from one seed. */
export interface Draws {
  /** In [0, 1). */
  uniform(): number;
  /** A whole number from 0 to `count` - 1. */
  below(count: number): number;
  /** `size` different whole numbers from 0 to `count` - 1, in random order. */
  distinct(count: number, size: number): number[];
  /** `size` different places of a list of weights, drawn one after the other, each with a chance in proportion. */
  weighted(weights: readonly number[], size: number): number[];
}

/** Draws that belong to a name under a seed. */
export function drawsFrom(seed: number, name: string): Draws {
  const generator = xoroshiro128plus(avalanche(fnv1a(`${seed} ${name}`)) | 0);
  // A fresh state holds the seed beside constants, so its first values look alike for all seeds.
  for (let index = 0; index < 32; index++) generator.next();
  const uniform = () => uniformFloat64(generator);
  const below = (count: number) => uniformInt(generator, 0, count - 1);
  return {
    uniform,
    below,
    distinct(count, size) {
      const numbers = Array.from({ length: count }, (_, index) => index);
      for (let at = 0; at < size; at++) {
        const chosen = at + below(count - at);
        [numbers[at], numbers[chosen]] = [numbers[chosen], numbers[at]];
      }
      return numbers.slice(0, size);
    },
    weighted(weights, size) {
      // Efraimidis & Spirakis 2006: the largest of u^(1/w) are a weighted sample without replacement, in order.
      return weights.map((weight, place) => ({ place, key: Math.log(1 - uniform()) / weight }))
        .sort((a, b) => b.key - a.key).slice(0, size).map(({ place }) => place);
    },
  };
}
