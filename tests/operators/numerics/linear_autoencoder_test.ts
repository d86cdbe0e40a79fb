import { assert, assertThrows } from "@std/assert";
import { linearAutoencoder, type Penalty, uniformPrefixes } from "../../../operators/numerics/linear_autoencoder.ts";
import { momentTensors } from "../../../operators/reconstruct.ts";
import { momentsOf } from "../../../operators/numerics/moments.ts";
import { normal } from "../../../operators/numerics/random.ts";
import { type Scalar, tf } from "../../../operators/numerics/tf.ts";
import { InputError } from "../../../operators/records.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { differenceGradient, tapeGradient } from "../../helpers/gradient.ts";
import { tensorTest } from "../../helpers/tensors.ts";
import { referenceLoss } from "../../reference/linear_autoencoder.ts";

const B = 11, M = 7, K = 3;
const rows = Array.from({ length: B }, (_, b) => normal([M], 1, 100 + b).values.map((value) => value + 0.3));
const x = rows.map((row) => [...row]);
const moments = momentsOf(rows.map((values, at) => ({ id: `${at}`, values })));
const penalties: Penalty[] = [
  { kind: "none" },
  { kind: "sum", lambda: 0.17 },
  { kind: "product", lambda: 0.23 },
  { kind: "non-uniform", lambdas: [0.1, 0.2, 0.4] },
  uniformPrefixes(K),
  { kind: "nested", prefixes: [0.5, 0.3, 0.2] },
];

for (const penalty of penalties) {
  for (const bias of [false, true]) {
    const shapes = { W1: [K, M], W2: [M, K], ...(bias ? { b1: [K], b2: [M] } : {}) };
    const initial = Object.entries(shapes).map(([name, shape], at) => ({ name, ...normal(shape, 0.5, 7 + at) }));
    const flat = initial.flatMap(({ values }) => [...values]);
    const weights = (at: number[]) => ({
      W1: at.slice(0, K * M),
      W2: at.slice(K * M, 2 * K * M),
      b1: bias ? at.slice(2 * K * M, 2 * K * M + K) : Array(K).fill(0),
      b2: bias ? at.slice(2 * K * M + K) : Array(M).fill(0),
    });
    const reference = (at: number[]) => referenceLoss(x, K, weights(at), penalty);
    tensorTest(
      `${penalty.kind}${bias ? ", biases" : ""}: loss and gradients are the reference's, by both routes`,
      () => {
        const model = linearAutoencoder({ width: M, code: K, penalty, bias });
        const batches = [
          { vectors: tf.tensor2d(x) },
          momentTensors({
            size: B,
            width: M,
            second: Float32Array.from(moments.second),
            mean: Float32Array.from(moments.mean),
          }),
        ];
        for (const batch of batches) {
          const loss = (...tensors: tf.Tensor[]) => {
            const params = Object.fromEntries(initial.map(({ name }, at) => [name, tensors[at]]));
            return tf.add(model.error(params, batch), model.regularise(params)) as Scalar;
          };
          const tensors = initial.map(({ shape, values }) => tf.tensor(values, [...shape]));
          assertClose(loss(...tensors).dataSync(), [reference(flat)], 1e-6);
          assertClose(
            tapeGradient(loss, tensors).flat(),
            differenceGradient(reference, flat),
            tolerances.gradientAgainstFloat64,
          );
        }
      },
    );
  }
}

Deno.test("penalties that are none are refused in one line", () => {
  const bad: Penalty[] = [
    { kind: "sum", lambda: -1 },
    { kind: "product", lambda: NaN },
    { kind: "non-uniform", lambdas: [1, 2] },
    { kind: "nested", prefixes: [1, 1, 1] },
  ];
  for (const penalty of bad) {
    const error = assertThrows(() => linearAutoencoder({ width: M, code: K, penalty }), InputError, "current value is");
    assert(!error.message.includes("\n"));
  }
});
