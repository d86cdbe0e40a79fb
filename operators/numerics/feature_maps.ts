/**
 * The feature maps that Heed knows by name. Each is made with its options; a user's own map is an object of the same kind.
 *
 * @module
 */
import { cosine } from "./cosine_map.ts";
import { favor } from "./favor_map.ts";
import { poly2, poly2Notes, taylor } from "./polynomial_maps.ts";
import { elu, relu } from "./positive_maps.ts";

/** Makers of feature maps: `featureMaps.favor({ kind: "hyperbolic", seed: 3 })`. */
export const featureMaps = { poly2, poly2Notes, elu, relu, favor, taylor, cosine } as const;
