/**
 * cosFormer's map (Qin et al. 2022, section 3.2): similarity max(q, 0)·max(k, 0) cos(π (i - j) / 2M'), which falls with
 * the distance of two positions, as a product of features by the angle-difference identity. C = 2D.
 *
 * @module
 */
import { InputError } from "../records.ts";
import { featureCost } from "./feature_costs.ts";
import type { FeatureMap } from "./feature_map.ts";
import { tf } from "./tf.ts";

/** Options of {@linkcode cosine}. */
export interface CosineOptions {
  /** M', the most positions that a sequence may have. @default the length of the sequence at hand */
  readonly positions?: number;
}

/** ReLU(x_i) cos(π i / 2M') beside ReLU(x_i) sin(π i / 2M'), i the position. Angles lie in a quarter turn, so no weight is negative. */
export function cosine({ positions }: CosineOptions = {}): FeatureMap {
  if (positions !== undefined && !(Number.isSafeInteger(positions) && positions > 0)) {
    throw new InputError(
      `Cannot make the feature map "cosformer" as positions must be a positive integer: current value is ${positions}`,
    );
  }
  return {
    name: "cosformer",
    label: "cosFormer",
    citation: "Qin et al. 2022, section 3.2",
    scaling: "none",
    positive: true,
    dimension: (width) => 2 * width,
    apply(x, { first = 0, count }) {
      const length = x.shape[2], most = positions ?? count;
      if (most === undefined) {
        throw new InputError(
          'Cannot apply the feature map "cosformer" as the length of the sequence must be known: give it as positions',
        );
      }
      if (first + length > most) {
        throw new InputError(
          `Cannot apply the feature map "cosformer" as a sequence may have at most ${most} positions: current value is ${
            first + length
          }`,
        );
      }
      const angles = Float64Array.from({ length }, (_, row) => Math.PI * (first + row) / (2 * most));
      const column = (of: (angle: number) => number) => tf.tensor(Float32Array.from(angles, of), [length, 1]);
      const rectified = tf.relu(x);
      return tf.concat([tf.mul(rectified, column(Math.cos)), tf.mul(rectified, column(Math.sin))], 3);
    },
    refuses: (_width, count) =>
      positions === undefined || count === undefined || count <= positions
        ? undefined
        : `a sequence may have at most ${positions} positions: current value is ${count}`,
    cost: featureCost.cosformer,
    workspace: (width) => ({ vector: 5 * width + 2 }), // rectified, times cosine and sine, both together; the two tables
  };
}
