/**
 * What gradient descent with the sum penalty learns, held against THEORY.md 1.2 written out in float64 here: nothing below
 * asks the library for its own closed forms.
 */
import { assert } from "@std/assert";
import { chosenSpectrum } from "../../../operators/numerics/chosen_spectrum.ts";
import { singular, symmetricEigen } from "../../../operators/numerics/eigen.ts";
import { linearAutoencoder } from "../../../operators/numerics/linear_autoencoder.ts";
import { momentsOf } from "../../../operators/numerics/moments.ts";
import { normal } from "../../../operators/numerics/random.ts";
import { type Scalar, type Tensor, tf } from "../../../operators/numerics/tf.ts";
import { momentTensors } from "../../../operators/reconstruct.ts";
import { assertClose } from "../../helpers/close.ts";
import { tapeGradient } from "../../helpers/gradient.ts";
import { tensorTest } from "../../helpers/tensors.ts";

const SIGMA = [6, 5, 4, 2.5, 1.5, 1], M = SIGMA.length, K = 3;
/** μ = σ²/n, of n = M vectors. */
const mu = SIGMA.map((sigma) => sigma * sigma / M);
const moments = momentsOf(chosenSpectrum(SIGMA, 5));
const { vectors: principal } = symmetricEigen({ rows: M, columns: M, values: moments.second });

/** A matrix, row by row, in float64. */
type Rows = readonly (readonly number[])[];
const rowsOf = (flat: ArrayLike<number>, columns: number): Rows =>
  Array.from(
    { length: flat.length / columns },
    (_, row) => Array.from({ length: columns }, (_, column) => flat[row * columns + column]),
  );
const turned = (a: Rows): Rows => a[0].map((_, column) => a.map((row) => row[column]));
const times = (a: Rows, b: Rows): Rows => {
  const columns = turned(b);
  return a.map((row) => columns.map((column) => row.reduce((sum, value, at) => sum + value * column[at], 0)));
};
const minus = (a: Rows, b: Rows): Rows => a.map((row, i) => row.map((value, j) => value - b[i][j]));
const norm = (a: Rows): number => Math.hypot(...a.flat());

interface Weights {
  readonly W1: Rows;
  readonly W2: Rows;
}

/** Gradients of the loss with the sum penalty. */
function gradients({ W1, W2 }: Weights, lambda: number): Weights {
  const model = linearAutoencoder({ width: M, code: K, penalty: { kind: "sum", lambda } });
  const [first, second] = tf.tidy(() => {
    const batch = momentTensors({
      size: M,
      width: M,
      second: Float32Array.from(moments.second),
      mean: Float32Array.from(moments.mean),
    });
    const loss = (...[W1, W2]: Tensor[]) =>
      tf.add(model.error({ W1, W2 }, batch), model.regularise({ W1, W2 })) as Scalar;
    return tapeGradient(loss, [tf.tensor2d(W1.flat(), [K, M]), tf.tensor2d(W2.flat(), [M, K])]);
  });
  return { W1: rowsOf(first, M), W2: rowsOf(second, K) };
}

/** Plain descent. */
function descended(weights: Weights, lambda: number, rate: number, steps: number): Weights {
  let { W1, W2 } = weights;
  const scaled = (a: Rows) => a.map((row) => row.map((value) => rate * value));
  for (let step = 0; step < steps; step++) {
    const slope = gradients({ W1, W2 }, lambda);
    W1 = minus(W1, scaled(slope.W1));
    W2 = minus(W2, scaled(slope.W2));
  }
  return { W1, W2 };
}

const initial = (deviation: number): Weights => ({
  W1: rowsOf(normal([K, M], deviation, 3).values, M),
  W2: rowsOf(normal([M, K], deviation, 4).values, K),
});
/** B = W₁W₁ᵀ - W₂ᵀW₂. */
const imbalance = ({ W1, W2 }: Weights) => minus(times(W1, turned(W1)), times(turned(W2), W2));

tensorTest("balance: under gradient flow dB/dt is -4λB exactly, and ‖B‖ decays as e^(-4λt), or stays at λ = 0", () => {
  for (const lambda of [0, 0.2, 1.5]) {
    const weights = initial(0.5), slope = gradients(weights, lambda);
    // dB/dt of dW/dt = -gradient: W₁ and W₂ move at once, the products by the product rule.
    const encoder = times(weights.W1, turned(slope.W1)), decoder = times(turned(weights.W2), slope.W2);
    const flow = minus(encoder, decoder).map((row, i) =>
      row.map((value, j) => -(value + minus(turned(encoder), turned(decoder))[i][j]))
    );
    const law = imbalance(weights).map((row) => row.map((value) => -4 * lambda * value));
    assertClose(flow.flat(), law.flat(), 2e-5);

    const rate = 5e-4, steps = 400;
    const measured = norm(imbalance(descended(weights, lambda, rate, steps))) / norm(imbalance(weights));
    assertClose([measured], [Math.exp(-4 * lambda * rate * steps)], 0.01);
  }
});

tensorTest(
  "the sum penalty's optimum: transpose, shrinkage, distance from the inverse and the projector, off-diagonals",
  () => {
    for (const lambda of [0.2, 0.8]) {
      const { W1, W2 } = descended(initial(0.3), lambda, 0.04, 1500);
      const p = mu.slice(0, K).map((each) => 1 - lambda / each);
      assert(norm(minus(W1, turned(W2))) < 1e-4, "W₂ = W₁ᵀ");

      const found = singular({ rows: K, columns: M, values: Float64Array.from(W1.flat()) });
      assertClose(found.values, p.map(Math.sqrt), 1e-4);
      // W₁⁺ = V S⁻¹ Uᵀ.
      const inverse = turned(W1).map((_, i) =>
        Array.from(
          { length: K },
          (_, j) => found.values.reduce((sum, s, k) => sum + found.right[k][i] * found.vectors[k][j] / s, 0),
        )
      );
      // ‖W₂ - W₁⁺‖² = Σ (s - 1/s)² = Σ (λ/μ)² / (1 - λ/μ).
      const closed = Math.hypot(
        ...mu.slice(0, K).map((each) => lambda / each / Math.sqrt(1 - lambda / each)),
      );
      assertClose([norm(minus(W2, inverse))], [closed], 2e-4);

      // W₂W₁ = U diag(1 - λ/μ) Uᵀ, so its distance from the projector U Uᵀ is that of 1 - λ/μ from 1.
      const outer = (factors: readonly number[]): Rows =>
        Array.from(
          { length: M },
          (_, i) =>
            Array.from({ length: M }, (_, j) =>
              factors.reduce((sum, factor, k) => sum + factor * principal[k][i] * principal[k][j], 0)),
        );
      const map = times(W2, W1);
      assert(norm(minus(map, outer(p))) < 2e-4, `${norm(minus(map, outer(p)))}`);
      assertClose(
        [norm(minus(
          map,
          outer(p.map(() => 1)),
        ))],
        [Math.hypot(...p.map((each) => 1 - each))],
        2e-4,
      );

      // Rows of W₁ are orthogonal up to λ (1/μ_K - 1/μ₁) / 2 in an entry of W₁W₁ᵀ, and not exactly: O is arbitrary.
      const gram = times(W1, turned(W1));
      const most = Math.max(...gram.flatMap((row, i) => row.filter((_, j) => j !== i).map(Math.abs)));
      const bound = lambda * (1 / mu[K - 1] - 1 / mu[0]) / 2;
      assert(most <= bound + 1e-4 && most > bound / 100, `${most} of ${bound}`);
    }
  },
);
