/**
 * What a trial on images leaves to be seen: directions, and images after reconstruction.
 *
 * @module
 */
import type { Dense } from "../../operators/mod.ts";
import type { Measurement } from "../../operators/records.ts";
import { rowsOf } from "../rows.ts";
import { labelsOf, type Setting } from "./setting.ts";

/** Pictures a line. */
const SHOWN = 9;

/** What was learnt: W₁ `[K, m]`, W₂ `[m, K]`, and biases where there are. */
export interface Learnt {
  readonly encoder: Dense;
  readonly decoder: Dense;
  readonly b1: ArrayLike<number> | undefined;
  readonly b2: ArrayLike<number> | undefined;
}

/** Directions as pictures: a byte a pixel, 128 is 0. */
export function directionRows(setting: Setting, learnt: readonly Float64Array[], step: number): Measurement[] {
  const { trial, data: { eigen }, autoencoder: { code } } = setting;
  const row = rowsOf(trial.id, labelsOf(setting));
  const one = (vector: Float64Array, index: number, kind: string) => {
    const most = Math.max(...vector.map(Math.abs));
    const pixels = hexadecimal(vector, (value) => 128 + 127 * value / most);
    return row("direction", index + 1, "1", step, { index: index + 1, kind, pixels });
  };
  return Array.from({ length: Math.min(code, SHOWN) }, (_, index) => {
    const principal = eigen.vectors[index];
    const overlap = principal.reduce((sum, each, at) => sum + each * learnt[index][at], 0);
    return [
      one(overlap < 0 ? learnt[index].map((value) => -value) : learnt[index], index, "learnt"),
      one(principal, index, "principal"),
    ];
  }).flat();
}

/**
 * The first images, as they are, as the autoencoder gives them back, and as their mean and K principal components do; a
 * byte a pixel, 0 is black and 255 white. Values are squared errors.
 */
export function reconstructionRows(setting: Setting, learnt: Learnt, step: number): Measurement[] {
  const { trial, data: { vectors, eigen, moments: { mean } }, autoencoder: { code } } = setting;
  const row = rowsOf(trial.id, labelsOf(setting));
  const rows: Measurement[] = [];
  for (const { values } of vectors) {
    const index = rows.length / 3 + 1;
    if (index > SHOWN) break;
    const given = Float64Array.from(values);
    const made = { original: given, learnt: reconstructed(learnt, given), principal: Float64Array.from(mean) };
    for (const vector of eigen.vectors.slice(0, code)) {
      const length = vector.reduce((sum, each, at) => sum + each * (given[at] - mean[at]), 0);
      vector.forEach((each, at) => made.principal[at] += length * each);
    }
    for (const [kind, image] of Object.entries(made)) {
      const error = image.reduce((sum, value, at) => sum + (value - given[at]) ** 2, 0);
      rows.push(
        row("reconstruction", error, "1", step, { index, kind, pixels: hexadecimal(image, (value) => 255 * value) }),
      );
    }
  }
  return rows;
}

/** W₂ (W₁ x + b₁) + b₂ */
function reconstructed({ encoder, decoder, b1, b2 }: Learnt, x: Float64Array): Float64Array {
  const { rows: code, columns: width } = encoder;
  const codes = Float64Array.from({ length: code }, (_, k) => {
    let sum = b1?.[k] ?? 0;
    for (let at = 0; at < width; at++) sum += encoder.values[k * width + at] * x[at];
    return sum;
  });
  return Float64Array.from({ length: width }, (_, at) => {
    let sum = b2?.[at] ?? 0;
    for (let k = 0; k < code; k++) sum += decoder.values[at * code + k] * codes[k];
    return sum;
  });
}

function hexadecimal(values: Float64Array, byte: (value: number) => number): string {
  return Array.from(
    values,
    (value) => Math.max(0, Math.min(255, Math.round(byte(value)))).toString(16).padStart(2, "0"),
  ).join("");
}
