/**
 * Adam, and clipping by the global norm: functions from tensors to tensors, whose state belongs to the caller.
 *
 * Sources: Kingma & Ba 2015, Algorithm 1; Pascanu, Mikolov & Bengio 2013, Algorithm 1 (clipping).
 *
 * @module
 */
import { hasKernels, runKernel } from "./device_kernels.ts";
import { type Scalar, type Tensor, tf } from "./tf.ts";
import { total } from "./total.ts";

/** Where an optimiser stands. */
export interface OptimiserStep {
  /** Counts from 1. */
  readonly step: number;
  readonly learningRate: number;
  /** A scalar by which the gradient counts, 1 when left out; given only to an update that says `takesScale`. */
  readonly scale?: Scalar;
}

/**
 * One step for one parameter. All tensors have the parameter's shape, and none of the arguments is changed.
 *
 * @param slots In the order of the optimiser's names.
 */
export interface Update {
  (value: Tensor, gradient: Tensor, slots: readonly Tensor[], at: OptimiserStep): {
    readonly value: Tensor;
    readonly slots: readonly Tensor[];
  };
  /** Whether it multiplies the gradient by `at.scale` itself, so that clipping costs no pass of its own. @default {false} */
  readonly takesScale?: boolean;
}

/** How a parameter follows its gradient. State lives in slots: tensors of the parameter's shape, zero at first. */
export interface Optimiser {
  readonly name: string;
  readonly citation: string;
  /** One slot a name, for every parameter. */
  readonly slots: readonly string[];
  readonly update: Update;
}

/** Adam's constants beside the learning rate. */
export interface AdamOptions {
  /** Decay of the first moment. @default 0.9 */
  readonly beta1?: number;
  /** Decay of the second moment. @default 0.999 */
  readonly beta2?: number;
  /** Added to the root of the second moment. @default 1e-8 */
  readonly epsilon?: number;
}

/** Name of the device kernel that makes a whole step in one pass; {@linkcode adam} uses it where the backend has one. */
export const ADAM_KERNEL = "HeedAdam";

/** Name of the device kernel that takes the norm of all gradients at once. */
export const NORM_KERNEL = "HeedGlobalNorm";

/**
 * Adam:
 *
 *     m ← β1 m + (1 - β1) g     v ← β2 v + (1 - β2) g²
 *     θ ← θ - α (m / (1 - β1^t)) / (√(v / (1 - β2^t)) + ε)
 *
 * Its state is the two moments and the step's number, nothing else: copy them out and in, and a run goes on as if it had
 * never stopped.
 *
 * @throws RangeError when a constant is out of its range.
 */
export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): Optimiser {
  for (const [name, value] of Object.entries({ beta1, beta2 })) {
    if (!(value >= 0 && value < 1)) {
      throw new RangeError(`Cannot use Adam as ${name} must be in [0, 1): current value is ${value}`);
    }
  }
  if (!(epsilon > 0)) throw new RangeError(`Cannot use Adam as epsilon must be over 0: current value is ${epsilon}`);
  const update: Update = (value, gradient, [m, v], { step, learningRate, scale }) => {
    // Both corrections are folded into two numbers (float64), as the paper's section 2 suggests:
    // α m̂ / (√v̂ + ε) = rate · m / (√v + floor).
    const correction = Math.sqrt(1 - beta2 ** step);
    const rate = learningRate * correction / (1 - beta1 ** step);
    const floor = epsilon * correction;
    if (hasKernels(ADAM_KERNEL)) {
      const attributes = { beta1, beta2, rate, floor };
      const [newValue, newM, newV] = runKernel<Tensor[]>(ADAM_KERNEL, { value, gradient, m, v, scale }, attributes);
      return { value: newValue, slots: [newM, newV] };
    }
    const scaled = scale === undefined ? gradient : tf.mul(gradient, scale);
    const newM = tf.add(tf.mul(m, beta1), tf.mul(scaled, 1 - beta1));
    const newV = tf.add(tf.mul(v, beta2), tf.mul(tf.square(scaled), 1 - beta2));
    const change = tf.div(tf.mul(newM, rate), tf.add(tf.sqrt(newV), floor));
    return { value: tf.sub(value, change), slots: [newM, newV] };
  };
  return {
    name: "adam",
    citation: "Kingma & Ba 2015, Algorithm 1",
    slots: ["m", "v"],
    // The function says it, not the optimiser: whoever wraps the update takes the promise away with it.
    update: Object.assign(update, { takesScale: true }),
  };
}

/** Euclidean norm of all gradients taken as one vector. */
export function globalNorm(gradients: readonly Tensor[]): Scalar {
  if (hasKernels(NORM_KERNEL)) return runKernel<Scalar>(NORM_KERNEL, { ...gradients });
  return tf.sqrt(total(gradients.map((gradient) => tf.sum(tf.square(gradient)) as Scalar)));
}

/**
 * The factor that all gradients are multiplied by so that their global norm is at most `limit`: exactly 1 below it.
 *
 * @param norm The global norm before clipping.
 * @throws RangeError when the limit isn't over 0.
 */
export function clipFactor(norm: Scalar, limit: number): Scalar {
  if (!(limit > 0)) throw new RangeError(`Cannot clip as the limit must be over 0: current value is ${limit}`);
  return tf.div(limit, tf.maximum(norm, limit));
}

/**
 * Scales all gradients by one factor so that their global norm is at most `limit`; smaller gradients stay bit for bit as
 * they are.
 *
 * @returns The gradients in the same order, and the norm before clipping. When the norm isn't
 * finite the gradients are worthless: check the norm.
 * @throws RangeError when the limit isn't over 0.
 */
export function clipByGlobalNorm(
  gradients: readonly Tensor[],
  limit: number,
): { readonly gradients: Tensor[]; readonly norm: Scalar } {
  const norm = globalNorm(gradients);
  const factor = clipFactor(norm, limit);
  return { gradients: gradients.map((gradient) => tf.mul(gradient, factor)), norm };
}
