/** Drawn sizes and values that tests of attention share. */
import { normal } from "../../operators/numerics/random.ts";
import { type Tensor, type Tensor2D, type Tensor4D, tf } from "../../operators/numerics/tf.ts";
import type { AttentionCase, AttentionSizes } from "../reference/softmax_attention.ts";

/** A case with its values, as numbers. */
export interface DrawnAttention<At extends AttentionSizes = AttentionCase> {
  readonly at: At;
  readonly q: Float32Array;
  readonly k: Float32Array;
  readonly v: Float32Array;
  readonly dOut: Float32Array;
}

/** Seeded values; `masking` 0 hides nothing, 1 some keys, 2 every key of the first sequence, too. */
export function drawAttention(
  [batch, heads, queries, keys, depth, width]: readonly number[],
  causal: boolean,
  masking: number,
  seed: number,
  deviation = 1,
): DrawnAttention {
  const values = (size: number, part: number, by = deviation) => normal([size], by, 7 * seed + part).values;
  const mask = masking
    ? Array.from(values(batch * keys, 4), (value, i) => Number(value > 0 && !(masking === 2 && i < keys)))
    : undefined;
  return {
    at: { batch, heads, queries, keys, depth, width, causal, mask, scale: 1 / Math.sqrt(depth) },
    q: values(batch * heads * queries * depth, 0),
    k: values(batch * heads * keys * depth, 1),
    v: values(batch * heads * keys * width, 2, 1),
    dOut: values(batch * heads * queries * width, 3, 1),
  };
}

/** The tensors of a case. */
export function attentionTensors({ at, q, k, v }: DrawnAttention<AttentionSizes>) {
  const { batch, heads, queries, keys, depth, width } = at;
  return {
    q: tf.tensor4d(q, [batch, heads, queries, depth]),
    k: tf.tensor4d(k, [batch, heads, keys, depth]),
    v: tf.tensor4d(v, [batch, heads, keys, width]),
    mask: at.mask ? tf.tensor2d(Array.from(at.mask), [batch, keys]) as Tensor2D : undefined,
  };
}

/** A case with one of its inputs so small that all of it is denormal. */
export function denormalAt<D extends DrawnAttention<AttentionSizes>>(drawn: D, where: "q" | "k" | "v" | "dOut"): D {
  return { ...drawn, [where]: drawn[where].map((value) => Math.max(-1, Math.min(1, value)) * 2 ** -128) };
}

/**
 * Asserts that results are the reference's where an input is denormal: none of them is flushed to 0, and each is as exact
 * as the spacing of denormal numbers, 2^-149, lets sums of up to 200 terms be.
 *
 * @param tolerance Of the greatest value of each result.
 */
export function assertDenormals(
  found: readonly Float32Array[],
  wanted: readonly ArrayLike<number>[],
  tolerance: number,
  message: string,
): void {
  found.forEach((values, result) => {
    const most = Array.from(wanted[result]).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    values.forEach((value, i) => {
      const difference = Math.abs(value - wanted[result][i]);
      if (!(difference <= tolerance * most + 200 * 2 ** -149)) {
        throw new Error(`${message}, result ${result} at ${i}: expected ${wanted[result][i]}, got ${value}`);
      }
    });
  });
}

/** Output, and gradients at q, k and v for the gradient `dOut` at the output. */
export function runAttention(
  drawn: DrawnAttention<AttentionSizes>,
  attend: (q: Tensor4D, k: Tensor4D, v: Tensor4D, mask?: Tensor2D) => Tensor4D,
): Float32Array[] {
  return tf.tidy(() => {
    const { q, k, v, mask } = attentionTensors(drawn);
    const forward = (q: Tensor, k: Tensor, v: Tensor) => attend(q as Tensor4D, k as Tensor4D, v as Tensor4D, mask);
    const out = forward(q, k, v);
    const gradients = tf.grads(forward)([q, k, v], tf.tensor(drawn.dOut, out.shape));
    return [out, ...gradients].map((tensor) => tensor.dataSync() as Float32Array);
  });
}
