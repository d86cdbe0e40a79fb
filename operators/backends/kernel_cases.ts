/**
 * What each kernel of the pack is asked when its speed is measured: sizes of a small encoder-decoder and of one attention
 * head, with the operations and bytes that the answer takes.
 *
 * A multiply-add is 2 operations and any other result of arithmetic 1, as everywhere in Heed. Exponentials and their kin
 * count as the arithmetic that wasm/math.ts and wasm/log.ts do for them ({@linkcode FUNCTION_OPERATIONS}), so that a share
 * of the peak means the same for every kernel. Every kernel of the pack is asked but `Identity`, which neither computes nor
 * moves anything: it has no speed in these units.
 *
 * @module
 */
import { runKernel } from "../numerics/device_kernels.ts";
import { normal } from "../numerics/random.ts";
import { type Tensor, type Tensor1D, type Tensor2D, tf } from "../numerics/tf.ts";

/** What bounds a kernel: multiply-adds of products, arithmetic of functions, or bytes to and from memory. */
export type KernelBound = "products" | "functions" | "memory";

/** One question to one kernel. */
export interface KernelCase {
  /** The kernel in words: `product 512x512x512`. */
  readonly kernel: string;
  /** Which operands of a product are transposed: `NN`, `TN`, `NT`, `TT`; empty for other kernels. */
  readonly transposes: string;
  readonly bound: KernelBound;
  readonly operations: number;
  /** Bytes that are read and written, once each. */
  readonly bytes: number;
  run(): Tensor | Tensor[];
}

/** Operations behind one value of a function. */
export const FUNCTION_OPERATIONS = { exp: 20, sigmoid: 22, tanh: 35, log: 29 } as const;

const TRANSPOSES = [[false, false], [true, false], [false, true], [true, true]] as const;
const { exp, sigmoid, tanh } = FUNCTION_OPERATIONS;

/** Every case, and the tensors that they share. */
export function kernelCases(): { readonly cases: readonly KernelCase[]; dispose(): void } {
  const held: Tensor[] = [];
  const hold = <T extends Tensor>(tensor: T): T => (held.push(tensor), tensor);
  const give: Givers = {
    values: (...shape) => hold(tf.tensor(normal(shape, 1, held.length + 1).values, shape)),
    constant: (value, shape, dtype = "float32") => hold(tf.fill(shape, value, dtype)),
    kept: (tensors) => tensors.map(hold),
  };
  const made = [products, batches, attention, kernelAttention, layer, scores, losses, optimiser, elements, rows];
  return { cases: made.flatMap((make) => make(give)), dispose: () => tf.dispose(held) };
}

interface Givers {
  values(...shape: number[]): Tensor;
  constant(value: number, shape: number[], dtype?: "float32" | "int32"): Tensor;
  kept(tensors: Tensor[]): Tensor[];
}

function products({ values }: Givers): KernelCase[] {
  const sides = [[64, 64, 64], [65, 67, 71], [128, 128, 128], [256, 256, 256], [512, 512, 512], [1280, 64, 384]];
  return sides.flatMap(([m, k, n]) =>
    TRANSPOSES.map(([first, second]) => {
      const a = first ? values(k, m) : values(m, k), b = second ? values(n, k) : values(k, n);
      return {
        kernel: `product ${m}×${k}×${n}`,
        transposes: `${first ? "T" : "N"}${second ? "T" : "N"}`,
        bound: "products" as const,
        operations: 2 * m * k * n,
        bytes: 4 * (m * k + k * n + m * n),
        run: () => tf.matMul(a as Tensor2D, b as Tensor2D, first, second),
      };
    })
  );
}

function batches({ values }: Givers): KernelCase[] {
  const side = 96, count = 8, plain = { transposes: "", bound: "products" as const };
  const [many, more, one] = [values(count, side, side), values(count, side, side), values(1, side, side)];
  const [a, b, bias] = [values(4 * side, side), values(side, side), values(side)];
  const each = { ...plain, operations: 2 * count * side ** 3 };
  return [
    {
      kernel: `${count} products ${side}×${side}×${side}`,
      bytes: 12 * count * side ** 2,
      run: () => tf.matMul(many, more),
    },
    { kernel: "8 products, one left matrix", bytes: 4 * (2 * count + 1) * side ** 2, run: () => tf.matMul(one, more) },
    { kernel: "8 products, one right matrix", bytes: 4 * (2 * count + 1) * side ** 2, run: () => tf.matMul(many, one) },
  ].map((own): KernelCase => ({ ...each, ...own })).concat({
    ...plain,
    kernel: `product ${4 * side}×${side}×${side}, bias and relu`,
    operations: 8 * side ** 3 + 8 * side ** 2,
    bytes: 4 * (9 * side ** 2 + side),
    run: () => tf.fused.matMul({ a: a as Tensor2D, b: b as Tensor2D, bias, activation: "relu" }),
  });
}

