/**
 * What a trial measures of the weights that it learnt.
 *
 * | metric | unit | further labels |
 * | --- | --- | --- |
 * | `set` | vectors | name, split, licence, citation, checksum, width, notes (λ in the notes' normalisation) |
 * | `excess` (by step) | 1 | |
 * | `balance` (by step) | 1 | kind: measured, predicted |
 * | `singular` | 1 | index, side (encoder, decoder), theory, ratio (λ/μ) |
 * | `loss` | 1 | theory |
 * | `distance/transpose`, `distance/inverse`, `distance/projector`, `distance/map` | 1 | theory |
 * | `distance/identity`, `distance/code` | 1 | |
 * | `off-diagonal` | 1 | theory: the bound |
 * | `penalty/inverse` | 1 | |
 * | `angle` | degrees | index: of the singular vectors of W₂ |
 * | `column` | degrees | index: of the columns of W₂ themselves |
 * | `steps`, `steps/near` | steps | |
 * | `direction` | 1 | index, pixels (hexadecimal), kind: learnt, principal |
 * | `reconstruction` (its squared error) | 1 | index, pixels, kind: original, learnt, principal |
 *
 * @module
 */
import { type Dense, keepProbabilities, singular } from "../../operators/mod.ts";
import type { Measurement } from "../../operators/records.ts";
import { rowsOf } from "../rows.ts";
import { directionRows, reconstructionRows } from "./pictures.ts";
import { labelsOf, type Setting } from "./setting.ts";

type Saved = Readonly<Record<string, { readonly data: Float32Array }>>;

/** Where the vectors are from and how many they are. */
export function dataRows(setting: Setting): Measurement[] {
  const { data: { vectors, moments }, lambda, trial } = setting;
  const { name, split, licence, citation, checksum } = vectors.provenance;
  const labels = { name, split, licence, citation, checksum, width: moments.width, notes: lambda };
  return [rowsOf(trial.id, labelsOf(setting))("set", vectors.length, "vectors", 0, labels)];
}

function weights(saved: Saved, { autoencoder: { code, width } }: Setting): { encoder: Dense; decoder: Dense } {
  return {
    encoder: { rows: code, columns: width, values: Float64Array.from(saved["autoencoder/W1"].data) },
    decoder: { rows: width, columns: code, values: Float64Array.from(saved["autoencoder/W2"].data) },
  };
}

function times(a: Dense, b: Dense): Dense {
  const values = new Float64Array(a.rows * b.columns);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.columns; k++) {
      const factor = a.values[i * a.columns + k];
      for (let j = 0; j < b.columns; j++) values[i * b.columns + j] += factor * b.values[k * b.columns + j];
    }
  }
  return { rows: a.rows, columns: b.columns, values };
}

function turned({ rows, columns, values }: Dense): Dense {
  const all = new Float64Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) all[j * rows + i] = values[i * columns + j];
  return { rows: columns, columns: rows, values: all };
}

/** Frobenius norm of a difference. */
function distance(a: Dense, b: Dense): number {
  let sum = 0;
  a.values.forEach((value, at) => sum += (value - b.values[at]) ** 2);
  return Math.sqrt(sum);
}

function diagonal(size: number, value: number): Dense {
  const values = new Float64Array(size * size);
  for (let at = 0; at < size; at++) values[at * (size + 1)] = value;
  return { rows: size, columns: size, values };
}

/** Σ_k factor_k u_k v_kᵀ. */
function outer(left: readonly Float64Array[], right: readonly Float64Array[], factors: readonly number[]): Dense {
  const rows = left[0].length, columns = right[0].length;
  const values = new Float64Array(rows * columns);
  factors.forEach((factor, k) => {
    if (factor === 0) return;
    for (let i = 0; i < rows; i++) {
      const scaled = factor * left[k][i];
      for (let j = 0; j < columns; j++) values[i * columns + j] += scaled * right[k][j];
    }
  });
  return { rows, columns, values };
}

/** ‖W₁W₁ᵀ - W₂ᵀW₂‖: how far encoder and decoder are from balance. */
export function balanceOf(saved: Saved, setting: Setting): number {
  const { encoder, decoder } = weights(saved, setting);
  return distance(times(encoder, turned(encoder)), times(turned(decoder), decoder));
}

