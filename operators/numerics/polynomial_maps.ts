/**
 * Maps of degree 2: their kernels are polynomials of s = q·k scaled once, and their features products of two entries.
 * Sources:
 *
 * 1. Katharopoulos et al. 2020, "Transformers are RNNs", section 3.2.1: the polynomial kernel of degree 2.
 * 2. Arora et al. 2024, "Simple linear attention language models balance the recall-throughput tradeoff" (Based): the
 *    second-order Taylor series of exp.
 *
 * @module
 */
import { InputError } from "../records.ts";
import { featureCost } from "./feature_costs.ts";
import type { FeatureMap } from "./feature_map.ts";
import { POLY2_KERNELS, poly2Attention, poly2Chunk, poly2State } from "./poly2_attention.ts";
import { type Tensor, type Tensor4D, tf } from "./tf.ts";

/** Options of the maps of degree 2. */
export interface PolynomialOptions {
  /** What q·k is multiplied by. @default 1 / sqrt(D) */
  readonly scale?: number;
}

function checked({ scale }: PolynomialOptions): (width: number) => number {
  if (scale !== undefined && !(Number.isFinite(scale) && scale > 0)) {
    throw new InputError(`Cannot make a feature map as scale must be a positive number: current value is ${scale}`);
  }
  return (width) => scale ?? 1 / Math.sqrt(width);
}

/** x times a factor; a factor of 1 is no multiplication. */
function times<T extends Tensor>(x: T, factor: number): T {
  return factor === 1 ? x : tf.mul(x, factor);
}

const triangle = (width: number) => width * (width + 1) / 2;

/** sqrt2 x, as D multiplications (a constant of rank 0 would count as folded into a product, and there is none). */
const rootTwo = (x: Tensor4D): Tensor4D => tf.mul(x, tf.tensor1d([Math.SQRT2]));

/** y_i x_j for all i < j, `[B, H, N, D (D - 1) / 2]`: a list of one, or of none for D = 1. */
function mixedProducts(y: Tensor4D, x: Tensor4D): Tensor4D[] {
  const width = x.shape[3];
  const rows: number[] = [], columns: number[] = [];
  for (let i = 0; i < width; i++) {
    for (let j = i + 1; j < width; j++) {
      rows.push(i);
      columns.push(j);
    }
  }
  const pick = (from: Tensor4D, indices: number[]) => tf.gather(from, tf.tensor1d(indices, "int32"), 3);
  return width === 1 ? [] : [tf.mul(pick(y, rows), pick(x, columns))];
}

/** One 1 a position, `[B, H, N, 1]`. */
const constantOne = ({ shape: [batch, heads, length] }: Tensor4D): Tensor4D => tf.ones([batch, heads, length, 1]);

/**
 * (1 + s)^2: φ(x) = [1, sqrt2 x_i, x_i^2, sqrt2 x_i x_j (i < j)], C = (D + 1)(D + 2) / 2. Zero at s = -1, and not
 * monotone: s = -5 counts for 16, s = 0 for 1.
 */
export function poly2(options: PolynomialOptions = {}): FeatureMap {
  const scale = checked(options);
  return {
    name: "poly2",
    label: "poly-2",
    citation: "Katharopoulos et al. 2020, section 3.2.1 (polynomial kernel of degree 2)",
    scaling: scaling(options),
    positive: true,
    eps: 1e-6, // at s = -1, 1 - 2 + 1 of features is rounding
    dimension: (width) => 1 + width + triangle(width),
    apply(x, { side }) {
      const own = side === "query" ? times(x, scale(x.shape[3])) : x;
      const linear = rootTwo(own);
      return tf.concat([constantOne(x), linear, tf.mul(own, own), ...mixedProducts(linear, own)], 3);
    },
    pair: { scale, of: (products) => tf.square(tf.add(products, 1)) },
    fused: {
      forward: POLY2_KERNELS.slice(0, 1),
      backward: ["HeedPoly2AttentionGrad"],
      attend: poly2Attention,
      step: (state, q, k, v, options) =>
        poly2Chunk(state ?? poly2State(q.shape[0], q.shape[1], q.shape[3], v.shape[3]), q, k, v, options),
    },
    cost: (width) => ({ ...featureCost.poly2(width), query: scale(width) === 1 ? 0 : width }),
  };
}

