/**
 * What a feature map is: one small object with a name, a citation, a pure function φ from vectors to features, and its
 * exact cost. It makes the kernel φ(q)·φ(k), which stands in softmax's place (Katharopoulos et al. 2020, section 3.2).
 * Those of {@linkcode ./feature_maps.ts} are such objects, and so is a user's own.
 *
 * Letters: B sequences, H heads, N positions, D the width of a query or key, C the number of features.
 *
 * @module
 */
import { InputError } from "../records.ts";
import type { FeatureCost } from "./feature_costs.ts";
import { hasKernels } from "./device_kernels.ts";
import { onTape } from "./scope.ts";
import { assertShape } from "./shape.ts";
import { type Tensor, type Tensor2D, type Tensor4D, tf } from "./tf.ts";

/** Which vectors a map is applied to. */
export interface FeatureContext {
  readonly side: "query" | "key";
  /** Number of the first of the N positions, counted from 0; the others follow it. @default 0 */
  readonly first?: number;
  /** How many positions the whole sequence has, where that is known. */
  readonly count?: number;
}

/** Features that are exp(`log`) times too small or too large: φ(x) = exp(log) features. */
export interface ScaledFeatures {
  /** `[B, H, N, C]` */
  readonly features: Tensor4D;
  /** `[B, H, N, 1]` */
  readonly log: Tensor4D;
}

/** The kernel as a function of q·k, for maps whose kernel is one: pairs of a query and a key can do without features. */
export interface PairForm {
  /** What q·k is multiplied by, for width D. */
  scale(width: number): number;
  /** The kernel's values from scaled products, element by element. */
  of(products: Tensor): Tensor;
}

/** Whole attention by device kernels, for the maps that have them. They neither scale nor blank anything. */
export interface FusedForm {
  /** Names of the device kernels of the way forward, and of those of the way back. */
  readonly forward: readonly string[];
  readonly backward: readonly string[];
  /** Attention of scaled queries. */
  attend(q: Tensor4D, k: Tensor4D, v: Tensor4D, options: FusedOptions): Tensor4D;
  /** The next chunk of a causal sequence, behind a state of the kernel's own making; without one, the first. */
  step(
    state: Tensor4D | undefined,
    q: Tensor4D,
    k: Tensor4D,
    v: Tensor4D,
    options: Pick<FusedOptions, "mask" | "eps">,
  ): { readonly out: Tensor4D; readonly state: Tensor4D };
}

/** What a {@linkcode FusedForm} is told. */
export interface FusedOptions {
  readonly causal: boolean;
  readonly mask?: Tensor2D;
  readonly eps: number;
  readonly route: "linear" | "quadratic";
}

/** Elements in memory that a map leaves until its caller's scope ends: what a prediction of peak bytes needs. */
export interface MapWorkspace {
  /** For each vector: its features, and all that was made on the way to them. */
  readonly vector: number;
  /** For each pair, from q·k to the kernel's value, of a map with a {@linkcode PairForm}. @default 0 */
  readonly pair?: number;
  /** For each call, whatever the vectors (random directions, say). @default 0 */
  readonly once?: number;
}

/** A feature map. Pure: it neither keeps nor disposes of a tensor. */
export interface FeatureMap {
  /** Short and unique: it labels rows, tables and figures. */
  readonly name: string;
  /** What a reader sees, where it differs from the name. */
  readonly label?: string;
  /** Author, year and equation. */
  readonly citation: string;
  /** Where the scale of q·k goes, for readers: "q / sqrt(D)", "none". */
  readonly scaling?: string;
  /** Whether φ(q)·φ(k) is never negative, so that a denominator can vanish but not change its sign. @default false */
  readonly positive?: boolean;
  /**
   * The least denominator, for maps whose denominators can cancel: below it rounding is all that is left of them.
   *
   * @default 1e-12
   */
  readonly eps?: number;
  /** C, for vectors of width D. */
  dimension(width: number): number;
  /** φ of vectors `[B, H, N, D]`: `[B, H, N, C]`. */
  apply(x: Tensor4D, context: FeatureContext): Tensor4D;
  /** The same with a factor for each row kept apart, for features that would overflow or vanish. */
  applyScaled?(x: Tensor4D, context: FeatureContext): ScaledFeatures;
  /** The kernel as a function of q·k. */
  readonly pair?: PairForm;
  /** Device kernels for all of it. They take queries that {@linkcode PairForm.scale} has scaled. */
  readonly fused?: FusedForm;
  /** The exact cost for width D; without it a mechanism made of the map can't tell its own. */
  cost?(width: number): FeatureCost;
  /** What it leaves in memory for width D; without it peak bytes of attention by this map can't be predicted. */
  workspace?(width: number): MapWorkspace;
  /** Why these sizes can't be used, as one clause ("the width must be even: current value is 3"). */
  refuses?(width: number, positions?: number): string | undefined;
}

/**
 * Checks that a map can work with vectors of this width, before anything is made of them.
 *
 * @param positions the longest sequence, where it is known
 * @throws InputError in one line: which map, which rule, which value
 */
export function checkFeatureMap(map: FeatureMap, width: number, positions?: number): void {
  const reason = Number.isSafeInteger(width) && width > 0
    ? map.refuses?.(width, positions)
    : `the width must be a positive integer: current value is ${width}`;
  if (reason !== undefined) throw new InputError(`Cannot use the feature map "${map.name}" as ${reason}`);
  const dimension = map.dimension(width);
  if (!Number.isSafeInteger(dimension) || dimension < 1) {
    throw new InputError(
      `Cannot use the feature map "${map.name}" as its dimension must be a positive integer: current value is ${dimension}`,
    );
  }
}

/** A map's features of x, with their factor apart where the map knows how; the map keeps to what it promised. */
export function featuresOf(
  map: FeatureMap,
  x: Tensor4D,
  context: FeatureContext,
): { readonly features: Tensor4D; readonly log?: Tensor4D } {
  const made = map.applyScaled ? map.applyScaled(x, context) : { features: map.apply(x, context) };
  assertShape(`the features of "${map.name}"`, made.features, [...x.shape.slice(0, 3), map.dimension(x.shape[3])]);
  return made;
}

/** Whether the backend has a map's device kernels, for the way back too where one is recorded. */
export function hasFused({ fused }: FeatureMap): boolean {
  return fused !== undefined && hasKernels(...fused.forward, ...(onTape() ? fused.backward : []));
}

/** Queries times the scale of their products with keys; a factor of 1 is no multiplication. */
export function scaledQueries({ pair }: FeatureMap, q: Tensor4D): Tensor4D {
  const scale = pair?.scale(q.shape[3]) ?? 1;
  return scale === 1 ? q : tf.mul(q, scale);
}
