/**
 * Degree-2 kernel attention ({@linkcode ./poly2_attention.ts}) from stock operations: what backends without the fused
 * kernels run, and what these are checked against. It stores the features of a chunk, or of everything.
 *
 * A hidden key and its value are made zeros before phi, so that nothing finite overflows, and phi is made zeros after it,
 * because phi(0) = [1, 0, …] is not nothing.
 *
 * @module
 */
import { poly2Features, poly2Width } from "./poly2_features.ts";
import { type Tensor, type Tensor2D, type Tensor4D, tf } from "./tf.ts";

/** Queries and keys in a chunk of the causal form. */
const CHUNK = 64;

/** What a route needs beside the tensors. */
export interface ComposedSettings {
  readonly causal: boolean;
  readonly linear: boolean;
  readonly eps: number;
}

/** Attention's output `[B, H, N, M]`, by either route. */
export function composedAttention(
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  mask: Tensor2D | undefined,
  settings: ComposedSettings,
): Tensor4D {
  const { causal, linear, eps } = settings;
  const queries = q.shape[2], keys = k.shape[2];
  const seen = mask?.reshape([mask.shape[0], 1, keys, 1]);
  if (seen) k = k.mul(seen), v = v.mul(seen);
  if (!linear) {
    const past = causal ? pastOf(queries, keys) : undefined;
    return divide(...meet(q, k, v, seen, past), eps);
  }
  if (!causal) return divide(...ask(q, stateOf(k, v, seen)), eps);
  const parts: Tensor4D[] = [];
  let state: State | undefined;
  for (let top = 0; top < queries; top += CHUNK) {
    const rows = Math.min(CHUNK, queries - top), tile = Math.max(0, Math.min(keys - top, rows));
    const chunkQ = part(q, top, rows);
    const own = tile > 0 ? [k, v].map((of) => part(of, top, tile)) : undefined;
    const ownSeen = own && seen?.slice([0, 0, top, 0], [-1, -1, tile, -1]);
    const before = state && ask(chunkQ, state);
    const near = own && meet(chunkQ, own[0], own[1], ownSeen, pastOf(rows, tile));
    parts.push(divide(...sum(before, near)!, eps));
    if (own && top + rows < queries) state = sum(state, stateOf(own[0], own[1], ownSeen));
  }
  return tf.concat(parts, 2) as Tensor4D;
}

/** A chunk behind a state `[B, H, C, M + 1]`, or `[B, H, 2 C, M + 1]`, compensated: its output, and the state behind it. */
export function composedChunk(
  state: Tensor4D,
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  mask: Tensor2D | undefined,
  eps: number,
): { out: Tensor4D; state: Tensor4D } {
  const length = q.shape[2], width = v.shape[3];
  const seen = mask?.reshape([mask.shape[0], 1, length, 1]);
  if (seen) k = k.mul(seen), v = v.mul(seen);
  const compensated = state.shape[2] === 2 * poly2Width(q.shape[3]);
  const [first, rest] = compensated ? tf.split(state, 2, 2) : [state];
  let sums = first, lost = rest;
  const parts: Tensor4D[] = [];
  for (let top = 0; top < length; top += CHUNK) {
    const rows = Math.min(CHUNK, length - top);
    const [chunkQ, chunkK, chunkV] = [q, k, v].map((of) => part(of, top, rows));
    const ownSeen = seen?.slice([0, 0, top, 0], [-1, -1, rows, -1]);
    const near = meet(chunkQ, chunkK, chunkV, ownSeen, pastOf(rows, rows));
    parts.push(divide(...sum(ask(chunkQ, tf.split(sums, [width, 1], 3) as State), near)!, eps));
    const own = tf.concat(stateOf(chunkK, chunkV, ownSeen), 3), given = lost ? own.sub(lost) : own;
    const after: Tensor4D = sums.add(given);
    if (lost) lost = after.sub(sums).sub(given);
    sums = after;
  }
  return { out: tf.concat(parts, 2) as Tensor4D, state: (lost ? tf.concat([sums, lost], 2) : sums) as Tensor4D };
}

/** S `[B, H, C, M]` and z `[B, H, C, 1]`. */
type State = [Tensor4D, Tensor4D];
/** Numerators `[B, H, N, M]` and denominators `[B, H, N, 1]`. */
type Fraction = [Tensor4D, Tensor4D];

function part(x: Tensor4D, from: number, count: number): Tensor4D {
  return x.slice([0, 0, from, 0], [-1, -1, count, -1]);
}

/** 1 where a query sees a key: `[N, S]`. */
function pastOf(queries: number, keys: number): Tensor {
  const positions = (count: number) => tf.range(0, count, 1, "float32");
  return tf.lessEqual(positions(keys).expandDims(0), positions(queries).expandDims(1)).toFloat();
}

function stateOf(k: Tensor4D, v: Tensor4D, seen: Tensor | undefined): State {
  const features = seen ? poly2Features(k).mul(seen) as Tensor4D : poly2Features(k);
  return [tf.matMul(features, v, true), features.sum(2, true).transpose([0, 1, 3, 2]) as Tensor4D];
}

function ask(q: Tensor4D, [sums, z]: State): Fraction {
  const features = poly2Features(q);
  return [tf.matMul(features, sums), tf.matMul(features, z)];
}

function meet(
  q: Tensor4D,
  k: Tensor4D,
  v: Tensor4D,
  seen: Tensor | undefined,
  past: Tensor | undefined,
): Fraction {
  let weights: Tensor = tf.matMul(q, k, false, true).add(1).square(); // [B, H, N, S]
  if (seen) weights = weights.mul(seen.transpose([0, 1, 3, 2]));
  if (past) weights = weights.mul(past);
  return [tf.matMul(weights as Tensor4D, v), weights.sum(3, true) as Tensor4D];
}

function sum<Pair extends State | Fraction>(first: Pair | undefined, second: Pair | undefined): Pair | undefined {
  if (!first || !second) return first ?? second;
  return first.map((tensor, i) => tensor.add(second[i])) as Pair;
}

function divide(numerators: Tensor4D, denominators: Tensor4D, eps: number): Tensor4D {
  // Where a denominator is NaN its numerators are, too, whatever `maximum` makes of it.
  return numerators.div(denominators.maximum(eps));
}