/**
 * The map as the source notes print it, without sqrt2 on the linear terms: its kernel is 1 + s + s^2, which misses
 * (1 + s)^2 by exactly s. Never below 3/4.
 */
export function poly2Notes(options: PolynomialOptions = {}): FeatureMap {
  const scale = checked(options);
  return {
    name: "poly2-notes",
    label: "poly-2 as in the notes",
    citation: "Katharopoulos et al. 2020, section 3.2.1, without the sqrt2 of the linear terms",
    scaling: scaling(options),
    positive: true,
    dimension: (width) => 1 + width + triangle(width),
    apply(x, { side }) {
      const own = side === "query" ? times(x, scale(x.shape[3])) : x;
      const mixed = mixedProducts(rootTwo(own), own);
      return tf.concat([constantOne(x), own, tf.mul(own, own), ...mixed], 3);
    },
    pair: { scale, of: (products) => tf.add(tf.mul(tf.add(products, 1), products), 1) }, // (s + 1) s + 1
    cost: (width) => ({ ...featureCost.poly2(width), pair: 3, query: scale(width) === 1 ? 0 : width }),
    // Queries scaled, sqrt2 x, squares, two factors of each mixed product and the product, 1, all together; which to take.
    workspace: (width) => ({
      vector: 1 + (scale(width) === 1 ? 2 : 3) * width + 3 * triangle(width - 1) + 1 + width + triangle(width),
      pair: 3,
      once: 2 * triangle(width - 1),
    }),
  };
}

/** Options of {@linkcode taylor}. */
export interface TaylorOptions {
  /** Keep one of x_i x_j and x_j x_i: C = (D + 1)(D + 2) / 2 in place of Based's 1 + D + D^2. @default false */
  readonly deduplicated?: boolean;
}

/**
 * Based's 1 + s + s^2 / 2 with s = q·k / sqrt(D), exp's Taylor series: φ(x) = [1, x / D^(1/4), vec(x x^T) / sqrt(2D)].
 * Never below 1/2; off exp(s) by at most |s|^3 e^max(s, 0) / 6.
 */
export function taylor({ deduplicated = false }: TaylorOptions = {}): FeatureMap {
  const dimension = (width: number) => 1 + width + (deduplicated ? triangle(width) : width * width);
  return {
    name: deduplicated ? "taylor-dedup" : "taylor",
    label: deduplicated ? "Taylor, each product once" : "Taylor",
    citation: "Arora et al. 2024 (Based), the second-order Taylor feature map",
    scaling: "x / D^(1/4) on both sides",
    positive: true,
    dimension,
    apply(x) {
      const [batch, heads, length, width] = x.shape;
      const y: Tensor4D = tf.mul(x, tf.tensor1d([width ** -0.25])); // D
      if (deduplicated) {
        const small = tf.mul(y, tf.tensor1d([Math.SQRT1_2])); // squares weigh 1 / sqrt2, mixed products 1
        return tf.concat([constantOne(x), y, tf.mul(small, y), ...mixedProducts(y, y)], 3);
      }
      const rows = batch * heads * length;
      const small = tf.mul(y, tf.tensor1d([Math.SQRT1_2])); // D
      const all = tf.mul(small.reshape([rows, width, 1]), y.reshape([rows, 1, width])); // D^2
      return tf.concat([constantOne(x), y, all.reshape([batch, heads, length, width * width])], 3);
    },
    pair: {
      scale: (width) => 1 / Math.sqrt(width),
      of: (s) => tf.add(tf.mul(tf.add(tf.mul(s, tf.tensor1d([0.5])), 1), s), 1), // (s / 2 + 1) s + 1
    },
    cost: (width) => ({
      features: dimension(width),
      operations: 2 * width + (deduplicated ? triangle(width) : width * width),
      pair: 4,
    }),
    // Two scaled copies, the products (before them the two factors, where each is made once), 1, all together.
    workspace: (width) => ({
      vector: 1 + 2 * width + (deduplicated ? width + 3 * triangle(width - 1) : width * width) + dimension(width),
      pair: 4,
    }),
  };
}

function scaling({ scale }: PolynomialOptions): string {
  return scale === undefined ? "q / sqrt(D)" : scale === 1 ? "none" : `q times ${scale}`;
}