function attention({ values, kept }: Givers): KernelCase[] {
  const [heads, length, depth] = [4, 256, 64];
  const [q, k, v, dOut] = [0, 1, 2, 3].map(() => values(1, heads, length, depth));
  const settings = { causal: false, scale: 1 / Math.sqrt(depth) };
  const pairs = heads * length * length, size = heads * length * depth;
  const [out, maxima, totals] = kept(runKernel<Tensor[]>("HeedAttention", { q, k, v }, settings));
  const shared = { transposes: "", bound: "products" as const };
  return [{
    ...shared,
    kernel: "softmax attention",
    operations: pairs * (4 * depth + exp + 3),
    bytes: 16 * size,
    run: () => runKernel<Tensor[]>("HeedAttention", { q, k, v }, settings),
  }, {
    ...shared,
    kernel: "softmax attention, gradient",
    operations: pairs * (10 * depth + exp + 4),
    bytes: 32 * size,
    run: () => runKernel<Tensor[]>("HeedAttentionGrad", { q, k, v, out, maxima, totals, dOut }, settings),
  }];
}

/** Degree 2: the linear route by the closed form of THEORY.md 6.3, its gradient, and pairs without an exponential. */
function kernelAttention({ values, kept }: Givers): KernelCase[] {
  const [heads, length, depth] = [2, 512, 32], features = (depth + 1) * (depth + 2) / 2;
  const [q, k, v, dOut] = [0, 1, 2, 3].map(() => values(1, heads, length, depth));
  const size = heads * length * depth, settings = { causal: false, linear: true, eps: 1e-6 };
  const [out, totals] = kept(runKernel<Tensor[]>("HeedPoly2Attention", { q, k, v }, settings));
  const shared = { transposes: "", bound: "products" as const };
  return [{
    ...shared,
    kernel: "kernel attention of degree 2",
    operations: heads * (length * (4 * features * depth + 5 * features - 3) - features * (depth + 1)),
    bytes: 16 * size,
    run: () => runKernel<Tensor[]>("HeedPoly2Attention", { q, k, v }, settings),
  }, {
    // Five products with a state, features made three times, and folded back twice at 4 operations each.
    ...shared,
    kernel: "kernel attention of degree 2, gradient",
    operations: heads * length * features * (10 * (depth + 1) + 11),
    bytes: 32 * size,
    run: () => runKernel<Tensor[]>("HeedPoly2AttentionGrad", { q, k, v, out, totals, dOut }, settings),
  }, {
    ...shared,
    kernel: "kernel attention of degree 2, by pairs",
    operations: heads * (length ** 2 * (4 * depth + 2) - length),
    bytes: 16 * size,
    run: () => runKernel<Tensor[]>("HeedPoly2Attention", { q, k, v }, { ...settings, linear: false }),
  }];
}

function layer({ values, constant, kept }: Givers): KernelCase[] {
  const [batch, steps, units] = [32, 10, 128];
  const inputs = {
    projected: values(batch, steps, 3 * units),
    recurrent: values(units, 3 * units),
    recurrentBias: values(3 * units),
    initial: values(batch, units),
    lengths: constant(steps, [batch], "int32"),
  };
  const [outputs, , saved0] = kept(runKernel<Tensor[]>("HeedGru", inputs, { reverse: false }));
  const given = { ...inputs, outputs, saved0, dOutputs: values(batch, steps, units), dFinal: values(batch, units) };
  const cells = batch * steps * units, shared = { transposes: "", bound: "products" as const };
  return [{
    ...shared,
    kernel: "recurrent layer",
    operations: cells * (6 * units + 2 * sigmoid + tanh + 10),
    bytes: 4 * cells * 8,
    run: () => runKernel<Tensor[]>("HeedGru", inputs, { reverse: false }),
  }, {
    ...shared,
    kernel: "recurrent layer, gradient",
    operations: cells * (12 * units + 22),
    bytes: 4 * cells * 12,
    run: () => runKernel<Tensor[]>("HeedGruGrad", given, { reverse: false }),
  }];
}

function scores({ values }: Givers): KernelCase[] {
  const [batch, length, width] = [32, 10, 128];
  const query = values(batch, length, width), keys = values(batch, length, width), v = values(width);
  const dy = values(batch, length, length);
  const size = batch * length * length * width, shared = { transposes: "", bound: "functions" as const };
  return [{
    ...shared,
    kernel: "additive score",
    operations: size * (tanh + 3),
    bytes: 8 * batch * length * width,
    run: () => runKernel<Tensor>("HeedConcatScore", { query, keys, v }),
  }, {
    ...shared,
    kernel: "additive score, gradient",
    operations: size * (tanh + 9),
    bytes: 16 * batch * length * width,
    run: () => runKernel<Tensor[]>("HeedConcatScoreGrad", { query, keys, v, dy }),
  }];
}

