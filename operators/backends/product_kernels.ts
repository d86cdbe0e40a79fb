/**
 * Matrix products of the pack in TensorFlow.js's terms: `BatchMatMul` (`tf.matMul` and its gradients) and `_FusedMatMul`
 * (with bias and activation). Shapes are read here; arithmetic is in wasm/product.ts.
 *
 * @module
 */
import { tf } from "../numerics/tf.ts";
import type { PackContext, PackKernel } from "./pack.ts";

/** The activations that the product itself applies, by TensorFlow.js's name. */
const NATIVE: Readonly<Record<string, number>> = { linear: 0, relu: 1, relu6: 2 };

/** The others: which stock kernel applies them to the product. */
const AFTER: Readonly<Record<string, string>> = {
  sigmoid: "Sigmoid",
  elu: "Elu",
  prelu: "Prelu",
  leakyrelu: "LeakyRelu",
};

const sizeOf = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

/** out `[..., M, N]` = act(op(a) op(b) + bias), a `[..., M, K]` or `[..., K, M]`, b `[..., K, N]` or `[..., N, K]`. */
function multiply(
  context: PackContext,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  bias: tf.TensorInfo | undefined,
  activation: number,
): tf.TensorInfo {
  const { backend, functions, address } = context;
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  let m = transposeA ? columnsA : rowsA;
  const k = transposeA ? rowsA : columnsA;
  const n = transposeB ? rowsB : columnsB;
  if (k !== (transposeB ? columnsB : rowsB)) {
    throw new Error(
      `Error in matMul: inner shapes (${k}) and (${transposeB ? columnsB : rowsB}) of Tensors with shapes ${a.shape} ` +
        `and ${b.shape} and transposeA=${transposeA} and transposeB=${transposeB} must match.`,
    );
  }
  const outerA = a.shape.slice(0, -2), outerB = b.shape.slice(0, -2);
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
  const out = backend.makeOutput([...outer, m, n], "float32");
  if (sizeOf(out.shape) === 0) return out;
  const scratch = context.scratch(functions.productScratch());
  const from = address(a), with_ = address(b), to = address(out);
  const batchA = m * k * 4, batchB = k * n * 4;
  let batches = sizeOf(outer);
  const countA = sizeOf(outerA), countB = sizeOf(outerB);
  const call = (a: number, b: number, c: number, batches: number, strideA: number, strideB: number) =>
    functions.product(
      a,
      b,
      c,
      m,
      n,
      k,
      Number(transposeA),
      Number(transposeB),
      batches,
      strideA,
      strideB,
      bias ? address(bias) : 0,
      activation,
      scratch,
    );
  if (countB === 1 && countA === batches && !transposeA) {
    // One matrix B for all: the batch is more rows of one product.
    m *= batches;
    batches = 1;
    call(from, with_, to, 1, 0, 0);
  } else if ((countA === batches || countA === 1) && (countB === batches || countB === 1)) {
    call(from, with_, to, batches, countA === 1 ? 0 : batchA, countB === 1 ? 0 : batchB);
  } else {
    const batchC = m * n * 4;
    for (let batch = 0; batch < batches; batch++) {
      const atA = indexOf(batch, outer, outerA), atB = indexOf(batch, outer, outerB);
      call(from + atA * batchA, with_ + atB * batchB, to + batch * batchC, 1, 0, 0);
    }
  }
  return out;
}

/** Where the `flat`-th item of `outer` lies in an operand whose outer shape broadcasts to it. */
function indexOf(flat: number, outer: readonly number[], operand: readonly number[]): number {
  let index = 0, stride = 1;
  for (let axis = outer.length - 1, own = operand.length - 1; own >= 0; axis--, own--) {
    if (operand[own] !== 1) index += (flat % outer[axis]) * stride;
    stride *= operand[own];
    flat = Math.floor(flat / outer[axis]);
  }
  return index;
}

const batchMatMul: PackKernel = {
  name: "BatchMatMul",
  run(context, { a, b }, { transposeA, transposeB }) {
    if (a.dtype !== "float32" || b.dtype !== "float32") {
      throw new Error(`BatchMatMul for non-float32 tensors is not supported: current value is ${a.dtype}, ${b.dtype}`);
    }
    return multiply(context, a, b, Boolean(transposeA), Boolean(transposeB), undefined, 0);
  },
};

const fusedMatMul: PackKernel = {
  name: "_FusedMatMul",
  run(context, inputs, attrs) {
    const { a, b, bias, preluActivationWeights } = inputs;
    const { transposeA, transposeB, leakyreluAlpha } = attrs;
    const activation = (attrs.activation ?? "linear") as string;
    const after = AFTER[activation];
    const covered = a.dtype === "float32" && b.dtype === "float32" && (activation in NATIVE || after) &&
      (!bias || bias.shape.length === 1 && bias.shape[0] === (transposeB ? b.shape.at(-2) : b.shape.at(-1)));
    if (!covered) {
      return context.stock("_FusedMatMul")!({ inputs, attrs: attrs as tf.NamedAttrMap, backend: context.backend });
    }
    const product = multiply(context, a, b, Boolean(transposeA), Boolean(transposeB), bias, NATIVE[activation] ?? 0);
    if (!after) return product;
    const operands: tf.NamedTensorInfoMap = after === "Prelu"
      ? { x: product, alpha: preluActivationWeights }
      : { x: product };
    const result = tf.getKernel(after, "wasm").kernelFunc({
      inputs: operands,
      attrs: { alpha: leakyreluAlpha as number },
      backend: context.backend,
    });
    context.backend.disposeData(product.dataId);
    return result;
  },
};

/** Kernels of this file. */
export const productKernels: readonly PackKernel[] = [batchMatMul, fusedMatMul];