/** Everything that is measured at the end of a trial. */
export function finalRows(setting: Setting, saved: Saved, step: number, near: number | undefined): Measurement[] {
  const { trial, data: { eigen }, optimum, autoencoder: { code, width }, lambda } = setting;
  const row = rowsOf(trial.id, labelsOf(setting));
  const { encoder, decoder } = weights(saved, setting);
  const sides = { encoder: singular(encoder), decoder: singular(decoder) };
  const map = times(decoder, encoder);
  const principal = eigen.vectors.slice(0, code);
  const gram = times(encoder, turned(encoder));
  const offDiagonal = Math.max(0, ...gram.values.map((value, at) => at % (code + 1) === 0 ? 0 : Math.abs(value)));
  const living = sides.encoder.values.map((s) => s > 1e-3 ? 1 / s : 0);
  const inverse = outer(sides.encoder.right, sides.encoder.vectors, living); // W₁⁺, [m, K]
  const squares = codeSquares(encoder, decoder).reduce((sum, each) => sum + each, 0);
  const assumed = sides.encoder.values.reduce((sum, s) => sum + (s > 1e-3 ? s * s + 1 / (s * s) : 0), 0);
  // Where a direction lies on the drop threshold itself the closed form is the inverse of a rounding error.
  const certain = eigen.values.slice(0, code).every((mu) => Math.abs(1 - lambda / mu) > 1e-5);
  const theory = (value: number | undefined) => value === undefined ? undefined : { theory: value };
  const rows = [
    ...(["encoder", "decoder"] as const).flatMap((side) =>
      sides[side].values.map((s, index) =>
        row("singular", s, "1", step, {
          index: index + 1,
          side,
          ratio: lambda / eigen.values[index],
          ...theory(optimum.singular?.[index]),
        })
      )
    ),
    row("loss", lossOf(setting, encoder, decoder, saved), "1", step, { theory: optimum.loss }),
    row("distance/transpose", distance(encoder, turned(decoder)), "1", step),
    row(
      "distance/inverse",
      distance(decoder, inverse),
      "1",
      step,
      theory(certain ? optimum.inverseDistance : undefined),
    ),
    row("distance/projector", distance(map, outer(principal, principal, principal.map(() => 1))), "1", step, {
      theory: Math.hypot(...optimum.products.map((p) => 1 - p)),
    }),
    row("distance/map", distance(map, outer(principal, principal, optimum.products)), "1", step),
    row("distance/identity", distance(map, diagonal(width, 1)), "1", step, { theory: Math.sqrt(width - code) }),
    row("distance/code", distance(times(encoder, decoder), diagonal(code, 1)), "1", step),
    row("off-diagonal", offDiagonal, "1", step, theory(optimum.offDiagonal)),
    row("steps", step, "steps", step),
    ...(near === undefined ? [] : [row("steps/near", near, "steps", step)]),
    ...(assumed === 0 ? [] : [row("penalty/inverse", squares / assumed, "1", step)]),
    ...principal.slice(0, optimum.kept).flatMap((vector, index) => {
      const column = Float64Array.from({ length: width }, (_, i) => decoder.values[i * code + index]);
      return [
        row("angle", angleBetween(vector, sides.decoder.vectors[index]), "degrees", step, { index: index + 1 }),
        row("column", angleBetween(vector, column), "degrees", step, { index: index + 1 }),
      ];
    }),
  ];
  if (trial.options.source !== "mnist") return rows;
  return [
    ...rows,
    ...directionRows(setting, sides.decoder.vectors, step),
    ...reconstructionRows(setting, {
      encoder,
      decoder,
      b1: saved["autoencoder/b1"]?.data,
      b2: saved["autoencoder/b2"]?.data,
    }, step),
  ];
}

/** The loss in float64, from the learnt weights and the vectors' moments. */
function lossOf({ data: { moments }, autoencoder, lambda }: Setting, encoder: Dense, decoder: Dense, saved: Saved) {
  const { width, second, mean } = moments;
  const { penalty, code } = autoencoder;
  const carried = times(encoder, { rows: width, columns: width, values: second });
  const cross = times(carried, decoder).values, codes = times(carried, turned(encoder)).values;
  const gram = times(turned(decoder), decoder).values;
  const keep = keepProbabilities(penalty, code);
  let loss = 0;
  for (let i = 0; i < width; i++) loss += second[i * (width + 1)];
  for (let k = 0; k < code; k++) {
    loss -= 2 * keep[k] * cross[k * (code + 1)];
    for (let l = 0; l < code; l++) loss += keep[Math.max(k, l)] * gram[k * code + l] * codes[k * code + l];
  }
  const b1 = saved["autoencoder/b1"]?.data, b2 = saved["autoencoder/b2"]?.data;
  if (b1 && b2) {
    const centre = times(encoder, { rows: width, columns: 1, values: mean }).values;
    for (let i = 0; i < width; i++) {
      let offset = b2[i], left = mean[i];
      for (let k = 0; k < code; k++) {
        offset += decoder.values[i * code + k] * b1[k];
        left -= decoder.values[i * code + k] * centre[k];
      }
      loss += offset * offset - 2 * offset * left;
    }
  }
  const squares = codeSquares(encoder, decoder);
  if (penalty.kind === "sum") return loss + lambda * squares.reduce((sum, each) => sum + each, 0);
  if (penalty.kind === "non-uniform") {
    return loss + squares.reduce((sum, each, k) => sum + penalty.lambdas[k] * each, 0);
  }
  if (penalty.kind !== "product") return loss;
  const rows = times(encoder, turned(encoder)).values;
  return loss + lambda * gram.reduce((sum, each, at) => sum + each * rows[at], 0);
}

/** ‖row k of W₁‖² + ‖column k of W₂‖². */
function codeSquares(encoder: Dense, decoder: Dense): number[] {
  return Array.from({ length: encoder.rows }, (_, k) => {
    let sum = 0;
    for (let i = 0; i < encoder.columns; i++) {
      sum += encoder.values[k * encoder.columns + i] ** 2 + decoder.values[i * decoder.columns + k] ** 2;
    }
    return sum;
  });
}

/** Degrees between two directions; signs don't count. A column of zeros has none. */
function angleBetween(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let overlap = 0, left = 0, right = 0;
  for (let at = 0; at < a.length; at++) {
    overlap += a[at] * b[at];
    left += a[at] ** 2;
    right += b[at] ** 2;
  }
  return Math.acos(Math.min(1, Math.abs(overlap) / Math.sqrt(left * right))) * 180 / Math.PI;
}
