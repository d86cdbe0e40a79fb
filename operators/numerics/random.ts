/**
 * Seeded randomness: initial values of parameters, and a shuffle.
 *
 * Everything here is plain arithmetic in float64 on one generator (xoroshiro128+), so that the same seed gives the same
 * values on every device. A parameter's seed comes from its name ({@linkcode seedFrom}), so its value doesn't depend on
 * which parameters were made before it.
 *
 * Sources: Glorot & Bengio 2010, equation 16 (`glorotUniform`); Saxe et al. 2014 (`orthogonal`); Box & Muller 1958
 * (`normal`); Fisher & Yates in Durstenfeld's form, 1964 (`shuffleInPlace`).
 *
 * @module
 */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { type Initial, sizeOf } from "./shape.ts";

/** A source of random numbers: `uniform()` in [0, 1), `normal()` with mean 0 and variance 1, `integer(n)` in 0..n-1. */
export interface Random {
  uniform(): number;
  normal(): number;
  integer(count: number): number;
}

/**
 * A generator started from a seed; seeds are taken modulo 2^32.
 *
 * @throws RangeError when the seed isn't an integer.
 */
export function randomFrom(seed: number): Random {
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`Cannot seed a generator as the seed must be an integer: current value is ${seed}`);
  }
  const generator = xoroshiro128plus(seed | 0);
  // A fresh state holds the seed beside constants, so its first values look alike for all seeds: they are thrown away.
  for (let index = 0; index < 64; index++) generator.next();
  const uniform = () => uniformFloat64(generator);
  let spare: number | undefined;
  return {
    uniform,
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform())); // 1 - u is in (0, 1]: the logarithm is finite
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    integer: (count) => uniformInt(generator, 0, count - 1),
  };
}

/**
 * The seed of what is called `name` under a run's seed: a 32-bit hash (FNV-1a over the name, then MurmurHash3's
 * finaliser), the same on every machine. Nested names are made by nesting: `seedFrom(seedFrom(seed, "encoder"), "bias")`.
 */
export function seedFrom(seed: number, name: string): number {
  let hash = (0x811c9dc5 ^ seed) | 0;
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Shuffles an array in place: every order is equally likely under the generator, and the seed alone decides which. */
export function shuffleInPlace<T>(items: T[], seed: number): T[] {
  const random = randomFrom(seed);
  for (let last = items.length - 1; last > 0; last--) {
    const chosen = random.integer(last + 1);
    [items[last], items[chosen]] = [items[chosen], items[last]];
  }
  return items;
}

/** All zeros. */
export function zeros(shape: readonly number[]): Initial {
  return { shape, values: new Float32Array(sizeOf(shape)) };
}

/** All ones. */
export function ones(shape: readonly number[]): Initial {
  return { shape, values: new Float32Array(sizeOf(shape)).fill(1) };
}

/** Uniform in [-limit, limit). */
export function uniform(shape: readonly number[], limit: number, seed: number): Initial {
  const random = randomFrom(seed);
  return { shape, values: Float32Array.from({ length: sizeOf(shape) }, () => (2 * random.uniform() - 1) * limit) };
}

/** Normal with mean 0 and the given standard deviation. */
export function normal(shape: readonly number[], deviation: number, seed: number): Initial {
  const random = randomFrom(seed);
  return { shape, values: Float32Array.from({ length: sizeOf(shape) }, () => random.normal() * deviation) };
}

/**
 * Uniform in ±√(6 / (fan in + fan out)), for a matrix `[fan in, fan out]`. A matrix that holds several gates side by side
 * must be made gate by gate ({@linkcode besides}), because fan out means one gate.
 */
export function glorotUniform(shape: readonly [number, number], seed: number): Initial {
  return uniform(shape, Math.sqrt(6 / (shape[0] + shape[1])), seed);
}

/**
 * A matrix with orthonormal columns (or rows, when it is wider than tall): the Q of a Gaussian matrix's QR, with R's
 * diagonal positive, hence uniform over all such matrices.
 */
export function orthogonal(shape: readonly [number, number], seed: number): Initial {
  const [rows, columns] = shape;
  const count = Math.min(rows, columns); // vectors
  const length = Math.max(rows, columns);
  const random = randomFrom(seed);
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => random.normal());
    // Twice is enough (Kahan and Parlett): a second pass removes what rounding left of the earlier directions.
    for (let pass = 0; pass < 2; pass++) {
      for (const earlier of vectors) {
        const overlap = dot(vector, earlier);
        for (let index = 0; index < length; index++) vector[index] -= overlap * earlier[index];
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    if (norm < 1e-6) continue; // a draw inside the span of the earlier ones: draw again
    vectors.push(vector.map((value) => value / norm));
  }
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      values[row * columns + column] = rows >= columns ? vectors[column][row] : vectors[row][column];
    }
  }
  return { shape, values };
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += left[index] * right[index];
  return sum;
}

/** Matrices with equal rows, side by side: `[R, C1], [R, C2], ...` become `[R, C1 + C2 + ...]`. */
export function besides(matrices: readonly Initial[]): Initial {
  const rows = matrices[0].shape[0];
  const columns = matrices.reduce((sum, matrix) => sum + matrix.shape[1], 0);
  const values = new Float32Array(rows * columns);
  let offset = 0;
  for (const matrix of matrices) {
    const width = matrix.shape[1];
    for (let row = 0; row < rows; row++) {
      values.set(matrix.values.subarray(row * width, (row + 1) * width), row * columns + offset);
    }
    offset += width;
  }
  return { shape: [rows, columns], values };
}
