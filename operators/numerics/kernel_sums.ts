/**
 * The two halves of kernel attention: sums over keys that are carried on (S and z), and pairs of a query and a key.
 *
 *     S = Σ φ(k_j) v_j^T  [B, H, C, M],   z = Σ φ(k_j)  [B, H, C, 1]          (THEORY.md 6.2 and 6.6)
 *
 * Where a map keeps each row's factor apart, sums are kept relative to the greatest factor so far, as the streaming softmax
 * keeps its maximum: e^m S in place of S. A query's own factor stands in numerator and denominator alike and is left out.
 *
 * @module
 */
import { constantOf } from "./constant.ts";
import type { Quotient } from "./denominators.ts";
import { type FeatureContext, type FeatureMap, featuresOf, scaledQueries } from "./feature_map.ts";
import { type Tensor, type Tensor4D, tf } from "./tf.ts";

// Far below every factor's logarithm, and finite, so that differences are.
const NEVER = -1e30;

/** S, z and, for maps that keep factors apart, m `[B, H, 1, 1]`, in this order; none before the first key. */
export type Sums = readonly Tensor[];

/** What a query sees of these keys; broadcasts to `[B, H, N, S]`. All of them without it. */
export type Visible = Tensor | undefined;

/** Zero where not seen, gradient included, whatever stood there. */
export function hide<T extends Tensor>(x: T, visible: Visible): T {
  return visible ? tf.where(visible, x, tf.zerosLike(x)) as T : x;
}

/** Features `[B, H, S, C]` of keys, and their factors' logarithms `[B, H, S, 1]` where these are kept apart. */
export type KeyFeatures = ReturnType<typeof featuresOf>;

/**
 * Adds keys to sums.
 *
 * @param made features of the keys
 * @param v `[B, H, S, M]`
 * @param visible `[B, 1, S, 1]`
 * @returns sums that include these keys
 */
export function addKeys(sums: Sums, made: KeyFeatures, v: Tensor4D, visible: Visible): Sums {
  const features = hide(made.features, visible); // after φ: φ(0) need not be 0
  if (!made.log) {
    const [S, z] = [tf.matMul(features, v, true), total(features)];
    return sums.length === 0 ? [S, z] : [tf.add(sums[0], S), tf.add(sums[1], z)];
  }
  const logs = visible ? tf.where(visible, made.log, tf.fill(made.log.shape, NEVER)) as Tensor4D : made.log;
  const greatest = greatestOf(logs, 2, sums);
  const weighed = tf.mul(features, tf.exp(tf.sub(logs, greatest))) as Tensor4D;
  const [S, z] = [tf.matMul(weighed, v, true), total(weighed)];
  if (sums.length === 0) return [S, z, greatest];
  const decay = tf.exp(tf.sub(sums[2], greatest));
  return [tf.add(tf.mul(sums[0], decay), S), tf.add(tf.mul(sums[1], decay), z), greatest];
}

/** The greatest of logarithms along an axis and of those in the sums. It cancels, so no gradient flows through it. */
function greatestOf(logs: Tensor, axis: number, sums: Sums): Tensor {
  const own = () => tf.max(logs, axis, true);
  return sums.length === 0 ? constantOf([logs], own) : constantOf([logs, sums[2]], () => tf.maximum(own(), sums[2]));
}

/** Σ over positions, `[B, H, C, 1]`. */
function total(features: Tensor4D): Tensor {
  const [batch, heads, , width] = features.shape;
  return tf.sum(features, 2).reshape([batch, heads, width, 1]);
}

/**
 * Sums of earlier and own keys, with what rounding took from the earlier sums put back (Kahan 1965).
 *
 * @param lost what S and z hold too much, from the last call; none at first
 * @returns sums, then what they hold too much now
 */
