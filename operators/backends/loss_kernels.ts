/**
 * Softmax and what is made of it, one kernel each way, under the names by which operators/numerics/loss.ts and softmax.ts
 * ask for them. Arithmetic is in wasm/cross_entropy.ts and wasm/softmax.ts.
 *
 * @module
 */
import type { PackKernel } from "./pack.ts";

const product = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

/** Inputs logits `[..., V]`, targets int32 `[...]`, mask `[...]`; outputs the sum (a scalar), and max and total a row. */
const crossEntropy: PackKernel = {
  name: "HeedCrossEntropy",
  run({ backend, functions, address }, { logits, targets, mask }) {
    if (logits.dtype !== "float32" || targets.dtype !== "int32" || mask.dtype !== "float32") {
      throw new Error(
        `Cannot take the cross-entropy as logits and mask must be float32 and targets int32: current value is ` +
          `${logits.dtype}, ${mask.dtype} and ${targets.dtype}`,
      );
    }
    const vocabulary = logits.shape.at(-1)!;
    const rows = product(logits.shape.slice(0, -1));
    const made = [[], [rows], [rows]].map((shape) => backend.makeOutput(shape, "float32"));
    const [sum, maxima, totals] = made;
    const total = functions.crossEntropy(...[logits, targets, mask, maxima, totals].map(address), rows, vocabulary);
    new Float32Array(backend.wasm.asm.memory.buffer, address(sum), 1)[0] = total;
    return made;
  },
};

/** Inputs as {@linkcode crossEntropy} took and gave them, and dy, a scalar; output the gradient at the logits. */
const crossEntropyGradient: PackKernel = {
  name: "HeedCrossEntropyGrad",
  run({ backend, functions, address }, { logits, targets, mask, maxima, totals, dy }) {
    const vocabulary = logits.shape.at(-1)!;
    const dLogits = backend.makeOutput(logits.shape, "float32");
    const [above] = new Float32Array(backend.wasm.asm.memory.buffer, address(dy), 1);
    functions.crossEntropyGradient(
      ...[logits, targets, mask, maxima, totals].map(address),
      above,
      address(dLogits),
      product(logits.shape.slice(0, -1)),
      vocabulary,
    );
    return dLogits;
  },
};

/** Inputs logits `[..., S]` and mask `[masks, S]`; row r of the logits looks at mask (r / `repeat`) % masks. */
const softmax: PackKernel = {
  name: "HeedMaskedSoftmax",
  run({ backend, functions, address }, { logits, mask }, { repeat }) {
    const width = logits.shape.at(-1)!;
    const weights = backend.makeOutput(logits.shape, "float32");
    functions.maskedSoftmax(
      ...[logits, mask, weights].map(address),
      product(logits.shape.slice(0, -1)),
      width,
      repeat as number,
      product(mask.shape) / width,
    );
    return weights;
  },
};

/** Inputs weights and the gradient at them `[..., S]`; output the gradient at the logits. */
const softmaxGradient: PackKernel = {
  name: "HeedMaskedSoftmaxGrad",
  run({ backend, functions, address }, { weights, dWeights }) {
    const dLogits = backend.makeOutput(weights.shape, "float32");
    functions.maskedSoftmaxGradient(
      ...[weights, dWeights, dLogits].map(address),
      product(weights.shape.slice(0, -1)),
      weights.shape.at(-1)!,
    );
    return dLogits;
  },
};

/** Kernels of this file. */
export const lossKernels: readonly PackKernel[] = [crossEntropy, crossEntropyGradient, softmax, softmaxGradient];
