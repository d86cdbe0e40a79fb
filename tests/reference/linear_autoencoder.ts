/** The loss of a linear autoencoder in float64, by plain loops from the definition: vector by vector, prefix by prefix. */
import type { Penalty } from "../../operators/numerics/linear_autoencoder.ts";

export interface Weights {
  readonly W1: number[]; // [K, m]
  readonly W2: number[]; // [m, K]
  readonly b1: number[];
  readonly b2: number[];
}

export function referenceLoss(
  x: readonly number[][],
  code: number,
  { W1, W2, b1, b2 }: Weights,
  penalty: Penalty,
): number {
  const m = x[0].length;
  const prefixes = penalty.kind === "nested"
    ? penalty.prefixes
    : Array.from({ length: code }, (_, k) => +(k + 1 === code));
  let loss = 0;
  for (const vector of x) {
    prefixes.forEach((probability, last) => {
      for (let i = 0; i < m; i++) {
        let out = b2[i];
        for (let k = 0; k <= last; k++) {
          let z = b1[k];
          for (let j = 0; j < m; j++) z += W1[k * m + j] * vector[j];
          out += W2[i * code + k] * z;
        }
        loss += probability * (vector[i] - out) ** 2 / x.length;
      }
    });
  }
  if (penalty.kind === "product") {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < m; j++) {
        let entry = 0;
        for (let k = 0; k < code; k++) entry += W2[i * code + k] * W1[k * m + j];
        loss += penalty.lambda * entry ** 2;
      }
    }
  }
  for (let k = 0; k < code; k++) {
    const lambda = penalty.kind === "sum" ? penalty.lambda : penalty.kind === "non-uniform" ? penalty.lambdas[k] : 0;
    for (let i = 0; i < m; i++) loss += lambda * (W1[k * m + i] ** 2 + W2[i * code + k] ** 2);
  }
  return loss;
}
