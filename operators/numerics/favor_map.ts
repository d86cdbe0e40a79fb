/**
 * FAVOR+: random features whose kernel is exp(q·k / sqrt(D)) on average (Choromanski et al. 2021, "Rethinking Attention
 * with Performers", section 2; THEORY.md, section 7).
 *
 *     positive        φ(x) = e^(-|x|²/2) / sqrt(m)  [e^(w_r·x)]                         C = m
 *     hyperbolic      φ(x) = e^(-|x|²/2) / sqrt(2m) [e^(w_r·x), e^(-w_r·x)]             C = 2m
 *     trigonometric   φ(x) = e^(+|x|²/2) / sqrt(m)  [sin(w_r·x), cos(w_r·x)]            C = 2m
 *
 * of x / D^(1/4), w_r standard normal `[D]`. Orthogonal: within a block of D the directions are those of a uniformly random
 * orthogonal matrix, and the lengths independent, distributed as those of normal vectors; still unbiased.
 *
 * Each row's factor is kept apart (its greatest exponent; for trigonometric features |x|²/2), so that neither large nor
 * small rows leave float32's range.
 *
 * @module
 */
import { InputError } from "../records.ts";
import { constantOf } from "./constant.ts";
import { featureCost } from "./feature_costs.ts";
import type { FeatureContext, FeatureMap, MapWorkspace, ScaledFeatures } from "./feature_map.ts";
import { orthogonal, randomFrom, seedFrom } from "./random.ts";
import { type Tensor2D, type Tensor4D, tf } from "./tf.ts";

/** Which of the three estimators. */
export type FavorKind = "positive" | "hyperbolic" | "trigonometric";

/** Options of {@linkcode favor}. */
export interface FavorOptions {
  /** @default "positive" */
  readonly kind?: FavorKind;
  /** C, the number of features; even for the kinds that make two of each projection. @default 2 D */
  readonly features?: number;
  /** @default true */
  readonly orthogonal?: boolean;
  /** Decides the projections. @default 1 */
  readonly seed?: number;
}

/** FAVOR+'s map; the projections belong to the object, so one object approximates one kernel. */
export interface FavorMap extends FeatureMap {
  /** The same map with fresh projections; by default under the next seed in line. */
  redraw(seed?: number): FavorMap;
}

/** The projections w_r as rows: `[m, D]`, row-major, the same for the same seed. */
export function favorProjections(count: number, width: number, orthogonally: boolean, seed: number): Float32Array {
  const values = new Float32Array(count * width);
  if (!orthogonally) {
    const random = randomFrom(seed);
    for (let index = 0; index < values.length; index++) values[index] = random.normal();
    return values;
  }
  const lengths = randomFrom(seedFrom(seed, "lengths"));
  for (let start = 0, block = 0; start < count; start += width, block++) {
    const directions = orthogonal([width, width], seedFrom(seed, `block ${block}`)).values;
    for (let row = start; row < Math.min(count, start + width); row++) {
      let square = 0; // χ²_D
      for (let index = 0; index < width; index++) square += lengths.normal() ** 2;
      const length = Math.sqrt(square);
      for (let index = 0; index < width; index++) {
        values[row * width + index] = length * directions[(row - start) * width + index];
      }
    }
  }
  return values;
}

/**
 * FAVOR+ with random features of one seed.
 *
 * @throws InputError when the number of features is no positive integer, or odd where it must be even
 */