function losses({ values, constant, kept }: Givers): KernelCase[] {
  const [rows, vocabulary, side] = [1280, 43, 512];
  const logits = values(rows, vocabulary), targets = constant(3, [rows], "int32"), mask = constant(1, [rows]);
  const given = { logits, targets, mask };
  const [, maxima, totals] = kept(runKernel<Tensor[]>("HeedCrossEntropy", given));
  const dy = constant(1, []), size = rows * vocabulary;
  const masked = { logits: values(side, side), mask: constant(1, [1, side]) };
  const [weights] = kept([runKernel<Tensor>("HeedMaskedSoftmax", masked, { repeat: side })]);
  const dWeights = values(side, side);
  return ([
    ["cross-entropy", "functions", size * (exp + 3), 4 * size, () => runKernel<Tensor[]>("HeedCrossEntropy", given)],
    [
      "cross-entropy, gradient",
      "functions",
      size * (exp + 2),
      8 * size,
      () => runKernel<Tensor>("HeedCrossEntropyGrad", { ...given, maxima, totals, dy }),
    ],
    [
      "masked softmax",
      "functions",
      side ** 2 * (exp + 6),
      8 * side ** 2,
      () => runKernel<Tensor>("HeedMaskedSoftmax", masked, { repeat: side }),
    ],
    [
      "masked softmax, gradient",
      "memory",
      4 * side ** 2,
      12 * side ** 2,
      () => runKernel<Tensor>("HeedMaskedSoftmaxGrad", { weights, dWeights }),
    ],
  ] as const).map(([kernel, bound, operations, bytes, run]) => ({
    kernel,
    bound,
    operations,
    bytes,
    run,
    transposes: "",
  }));
}

function optimiser({ values, constant }: Givers): KernelCase[] {
  const size = 1 << 16, shared = { transposes: "", bound: "memory" as const };
  const given = { value: values(size), gradient: values(size), m: values(size), v: constant(1, [size]) };
  const constants = { beta1: 0.9, beta2: 0.999, rate: 1e-3, floor: 1e-8 };
  return [{
    ...shared,
    kernel: "Adam",
    operations: 13 * size,
    bytes: 28 * size,
    run: () => runKernel<Tensor[]>("HeedAdam", given, constants),
  }, {
    ...shared,
    kernel: "global norm",
    operations: 2 * size,
    bytes: 4 * size,
    run: () => runKernel<Tensor>("HeedGlobalNorm", { x: given.gradient }),
  }];
}

function elements({ values }: Givers): KernelCase[] {
  const size = 1 << 16, x = values(size), shared = { transposes: "", bound: "functions" as const, bytes: 8 * size };
  const draws = { shape: [size], state: Int32Array.of(1, 2, 3, 4), limit: 2 ** 31, kept: 2 };
  return [
    { ...shared, kernel: "exponential", operations: exp * size, run: () => tf.exp(x) },
    { ...shared, kernel: "logistic function", operations: sigmoid * size, run: () => tf.sigmoid(x) },
    { ...shared, kernel: "hyperbolic tangent", operations: tanh * size, run: () => tf.tanh(x) },
    {
      ...shared,
      kernel: "dropout's factors",
      operations: 11 * size, // of whole numbers: the generator's, and the choice
      bytes: 4 * size,
      run: () => runKernel<Tensor>("HeedDropFactors", {}, draws),
    },
  ];
}

function rows({ values, constant }: Givers): KernelCase[] {
  const [count, width, symbols] = [1280, 128, 64], size = count * width;
  const table = values(symbols, width), ids = constant(5, [count], "int32") as Tensor1D, x = values(count, width);
  const column = values(count, 1), row = new Float32Array(size);
  const shared = { transposes: "", bound: "memory" as const };
  return [
    { ...shared, kernel: "embedding", operations: 0, bytes: 8 * size, run: () => tf.gather(table, ids) },
    {
      ...shared,
      kernel: "embedding, gradient",
      operations: size,
      bytes: 12 * size,
      run: () => tf.unsortedSegmentSum(x, ids, symbols),
    },
    { ...shared, kernel: "sum of rows", operations: size, bytes: 4 * (size + width), run: () => tf.sum(x, 0) },
    { ...shared, kernel: "sum of columns", operations: size, bytes: 4 * (size + count), run: () => tf.sum(x, 1) },
    {
      ...shared,
      kernel: "repeating",
      operations: 0,
      bytes: 4 * (size + count),
      run: () => tf.tile(column, [1, width]),
    },
    { ...shared, kernel: "joining", operations: 0, bytes: 16 * size, run: () => tf.concat([x, x], 1) },
    {
      ...shared,
      kernel: "flattening",
      operations: 0,
      bytes: 8 * size,
      run: () => runKernel<Tensor[]>("HeedFlatten", { x }, { row }),
    },
    {
      ...shared,
      kernel: "unflattening",
      operations: 0,
      bytes: 8 * size,
      run: () => runKernel<Tensor[]>("HeedUnflatten", {}, { row, shapes: [[count, width]] }),
    },
    { ...shared, kernel: "cutting", operations: 0, bytes: 8 * size, run: () => tf.split(x, 2, 1) },
    {
      ...shared,
      kernel: "slicing",
      operations: 0,
      bytes: 4 * size,
      run: () => tf.slice(x, [0, width / 4], [count, width / 2]),
    },
  ];
}
