/**
 * What a regularised linear autoencoder must learn: closed forms in the eigenvalues μ₁ ≥ μ₂ ≥ … of S = XXᵀ/n.
 *
 *     W₂ = W₁ᵀ = U_K diag(s) O,   s_i = √max(0, 1 - λ/μ_i)    (sum penalty; O orthogonal, arbitrary)
 *
 * Sources: Kunin et al. 2019 (transpose theorem, shrinkage); Bao et al. 2020 (non-uniform penalty).
 *
 * @module
 */
import { InputError } from "../records.ts";
import { checkPenalty, keepProbabilities, type Penalty } from "./linear_autoencoder.ts";

/** The minimum of a loss, as far as it is determined. */
export interface Optimum {
  readonly loss: number;
  /** Singular values of W₂W₁, largest first, K of them. */
  readonly products: readonly number[];
  /** Directions that are kept (not shrunk to 0). */
  readonly kept: number;
  /** Singular values of W₁ and of W₂, where the penalty determines them (sum, non-uniform). */
  readonly singular?: readonly number[];
  /** ‖W₂ - W₁⁺‖ in Frobenius norm, where determined. */
  readonly inverseDistance?: number;
  /** What no off-diagonal entry of W₁W₁ᵀ can exceed, where determined: (s₁² - s_K²)/2. */
  readonly offDiagonal?: number;
}

/** λ of the notes (mean over n vectors) from Kunin et al.'s, whose squared error is a sum over n vectors. */
export function fromKunin(lambda: number, vectors: number): number {
  return lambda / vectors;
}

/** λ of the notes from a framework's `weight_decay` under a squared error that is a mean over vectors and m entries. */
export function fromWeightDecay(decay: number, width: number): number {
  return width * decay / 2;
}

/** λ of the notes from one that is added to a squared error summed over a batch. */
export function fromBatchSum(lambda: number, batch: number): number {
  return lambda / batch;
}

/** p = max(0, 1 - λ/μ): what the sum penalty leaves of a direction; 0 where μ is. */
export function shrinkage(mu: number, lambda: number): number {
  return mu > lambda ? 1 - lambda / mu : 0;
}

/** The number of eigenvalues that are not rounding errors of 0. */
export function rankOf(spectrum: readonly number[]): number {
  const largest = Math.max(0, ...spectrum);
  return spectrum.filter((mu) => mu > largest * 1e-10).length;
}

/**
 * The minimum of the loss: its value, and what the learnt weights must be.
 *
 * @param spectrum μ₁ ≥ μ₂ ≥ …, all of them.
 * @throws InputError when K isn't a whole number from 1 to the rank, or the penalty is not one.
 */
export function linearOptimum(spectrum: readonly number[], code: number, penalty: Penalty): Optimum {
  const rank = rankOf(spectrum);
  if (!Number.isInteger(code) || code < 1 || code > rank) {
    throw new InputError(
      `Cannot learn a code as its width K must be a whole number from 1 to the data's rank ${rank}: current value is ${code}`,
    );
  }
  checkPenalty(penalty, code);
  const total = spectrum.reduce((sum, mu) => sum + Math.max(0, mu), 0);
  const top = spectrum.slice(0, code);
  const without = (gain: (mu: number, index: number) => number) =>
    total - top.reduce((sum, mu, index) => sum + gain(mu, index), 0);
  switch (penalty.kind) {
    case "none":
      return { loss: without((mu) => mu), products: top.map(() => 1), kept: code };
    case "nested": {
      const keep = keepProbabilities(penalty, code);
      return { loss: without((mu, k) => keep[k] * mu), products: top.map(() => 1), kept: code };
    }
    case "product": {
      const { lambda } = penalty;
      return {
        loss: without((mu) => mu * mu / (mu + lambda)),
        products: top.map((mu) => mu / (mu + lambda)),
        kept: code,
      };
    }
    case "sum":
    case "non-uniform": {
      // The least penalty goes with the greatest variance.
      const lambdas = "lambda" in penalty ? top.map(() => penalty.lambda) : [...penalty.lambdas].sort((a, b) => a - b);
      const products = top.map((mu, k) => shrinkage(mu, lambdas[k]));
      const singular = products.map(Math.sqrt);
      const keptOnes = products.filter((p) => p > 0);
      return {
        loss: without((mu, k) => mu > lambdas[k] ? (mu - lambdas[k]) ** 2 / mu : 0),
        products,
        kept: keptOnes.length,
        singular,
        inverseDistance: Math.sqrt(keptOnes.reduce((sum, p) => sum + (1 - p) ** 2 / p, 0)),
        offDiagonal: (Math.max(...products) - Math.min(...products)) / 2,
      };
    }
  }
}