export function joinCompensated(sums: Sums, lost: readonly Tensor[], own: Sums): Tensor[] {
  if (sums.length === 0) return [...own, tf.zerosLike(own[0]), tf.zerosLike(own[1])];
  const greatest = own.length > 2 ? tf.maximum(own[2], sums[2]) : undefined;
  const within = (x: Tensor, from: Sums) => greatest ? tf.mul(x, tf.exp(tf.sub(from[2], greatest))) : x;
  const joined = [0, 1].map((at) => {
    const [before, excess] = [within(sums[at], sums), within(lost[at], sums)];
    const addend = tf.sub(within(own[at], own), excess);
    const sum = tf.add(before, addend);
    return { sum, excess: tf.sub(tf.sub(sum, before), addend) };
  });
  return [...joined.map(({ sum }) => sum), ...(greatest ? [greatest] : []), ...joined.map(({ excess }) => excess)];
}

/** What sums give to queries `[B, H, N, D]`, all of which see all that was summed. */
export function readSums(
  map: FeatureMap,
  sums: Sums,
  q: Tensor4D,
  context: Omit<FeatureContext, "side">,
): Quotient {
  const { features, log } = featuresOf(map, q, { ...context, side: "query" });
  return {
    numerator: tf.matMul(features, sums[0]) as Tensor4D,
    denominator: tf.matMul(features, sums[1]) as Tensor4D,
    log: log && tf.add(log, sums[2]) as Tensor4D,
  };
}

/** Whether pairs of a query and a key can do without features. */
export function pairsAlone({ pair, applyScaled }: FeatureMap): boolean {
  return pair !== undefined && !applyScaled;
}

/**
 * What pairs give to queries, with what earlier keys gave in `sums`, which every query sees.
 *
 * @param features of the keys; asked for only where pairs can't do without
 */
export function readPairs(
  map: FeatureMap,
  sums: Sums,
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  visible: Visible,
  context: Omit<FeatureContext, "side">,
  features: () => KeyFeatures,
): Quotient {
  const summed = () => readSums(map, sums, q, context);
  if (map.pair && pairsAlone(map)) {
    const products = tf.matMul(scaledQueries(map, q), k, false, true);
    const own = quotient(hide(map.pair.of(products), visible), v);
    if (sums.length === 0) return own;
    const earlier = summed();
    return {
      numerator: tf.add(own.numerator, earlier.numerator),
      denominator: tf.add(own.denominator, earlier.denominator),
    };
  }
  const queries = featuresOf(map, q, { ...context, side: "query" });
  const keys = features();
  const similarity = tf.matMul(queries.features, keys.features, false, true);
  if (!keys.log) {
    const own = quotient(hide(similarity, visible), v);
    if (sums.length === 0) return own;
    const [S, z] = sums;
    return {
      numerator: tf.add(own.numerator, tf.matMul(queries.features, S)),
      denominator: tf.add(own.denominator, tf.matMul(queries.features, z)),
    };
  }
  // Each query's own greatest factor, of what it sees and no other: nothing later shows, not even in the last bit.
  const logs = keys.log.transpose([0, 1, 3, 2]); // [B, H, 1, S]
  const seen = visible ? tf.where(visible, logs, tf.scalar(NEVER)) : logs;
  const greatest = greatestOf(seen, 3, sums); // [B, H, N or 1, 1]
  const within = quotient(hide(tf.mul(similarity, tf.exp(tf.sub(seen, greatest))), visible), v);
  const log = tf.add(queries.log!, greatest) as Tensor4D;
  if (sums.length === 0) return { ...within, log };
  const [S, z, m] = sums;
  const decay = tf.exp(tf.sub(m, greatest));
  return {
    numerator: tf.add(within.numerator, tf.mul(tf.matMul(queries.features, S), decay)),
    denominator: tf.add(within.denominator, tf.mul(tf.matMul(queries.features, z), decay)),
    log,
  };
}

/** Σ w v and Σ w of weights `[B, H, N, S]`. */
function quotient(weights: Tensor, v: Tensor4D): Quotient {
  return { numerator: tf.matMul(weights, v) as Tensor4D, denominator: tf.sum(weights, 3, true) as Tensor4D };
}
