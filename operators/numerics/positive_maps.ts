/**
 * Maps that work entry by entry: C = D, no scale. Sources: Katharopoulos et al. 2020, equation 7 (elu + 1); Qin et al.
 * 2022 (cosFormer), equation 10 without its cosine (ReLU).
 *
 * @module
 */
import { featureCost } from "./feature_costs.ts";
import type { FeatureMap } from "./feature_map.ts";
import { tf } from "./tf.ts";

/**
 * elu(x) + 1 > 0. Written as e^min(x, 0) + max(x, 0), so that far below 0 it is e^x and not (e^x - 1) + 1 = 0, and its
 * gradient has no kink; with x - max(x, 0) for min(x, 0), which backends have no fast kernel for.
 */
export function elu(): FeatureMap {
  return {
    name: "elu",
    label: "elu + 1",
    citation: "Katharopoulos et al. 2020, equation 7",
    scaling: "none",
    positive: true,
    dimension: (width) => width,
    apply(x) {
      const above = tf.relu(x);
      return tf.add(tf.exp(tf.sub(x, above)), above);
    },
    cost: featureCost.elu,
    workspace: (width) => ({ vector: 4 * width }), // rectified, the rest, its exponential, the sum
  };
}

/** max(x, 0). A vector without a positive entry has no features: as a query it gets zeros, as a key it counts for nothing. */
export function relu(): FeatureMap {
  return {
    name: "relu",
    label: "ReLU",
    citation: "Qin et al. 2022, equation 10 without its cosine",
    scaling: "none",
    positive: true,
    dimension: (width) => width,
    apply: (x) => tf.relu(x),
    cost: featureCost.relu,
    workspace: (width) => ({ vector: width }),
  };
}