export function favor(options: FavorOptions = {}): FavorMap {
  const { kind = "positive", features, orthogonal: orthogonally = true, seed = 1 } = options;
  const doubled = kind !== "positive";
  const refuse = (rule: string, value: unknown): never => {
    throw new InputError(`Cannot make the feature map "favor" as ${rule}: current value is ${value}`);
  };
  if (!["positive", "hyperbolic", "trigonometric"].includes(kind)) {
    refuse("kind must be positive, hyperbolic or trigonometric", kind);
  }
  if (features !== undefined && !(Number.isSafeInteger(features) && features > 0)) {
    refuse("features must be a positive integer", features);
  }
  if (doubled && features !== undefined && features % 2) {
    refuse(`features must be even for the ${kind} kind, which makes two of each projection`, features);
  }
  if (!Number.isSafeInteger(seed)) refuse("seed must be an integer", seed);
  const dimension = (width: number) => features ?? 2 * width;
  const drawn = new Map<number, Float32Array>();

  /** w·y for all projections, and |y|²/2, of y = x / D^(1/4). */
  const project = (x: Tensor4D) => {
    const [batch, heads, length, width] = x.shape;
    const count = dimension(width) / (doubled ? 2 : 1);
    let values = drawn.get(width);
    if (!values) drawn.set(width, values = favorProjections(count, width, orthogonally, seed));
    const y = tf.mul(x, tf.tensor1d([width ** -0.25])).reshape([batch * heads * length, width]) as Tensor2D;
    const projected = tf.matMul(y, tf.tensor2d(values, [count, width]), false, true)
      .reshape([batch, heads, length, count]) as Tensor4D;
    const half = tf.mul(tf.sum(tf.square(y), 1), tf.tensor1d([0.5])).reshape([batch, heads, length, 1]) as Tensor4D;
    return { projected, half, norm: 1 / Math.sqrt(doubled && kind === "hyperbolic" ? 2 * count : count) };
  };

  const applyScaled = (x: Tensor4D): ScaledFeatures => {
    const { projected, half, norm } = project(x);
    const factor = tf.tensor1d([norm]);
    if (kind === "trigonometric") {
      return { features: tf.mul(tf.concat([tf.sin(projected), tf.cos(projected)], 3), factor), log: half };
    }
    const exponents = kind === "positive" ? projected : tf.concat([projected, tf.neg(projected)], 3);
    const greatest = constantOf([exponents], () => tf.max(exponents, 3, true) as Tensor4D);
    // The features are at most 1 / sqrt(m); what was taken out, e^(greatest - |y|²/2), carries the gradient of |y|²/2.
    return {
      features: tf.mul(tf.exp(tf.sub(exponents, greatest)), factor),
      log: tf.sub(greatest, half),
    };
  };

  return {
    name: `favor-${kind}${orthogonally ? "" : "-iid"}`,
    label: `FAVOR+ ${kind}${orthogonally ? "" : ", iid"}`,
    citation: "Choromanski et al. 2021, section 2",
    scaling: "x / D^(1/4) on both sides",
    positive: kind !== "trigonometric",
    eps: kind === "trigonometric" ? 1e-6 : undefined, // sums of signed terms end in rounding, not in 0
    dimension,
    applyScaled,
    apply(x: Tensor4D, _context: FeatureContext) {
      const { features, log } = applyScaled(x);
      return tf.mul(features, tf.exp(log));
    },
    refuses: (width) =>
      doubled && dimension(width) % 2
        ? `features must be even for the ${kind} kind: current value is ${dimension(width)}`
        : undefined,
    cost: (width) => featureCost.favor(width, dimension(width), kind),
    workspace: (width) => workspace(kind, width, dimension(width)),
    redraw: (next = seedFrom(seed, "redraw")) => favor({ ...options, seed: next }),
  };
}

/**
 * y and its squares; projections, then, a feature each: exponents less their greatest, exponential and features (negated
 * and joined before, or sine, cosine, joined and features); sums a row; the directions.
 */
function workspace(kind: FavorKind, width: number, features: number): MapWorkspace {
  const count = kind === "positive" ? features : features / 2;
  const made = { positive: 3 * features, hyperbolic: count + 4 * features, trigonometric: 3 * features }[kind];
  return { vector: 2 * width + count + made + (kind === "trigonometric" ? 2 : 4), once: count * width };
}
