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
 * | `angle` | degrees | index |
 * | `steps`, `steps/near` | steps | |
 * | `direction` | 1 | index, pixels (hexadecimal), kind: learnt, principal |
 *
 * @module
 */
import { type Dense, singular } from "../../operators/mod.ts";
import type { Measurement } from "../../operators/records.ts";
import { rowsOf } from "../rows.ts";
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
  const { trial, data: { eigen, moments }, optimum, autoencoder: { code, width, bias }, lambda } = setting;
  const row = rowsOf(trial.id, labelsOf(setting));
  const { encoder, decoder } = weights(saved, setting);
  const sides = { encoder: singular(encoder), decoder: singular(decoder) };
  const map = times(decoder, encoder);
  const principal = eigen.vectors.slice(0, code);
  const gram = times(encoder, turned(encoder));
  const offDiagonal = Math.max(0, ...gram.values.map((value, at) => at % (code + 1) === 0 ? 0 : Math.abs(value)));
  const living = sides.encoder.values.map((s) => s > 1e-3 ? 1 / s : 0);
  const inverse = outer(sides.encoder.right, sides.encoder.vectors, living); // W₁⁺, [m, K]
  const squares = ({ values }: Dense) => values.reduce((sum, each) => sum + each * each, 0);
  const assumed = sides.encoder.values.reduce((sum, s) => sum + (s > 1e-3 ? s * s + 1 / (s * s) : 0), 0);
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
    row("loss", lossOf(setting, map, saved, squares(encoder) + squares(decoder)), "1", step, { theory: optimum.loss }),
    row("distance/transpose", distance(encoder, turned(decoder)), "1", step),
    row("distance/inverse", distance(decoder, inverse), "1", step, theory(optimum.inverseDistance)),
    row("distance/projector", distance(map, outer(principal, principal, principal.map(() => 1))), "1", step, {
      theory: Math.hypot(...optimum.products.map((p) => 1 - p)),
    }),
    row("distance/map", distance(map, outer(principal, principal, optimum.products)), "1", step),
    row("distance/identity", distance(map, diagonal(width, 1)), "1", step, { theory: Math.sqrt(width - code) }),
    row("distance/code", distance(times(encoder, decoder), diagonal(code, 1)), "1", step),
    row("off-diagonal", offDiagonal, "1", step, theory(optimum.offDiagonal)),
    row("steps", step, "steps", step),
    ...(near === undefined ? [] : [row("steps/near", near, "steps", step)]),
    ...(assumed === 0 ? [] : [row("penalty/inverse", (squares(encoder) + squares(decoder)) / assumed, "1", step)]),
    ...principal.slice(0, optimum.kept).map((vector, index) => {
      const overlap = vector.reduce((sum, each, at) => sum + each * sides.decoder.vectors[index][at], 0);
      return row("angle", Math.acos(Math.min(1, Math.abs(overlap))) * 180 / Math.PI, "degrees", step, {
        index: index + 1,
      });
    }),
  ];
  void moments;
  void bias;
  return trial.options.source === "mnist" ? [...rows, ...directionRows(setting, sides.decoder.vectors, step)] : rows;
}

/** The loss in float64, from the learnt weights. */
function lossOf(
  { data: { moments }, autoencoder, lambda }: Setting,
  map: Dense,
  saved: Saved,
  squares: number,
): number {
  const { width, second, mean } = moments;
  const { penalty, code } = autoencoder;
  const residual: Dense = { ...map, values: map.values.map((value, at) => (at % (width + 1) === 0 ? 1 : 0) - value) };
  const spread = times(residual, { rows: width, columns: width, values: second });
  let loss = spread.values.reduce((sum, value, at) => sum + value * residual.values[at], 0);
  const b1 = saved["autoencoder/b1"]?.data, b2 = saved["autoencoder/b2"]?.data;
  if (b1 && b2) {
    const W2 = saved["autoencoder/W2"].data;
    for (let i = 0; i < width; i++) {
      let offset = b2[i], left = 0;
      for (let k = 0; k < code; k++) offset += W2[i * code + k] * b1[k];
      for (let j = 0; j < width; j++) left += residual.values[i * width + j] * mean[j];
      loss += offset * offset - 2 * offset * left;
    }
  }
  if (penalty.kind === "sum") return loss + lambda * squares;
  if (penalty.kind === "product") return loss + lambda * map.values.reduce((sum, each) => sum + each * each, 0);
  const W1 = saved["autoencoder/W1"].data, W2 = saved["autoencoder/W2"].data;
  if (penalty.kind === "non-uniform") {
    penalty.lambdas.forEach((each, k) => {
      for (let i = 0; i < width; i++) loss += each * (W1[k * width + i] ** 2 + W2[i * code + k] ** 2);
    });
  }
  if (penalty.kind === "nested") {
    // The mean over prefixes, each a map of its own.
    loss = 0;
    penalty.prefixes.forEach((probability, last) => {
      const rest = diagonal(width, 1);
      for (let i = 0; i < width; i++) {
        for (let k = 0; k <= last; k++) {
          for (let j = 0; j < width; j++) rest.values[i * width + j] -= W2[i * code + k] * W1[k * width + j];
        }
      }
      const carried = times(rest, { rows: width, columns: width, values: second });
      loss += probability * carried.values.reduce((sum, value, at) => sum + value * rest.values[at], 0);
    });
  }
  return loss;
}

/** Directions as pictures: a byte a pixel, 128 is 0. */
function directionRows(setting: Setting, learnt: readonly Float64Array[], step: number): Measurement[] {
  const { trial, data: { eigen }, autoencoder: { code } } = setting;
  const row = rowsOf(trial.id, labelsOf(setting));
  const one = (vector: Float64Array, index: number, kind: string) =>
    row("direction", index + 1, "1", step, { index: index + 1, kind, pixels: hexadecimal(vector) });
  return Array.from({ length: Math.min(code, 9) }, (_, index) => {
    const principal = eigen.vectors[index];
    const overlap = principal.reduce((sum, each, at) => sum + each * learnt[index][at], 0);
    return [
      one(overlap < 0 ? learnt[index].map((value) => -value) : learnt[index], index, "learnt"),
      one(principal, index, "principal"),
    ];
  }).flat();
}

function hexadecimal(vector: Float64Array): string {
  const most = Math.max(...vector.map(Math.abs));
  return Array.from(vector, (value) => Math.round(128 + 127 * value / most).toString(16).padStart(2, "0")).join("");
}
