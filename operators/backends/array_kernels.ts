/**
 * Stock kernels that move or add up values, where the wasm backend's own are slow: `Identity` (a copy there, and every
 * tensor that a gradient keeps goes through it), `GatherV2` (element by element), `Concat` and `SplitV` (row by row in
 * JavaScript), `Slice` (a copy of the whole first), `Sum` (a transposed copy first), `Tile` (value by value; every
 * operation that broadcasts a condition goes through it). What isn't covered here goes to the stock kernel.
 *
 * @module
 */
import { tf } from "../numerics/tf.ts";
import type { Inputs, PackContext, PackKernel, WasmBackend } from "./pack.ts";

const product = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

/** Values of four bytes, which is all that these kernels ask of a type. */
const isWord = ({ dtype }: tf.TensorInfo) => dtype === "float32" || dtype === "int32";

/** Hands a call to the stock kernel. */
function stock({ stock, backend }: PackContext, name: string, inputs: Inputs, attrs: Record<string, unknown>) {
  return stock(name)!({ inputs: inputs as tf.NamedTensorInfoMap, attrs: attrs as tf.NamedAttrMap, backend });
}

/** The same values under a second tensor: shared and counted, as on the other backends. */
const identity: PackKernel = {
  name: "Identity",
  run({ backend }, { x }) {
    (backend as WasmBackend & { incRef(id: object): void }).incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  },
};

/** x `[R, ...]`, indices int32 of any shape; result `[...indices, ...]`. */
const gather: PackKernel = {
  name: "GatherV2",
  run(context, inputs, attrs) {
    const { backend, functions, address } = context;
    const { x, indices } = inputs;
    const [axis] = tf.util.parseAxisParam(attrs.axis as number, x.shape);
    if (axis !== 0 || attrs.batchDims || !isWord(x) || indices.dtype !== "int32") {
      return stock(context, "GatherV2", inputs, attrs);
    }
    const out = backend.makeOutput([...indices.shape, ...x.shape.slice(1)], x.dtype);
    const width = product(x.shape.slice(1)), count = product(indices.shape);
    const wrong = functions.gatherRows(address(x), address(indices), address(out), count, x.shape[0], 4 * width);
    if (wrong < 0) return out;
    backend.disposeData(out.dataId);
    const [value] = new Int32Array(backend.wasm.asm.memory.buffer, address(indices) + 4 * wrong, 1);
    throw new Error(`GatherV2: the index value ${value} is not in [0, ${x.shape[0] - 1}]`);
  },
};

/** Tensors `[outer, own side, inner]` side by side. */
const concat: PackKernel = {
  name: "Concat",
  run(context, inputs, attrs) {
    const { backend, functions, address } = context;
    const parts = Object.values(inputs);
    const [axis] = tf.util.parseAxisParam(attrs.axis as number, parts[0].shape);
    if (!parts.every((part) => isWord(part) && part.dtype === parts[0].dtype)) {
      return stock(context, "Concat", inputs, attrs);
    }
    const shapes = parts.map(({ shape }) => shape);
    tf.backend_util.assertParamsConsistent(shapes, axis);
    const shape = tf.backend_util.computeOutShape(shapes, axis);
    const out = backend.makeOutput(shape, parts[0].dtype);
    const outer = product(shape.slice(0, axis)), stride = 4 * product(shape.slice(axis));
    let to = address(out);
    for (const part of parts) {
      const bytes = 4 * product(part.shape.slice(axis));
      functions.copyRows(address(part), bytes, to, stride, bytes, outer);
      to += bytes;
    }
    return out;
  },
};

/** The way back of {@linkcode concat}. */
const split: PackKernel = {
  name: "SplitV",
  run(context, inputs, attrs) {
    const { backend, functions, address } = context;
    const { x } = inputs;
    if (!isWord(x)) return stock(context, "SplitV", inputs, attrs);
    const [axis] = tf.util.parseAxisParam(attrs.axis as number, x.shape);
    const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, attrs.numOrSizeSplits as number[] | number, axis);
    const outer = product(x.shape.slice(0, axis)), stride = 4 * product(x.shape.slice(axis));
    let offset = 0;
    return sizes.map((size) => {
      const shape = x.shape.with(axis, size);
      const out = backend.makeOutput(shape, x.dtype);
      const bytes = 4 * product(shape.slice(axis));
      functions.copyRows(address(x) + offset, stride, address(out), bytes, bytes, outer);
      offset += bytes;
      return out;
    });
  },
};

