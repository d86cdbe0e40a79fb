import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { alternate } from "../../../operators/numerics/alternating.ts";
import { chosenSpectrum } from "../../../operators/numerics/chosen_spectrum.ts";
import { singular, symmetricEigen } from "../../../operators/numerics/eigen.ts";
import { fromBatchSum, fromKunin, fromWeightDecay, linearOptimum } from "../../../operators/numerics/linear_optimum.ts";
import { covarianceOf, momentsOf } from "../../../operators/numerics/moments.ts";
import { InputError } from "../../../operators/records.ts";
import { assertClose } from "../../helpers/close.ts";
import { referenceLoss } from "../../reference/linear_autoencoder.ts";

const kunin = Array.from({ length: 20 }, (_, i) => (20 - i) ** 2 / 20);

Deno.test("Kunin's synthetic vector, the drop rule, and both ends", () => {
  const at = (lambda: number) => linearOptimum(kunin, 10, { kind: "sum", lambda: fromKunin(lambda, 20) });
  const published = [0.975, 0.9723, 0.96914, 0.9654, 0.96094, 0.95556, 0.94898, 0.94083, 0.93056, 0.91736];
  assertClose(at(10).products, published, 5e-5);
  assertEquals([at(361).kept, at(441).kept, at(0).kept], [1, 0, 10]);
  assertClose([at(361).products[0]], [0.0975], 1e-12);
  assertClose(at(1e-9).products, Array(10).fill(1), 1e-9);
  assertClose([at(441).loss], [kunin.reduce((a, b) => a + b)], 1e-12);
});

Deno.test("λ in other normalisations", () => {
  assertClose(
    [fromKunin(3125, 10000), fromWeightDecay(0.01, 784), fromBatchSum(10, 32)],
    [0.3125, 3.92, 0.3125],
    1e-12,
  );
});

Deno.test("closed forms are the loss at the closed-form weights, and alternating minimisation finds them", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.5, max: 9, noNaN: true }), { minLength: 5, maxLength: 7 }),
      fc.double({ min: 0.05, max: 4, noNaN: true }),
      fc.integer({ min: 1, max: 3 }),
      (values, lambda, code) => {
        const mu = values.map((value, i) => value + 3 * i).sort((a, b) => b - a), m = mu.length;
        // Alternation tells near ties apart in as many rounds as they are near (the optimum itself needs μ_K > μ_{K+1}).
        fc.pre(mu[code - 1] - mu[code] > 0.01 * mu[0]);
        const { loss, products } = linearOptimum(mu, code, { kind: "sum", lambda });
        const x = mu.map((value, i) => mu.map((_, j) => i === j ? Math.sqrt(value * m) : 0));
        const W1 = products.flatMap((p, k) => mu.map((_, i) => i === k ? Math.sqrt(p) : 0));
        const W2 = mu.flatMap((_, i) => products.map((p, k) => i === k ? Math.sqrt(p) : 0));
        const weights = { W1, W2, b1: Array(code).fill(0), b2: Array(m).fill(0) };
        assertClose([referenceLoss(x, code, weights, { kind: "sum", lambda })], [loss], 1e-10);
        const found = alternate(mu, code, lambda);
        assert(found.loss >= loss - 1e-9 * loss && found.loss <= loss * (1 + 1e-4), `${found.loss} ${loss}`);
      },
    ),
    { numRuns: 25 },
  );
});

Deno.test("alternating minimisation ends balanced, at the shrunk singular values", () => {
  const { encoder, decoder, loss } = alternate(kunin, 10, 0.5);
  const optimum = linearOptimum(kunin, 10, { kind: "sum", lambda: 0.5 });
  assertClose([loss], [optimum.loss], 1e-9);
  for (const weights of [encoder, decoder]) assertClose(singular(weights).values, optimum.singular!, 1e-4);
  const gap = encoder.values.map((value, at) => value - decoder.values[(at % 20) * 10 + Math.floor(at / 20)]);
  assert(Math.hypot(...gap) < 1e-3);
});

Deno.test("K over the rank, K of 0 and a negative λ are refused in one line", () => {
  const flat = [3, 2, 1, 0, 1e-17];
  assertThrows(() => linearOptimum(flat, 4, { kind: "none" }), InputError, "to the data's rank 3: current value is 4");
  assertThrows(() => linearOptimum(flat, 0, { kind: "none" }), InputError, "current value is 0");
  assertThrows(
    () => linearOptimum(flat, 2, { kind: "sum", lambda: -1 }),
    InputError,
    "at least 0: current value is -1",
  );
});

Deno.test("chosen spectra come back from the moments, in a turned basis", () => {
  const moments = momentsOf(chosenSpectrum([7, 5, 3, 2, 1], 4));
  const { values, vectors } = symmetricEigen({ rows: 5, columns: 5, values: moments.second });
  assertClose(values, [49, 25, 9, 4, 1].map((value) => value / 5), 1e-5);
  assertClose(vectors.map((vector) => Math.hypot(...vector)), Array(5).fill(1), 1e-12);
  const centred = covarianceOf(moments);
  assertClose([centred[1]], [moments.second[1] - moments.mean[0] * moments.mean[1]], 1e-12);
  assertThrows(() => momentsOf([]), InputError, "at least one vector");
});
