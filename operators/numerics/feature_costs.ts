/**
 * How many features a kernel's map has, and what it takes to make them, in closed form (THEORY.md 6.1, 6.2 and 7).
 *
 * @module
 */

/** The price of a feature map. */
export interface FeatureCost {
  /** C, features of one vector. */
  readonly features: number;
  /** Operations for the features of one vector. */
  readonly operations: number;
  /** Operations from q.k to the kernel's value, where it is a function of q.k; it can then do without features. */
  readonly pair?: number;
  /** Operations for each query beside its features: q's scale, where it is a multiplication of its own. @default 0 */
  readonly query?: number;
  /**
   * Whether each row's factor is kept apart, and sums are relative to the greatest so far: attention then brings factors
   * together, which takes operations of its own. @default false
   */
  readonly apart?: boolean;
}

/** The prices of the usual maps, by name, each a function of the width D. */
export interface FeatureCosts {
  /** (1 + q.k)^2: C = (D + 1)(D + 2) / 2; sqrt2 x, then products: C - 1. A pair: add 1, square. */
  poly2(d: number): FeatureCost;
  /** elu(x) + 1 = e^min(x, 0) + max(x, 0): C = D, four operations each. */
  elu(d: number): FeatureCost;
  /** max(x, 0): C = D. */
  relu(d: number): FeatureCost;
  /**
   * FAVOR+ with C features of x / D^(1/4), rows' factors apart. Scale D, projections 2D - 1 each (C of them, or C / 2 for
   * the kinds that make two features of one), the norm and its half 2D. Then, positive: the greatest exponent C - 1, each
   * less it, its exponential and the factor 3C, the row's logarithm 1. Hyperbolic: C / 2 more for the signs.
   * Trigonometric: sine or cosine, and the factor, 2C.
   */
  favor(d: number, features: number, kind?: "positive" | "hyperbolic" | "trigonometric"): FeatureCost;
  /**
   * Based's 1 + s + s^2 / 2, s = q.k / sqrt(D), with every product x_i x_j: C = 1 + D + D^2. Two scalings of x (2D), the
   * D^2 products. A pair, with the scale folded: s / 2, + 1, times s, + 1.
   */
  taylor(d: number): FeatureCost;
  /** cosFormer: ReLU(x) times the cosine and the sine of the position (taken from a table): C = 2D. */
  cosformer(d: number): FeatureCost;
}

/** The prices of the usual maps. */
export const featureCost: FeatureCosts = {
  poly2(d) {
    const features = (d + 1) * (d + 2) / 2;
    return { features, operations: features - 1, pair: 2 };
  },
  elu: (d: number): FeatureCost => ({ features: d, operations: 4 * d }),
  relu: (d: number): FeatureCost => ({ features: d, operations: d }),
  favor(d, features, kind = "positive") {
    const count = kind === "positive" ? features : features / 2;
    const exponentials = kind === "trigonometric" ? 2 * features : 4 * features + (kind === "hyperbolic" ? count : 0);
    return { features, operations: d + count * (2 * d - 1) + 2 * d + exponentials, apart: true };
  },
  taylor: (d: number): FeatureCost => ({ features: 1 + d + d * d, operations: 2 * d + d * d, pair: 4 }),
  cosformer: (d: number): FeatureCost => ({ features: 2 * d, operations: 3 * d }),
};