/** A range of one axis, the others whole; the stock kernel first copies all of x. */
const slice: PackKernel = {
  name: "Slice",
  run(context, inputs, attrs) {
    const { backend, functions, address } = context;
    const { x } = inputs;
    const wanted = [attrs.begin as number[], attrs.size as number[]] as const;
    const [begin, size] = tf.slice_util.parseSliceParams(x as tf.Tensor, ...wanted);
    tf.slice_util.assertParamsValid(x as tf.Tensor, begin, size);
    const cut = x.shape.flatMap((side, axis) => size[axis] === side ? [] : [axis]);
    if (!isWord(x) || cut.length > 1) return stock(context, "Slice", inputs, attrs);
    const out = backend.makeOutput(size, x.dtype);
    const axis = cut[0] ?? 0;
    const outer = product(x.shape.slice(0, axis)), inner = 4 * product(x.shape.slice(axis + 1));
    const bytes = product(size) === 0 ? 0 : inner * (size[axis] ?? 1);
    if (bytes === 0) return out;
    const stride = inner * (x.shape[axis] ?? 1);
    functions.copyRows(address(x) + inner * (begin[axis] ?? 0), stride, address(out), bytes, bytes, outer);
    return out;
  },
};

/** x repeated along its axes, the last one first, each from the result of the one before. */
const tile: PackKernel = {
  name: "Tile",
  run(context, inputs, attrs) {
    const { backend, functions, address } = context;
    const { x } = inputs;
    const reps = attrs.reps as number[];
    const size = isWord(x) ? 4 : x.dtype === "bool" ? 1 : 0;
    const axes = x.shape.map((_, axis) => axis).filter((axis) => reps[axis] !== 1).reverse();
    if (size === 0 || axes.length === 0) return stock(context, "Tile", inputs, attrs);
    return axes.reduce((made: tf.TensorInfo, axis, index) => {
      const out = backend.makeOutput(made.shape.with(axis, made.shape[axis] * reps[axis]), x.dtype);
      const blocks = product(made.shape.slice(0, axis)), bytes = size * product(made.shape.slice(axis));
      functions.repeatBlocks(address(made), address(out), bytes, blocks, reps[axis]);
      if (index > 0) backend.disposeData(made.dataId);
      return out;
    }, x);
  },
};

/** Sums over axes that lie side by side, or over all; axes of one position don't count. Stock kernels transpose for it. */
const sum: PackKernel = {
  name: "Sum",
  run(context, inputs, attrs) {
    const { backend, functions, address } = context;
    const { x } = inputs;
    const axes = tf.util.parseAxisParam((attrs.axis ?? null) as number[], x.shape);
    const wide = x.shape.map((side, axis) => ({ side, summed: axes.includes(axis) })).filter(({ side }) => side !== 1);
    const from = Math.max(0, wide.findIndex(({ summed }) => summed));
    const to = from + wide.filter(({ summed }) => summed).length;
    const sideBySide = wide.slice(from, to).every(({ summed }) => summed);
    if (x.dtype !== "float32" || !sideBySide) return stock(context, "Sum", inputs, attrs);
    const shape = attrs.keepDims
      ? x.shape.map((side, axis) => axes.includes(axis) ? 1 : side)
      : x.shape.filter((_, axis) => !axes.includes(axis));
    const out = backend.makeOutput(shape, "float32");
    const sides = wide.map(({ side }) => side);
    const [blocks, count, width] = [sides.slice(0, from), sides.slice(from, to), sides.slice(to)].map(product);
    if (width === 1) functions.sumColumns(address(x), address(out), blocks, count);
    else {
      for (let block = 0; block < blocks; block++) {
        functions.sumRows(address(x) + 4 * block * count * width, address(out) + 4 * block * width, count, width);
      }
    }
    return out;
  },
};

/** Kernels of this file. */
export const arrayKernels: readonly PackKernel[] = [identity, gather, concat, split, slice, tile, sum];
