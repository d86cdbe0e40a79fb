/**
 * One pre-norm transformer block: attention with learnt projections, then a perceptron a position, each added to what came
 * in.
 *
 *     u = x + Concat_h(attention(Q_h, K_h, V_h)) W_o      Q, K, V = conv(norm(x)) W_q, W_k, W_v, split into heads
 *     y = u + max(0, norm(u) W_1 + b_1) W_2 + b_2
 *
 * Sizes: B sequences, T positions, W width, H heads of width W / H, F hidden units of the perceptron.
 *
 * Sources: Vaswani et al. 2017, sections 3.2.2 and 3.3; Xiong et al. 2020 (the norm before, not after); Fu et al. 2023
 * (the short convolution before the projections, where one is asked for).
 *
 * @module
 */
import type { AttentionDims } from "./attention_dims.ts";
import { type AttentionMechanism, checkMechanism } from "./attention_mechanism.ts";
import type { Drop } from "./dropout.ts";
import { partOf, under } from "./groups.ts";
import { layerNorm, layerNormOperations, layerNormParameters } from "./layer_norm.ts";
import { glorotUniform, seedFrom, zeros } from "./random.ts";
import { type InitialValues, sizeOf, type TensorMap } from "./shape.ts";
import { shortConvolution, shortConvolutionOperations, shortConvolutionParameters } from "./short_convolution.ts";
import { type Tensor, type Tensor2D, type Tensor3D, type Tensor4D, tf } from "./tf.ts";

/** What a block is made of. */
export interface BlockOptions {
  /** How positions look at each other. */
  readonly attention: AttentionMechanism;
  /** W: width of a position's vector. */
  readonly width: number;
  /** H: heads, a divisor of the width. */
  readonly heads: number;
  /** F: hidden units of the perceptron; 0 is none. */
  readonly hidden: number;
  /** K: positions that the convolution before the projections sees; 1 or less is none. */
  readonly window: number;
  /** Whether a position sees only itself and those before it. */
  readonly causal: boolean;
  /** Share of what attention and perceptron give that training drops. */
  readonly dropout: number;
}

/** Initial values of one block. */
export function blockParameters({ width, hidden, window }: BlockOptions, seed: number): InitialValues {
  const square = (name: string) => glorotUniform([width, width], seedFrom(seed, name));
  return {
    ...under("norm", layerNormParameters(width)),
    ...(window > 1
      ? under("convolution", shortConvolutionParameters(window, width, seedFrom(seed, "convolution")))
      : {}),
    W_q: square("W_q"),
    W_k: square("W_k"),
    W_v: square("W_v"),
    W_o: square("W_o"),
    ...(hidden > 0
      ? {
        ...under("perceptron/norm", layerNormParameters(width)),
        "perceptron/W_1": glorotUniform([width, hidden], seedFrom(seed, "W_1")),
        "perceptron/b_1": zeros([hidden]),
        "perceptron/W_2": glorotUniform([hidden, width], seedFrom(seed, "W_2")),
        "perceptron/b_2": zeros([width]),
      }
      : {}),
  };
}

/**
 * Runs the block.
 *
 * @param x `[B, T, W]`
 * @param mask `[B, T]`: 1 at true positions, 0 at padding, which nobody sees
 * @returns `[B, T, W]`; what stands at padding has no meaning
 */
export function block(
  params: TensorMap,
  x: Tensor3D,
  mask: Tensor2D,
  options: BlockOptions,
  drop: Drop = (x) => x,
): Tensor3D {
  const { attention, width, heads, hidden, window, causal, dropout } = options;
  const [batch, positions] = x.shape;
  checkMechanism(attention, attentionDims(options, batch, positions));
  const flat = (x: Tensor): Tensor2D => tf.reshape(x, [batch * positions, -1]);
  const split = (x: Tensor2D) => perHead(tf.reshape(x, [batch, positions, heads, width / heads]) as Tensor4D);
  const rows = flat(x);
  let normal = layerNorm(partOf("norm", params), rows);
  if (window > 1) {
    normal = flat(shortConvolution(partOf("convolution", params), tf.reshape(normal, [batch, positions, width])));
  }
  const [q, k, v] = ["W_q", "W_k", "W_v"].map((name) => split(tf.matMul(normal, params[name] as Tensor2D)));
  const heard = flat(perHead(attention.apply(q, k, v, { causal, mask }))); // [B T, W]
  const attended = tf.add(rows, drop(tf.matMul(heard, params.W_o as Tensor2D), dropout)) as Tensor2D;
  if (hidden === 0) return tf.reshape(attended, [batch, positions, width]);
  const { W_1, b_1, W_2, b_2 } = partOf("perceptron", params) as Record<string, Tensor2D>;
  const inner = layerNorm(partOf("perceptron/norm", params), attended);
  const fired = tf.relu(tf.add(tf.matMul(inner, W_1), b_1)) as Tensor2D; // [B T, F]
  const added = tf.add(tf.matMul(fired, W_2), b_2) as Tensor2D;
  return tf.reshape(tf.add(attended, drop(added, dropout)), [batch, positions, width]);
}

/** `[B, T, H, D]` to `[B, H, T, D]`, and the other way round; with one head the values already lie so. */
function perHead(x: Tensor4D): Tensor4D {
  const [batch, first, second, depth] = x.shape;
  return first === 1 || second === 1
    ? tf.reshape(x, [batch, second, first, depth])
    : tf.transpose(x, [0, 2, 1, 3]) as Tensor4D;
}

/** The sizes that a block's attention works with. */
export function attentionDims({ width, heads, causal }: BlockOptions, batch: number, positions: number): AttentionDims {
  return { n: positions, d: width / heads, m: width / heads, heads, batch, causal };
}

/** Learnt numbers of one block: 4 W² for the projections, 2FW + F + W for the perceptron, 2W a norm, KW for the window. */
export function blockCount(options: BlockOptions): number {
  return Object.values(blockParameters(options, 0)).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Operations of one block over B sequences of T positions, those of the attention itself left out. */
export function blockOperations(options: BlockOptions, batch: number, positions: number): number {
  const { width, hidden, window } = options;
  const projections = 8 * width * width;
  const convolution = window > 1 ? shortConvolutionOperations(window, width, positions) : 0;
  const perceptron = hidden > 0
    ? layerNormOperations(width) + 4 * width * hidden + 2 * hidden + 2 * width // products, bias, maximum, bias, sum
    : 0;
  const perPosition = layerNormOperations(width) + projections + width + perceptron;
  return batch * (positions * perPosition + convolution);
}
