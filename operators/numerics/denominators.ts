/**
 * What happens to a kernel attention's denominator φ(q)·Σφ(k) when it vanishes or changes its sign.
 *
 * The rule: a denominator nearer to 0 than ε counts as ε, with its sign (0 counts as positive); for maps whose kernel is
 * never negative, one below ε counts as ε. Every other row is the exact quotient: ε is not added. A row that is cut off so
 * has no gradient through its denominator, and a row that sees no key is 0 / ε = 0.
 *
 * ε is in the kernel's own units: where a row's factor is kept apart, ε is scaled with it, so that the factor cancels.
 *
 * @module
 */
import { constantOf } from "./constant.ts";
import { withGradient } from "./device_kernels.ts";
import { type Tensor, type Tensor4D, tf } from "./tf.ts";

/** ε where neither caller nor map says otherwise: it touches nothing but rows that float32 can't divide. */
export const DEFAULT_EPS = 1e-12;

/** Sums over the keys that each query sees; both are exp(-log) times what they stand for. */
export interface Quotient {
  /** Σ φ(q)·φ(k) v, `[B, H, N, M]` */
  readonly numerator: Tensor4D;
  /** Σ φ(q)·φ(k), `[B, H, N, 1]` */
  readonly denominator: Tensor4D;
  /** Natural logarithm of the factor that was taken out of a row, `[B, H, N, 1]`. */
  readonly log?: Tensor4D;
}

/**
 * Numerator over denominator, by the rule above, `[B, H, N, M]`.
 *
 * @param eps 0 for the bare quotient
 * @param positive whether the kernel is never negative
 */
export function divide({ numerator, denominator, log }: Quotient, eps: number, positive: boolean): Tensor4D {
  return tf.div(numerator, eps === 0 ? denominator : guard(denominator, least(eps, log), positive));
}

/** ε in the units of each row; within float32's range whatever the row's factor. */
function least(eps: number, log: Tensor4D | undefined): Tensor {
  if (!log) return tf.scalar(eps);
  // Beyond these bounds a row is cut off anyway, or can't be: e^±60 is 1e±26.
  return constantOf([log], () => tf.maximum(tf.mul(tf.exp(tf.clipByValue(tf.neg(log), -60, 60)), eps), 1e-30));
}

/** The rule by itself; the tape sees one operation, whose gradient is 1 where the denominator stands and 0 where it was cut. */
function guard(denominator: Tensor4D, eps: Tensor, positive: boolean): Tensor {
  const forward = (save: (tensors: Tensor[]) => void) => {
    const small = tf.less(positive ? denominator : tf.abs(denominator), eps);
    const bound = positive ? eps : tf.where(tf.less(denominator, 0), tf.neg(eps), eps);
    save([small]);
    return [tf.where(small, bound, denominator)];
  };
  return withGradient({ denominator }, forward, ([dy], [small]) => [tf.where(small, tf.zerosLike(dy), dy)])[0];
}
