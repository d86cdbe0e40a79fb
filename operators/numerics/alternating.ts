/**
 * The sum-penalised linear autoencoder by alternating exact minimisation, in float64: a second route to the optimum,
 * without gradients.
 *
 *     W₂ ← S W₁ᵀ (W₁ S W₁ᵀ + λI)⁻¹        W₁ ← the solution of W₂ᵀW₂ W₁ S + λ W₁ = W₂ᵀ S
 *
 * In the eigenbasis of S both are small: the second is solved entry by entry in the eigenbasis of W₂ᵀW₂.
 *
 * @module
 */
import { type Dense, symmetricEigen } from "./eigen.ts";
import { randomFrom } from "./random.ts";

/** Weights in the eigenbasis of S: columns of `encoder` `[K, m]` and rows of `decoder` `[m, K]` belong to directions. */
export interface Alternated {
  readonly encoder: Dense;
  readonly decoder: Dense;
  readonly loss: number;
  readonly rounds: number;
}

/**
 * Alternates until the loss falls by less than `tolerance` of itself in a round.
 *
 * @param spectrum Eigenvalues of S.
 * @param lambda Over 0, or the systems may be singular.
 */
export function alternate(
  spectrum: readonly number[],
  code: number,
  lambda: number,
  { seed = 1, rounds = 5000, tolerance = 1e-14 } = {},
): Alternated {
  if (!(lambda > 0)) throw new RangeError(`Cannot alternate as λ must be over 0: current value is ${lambda}`);
  const m = spectrum.length, random = randomFrom(seed);
  const encoder = Float64Array.from({ length: code * m }, () => random.normal() / Math.sqrt(m));
  const decoder = new Float64Array(m * code);
  let loss = Infinity, round = 0;
  for (; round < rounds; round++) {
    // W₂ through the eigenbasis of W₁SW₁ᵀ, [K, K].
    const inner = symmetricEigen({
      rows: code,
      columns: code,
      values: gram(code, m, (k, i) => encoder[k * m + i], spectrum),
    });
    for (let i = 0; i < m; i++) {
      const cross = Float64Array.from({ length: code }, (_, k) => spectrum[i] * encoder[k * m + i]);
      decoder.set(solve(inner, cross, (value) => value + lambda), i * code);
    }
    const outer = symmetricEigen({ rows: code, columns: code, values: gram(code, m, (k, i) => decoder[i * code + k]) });
    for (let i = 0; i < m; i++) {
      const cross = Float64Array.from({ length: code }, (_, k) => spectrum[i] * decoder[i * code + k]);
      const solved = solve(outer, cross, (value) => value * spectrum[i] + lambda);
      for (let k = 0; k < code; k++) encoder[k * m + i] = solved[k];
    }
    const before = loss;
    loss = lossOf(spectrum, code, lambda, encoder, decoder);
    if (before - loss <= tolerance * loss) break;
  }
  return {
    encoder: { rows: code, columns: m, values: encoder },
    decoder: { rows: m, columns: code, values: decoder },
    loss,
    rounds: round,
  };
}

/** Σ_i weight_i f(k, i) f(l, i), `[K, K]`. */
function gram(
  code: number,
  m: number,
  of: (k: number, i: number) => number,
  weights?: readonly number[],
): Float64Array {
  const values = new Float64Array(code * code);
  for (let k = 0; k < code; k++) {
    for (let l = 0; l < code; l++) {
      for (let i = 0; i < m; i++) values[k * code + l] += (weights?.[i] ?? 1) * of(k, i) * of(l, i);
    }
  }
  return values;
}

/** Σ_j p_j (p_j · right) / f(eigenvalue_j): a function of a symmetric matrix, inverted. */
function solve(
  { values, vectors }: { readonly values: readonly number[]; readonly vectors: readonly Float64Array[] },
  right: Float64Array,
  f: (value: number) => number,
): Float64Array {
  const result = new Float64Array(right.length);
  vectors.forEach((vector, j) => {
    const share = vector.reduce((sum, each, k) => sum + each * right[k], 0) / f(values[j]);
    vector.forEach((each, k) => result[k] += share * each);
  });
  return result;
}

function lossOf(
  mu: readonly number[],
  code: number,
  lambda: number,
  encoder: Float64Array,
  decoder: Float64Array,
): number {
  const m = mu.length;
  let loss = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < m; j++) {
      let entry = i === j ? 1 : 0;
      for (let k = 0; k < code; k++) entry -= decoder[i * code + k] * encoder[k * m + j];
      loss += mu[j] * entry * entry;
    }
  }
  for (const weights of [encoder, decoder]) for (const value of weights) loss += lambda * value * value;
  return loss;
}
