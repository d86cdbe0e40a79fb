/**
 * A whole GRU layer over padded sequences in float64 and its gradient, by the chain rule from the last step to the first,
 * one scalar at a time: what the fused layer is held against over random shapes. Gates lie in the order r, z, n.
 *
 * @module
 */

/** Sizes, and how the sequences are read. */
export interface GruLayer {
  readonly batch: number;
  readonly steps: number;
  readonly inputs: number;
  readonly units: number;
  readonly reverse: boolean;
  /** True lengths, `[B]`. */
  readonly lengths: readonly number[];
}

type Values = ArrayLike<number>;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** `out[c] += sum over r of a[r] matrix[r, c]`. */
function addProduct(out: Float64Array, a: Values, matrix: Values): void {
  for (let r = 0; r < a.length; r++) {
    for (let c = 0, at = r * out.length; c < out.length; c++, at++) out[c] += a[r] * matrix[at];
  }
}

/** `out[r] += sum over c of matrix[r, c] b[c]`. */
function addTransposed(out: Float64Array, matrix: Values, b: Values): void {
  for (let r = 0; r < out.length; r++) {
    let sum = 0;
    for (let c = 0, at = r * b.length; c < b.length; c++, at++) sum += matrix[at] * b[c];
    out[r] += sum;
  }
}

/** `out[r, c] += a[r] b[c]`. */
function addOuter(out: Float64Array, a: Values, b: Values): void {
  for (let r = 0, at = 0; r < a.length; r++) {
    for (let c = 0; c < b.length; c++, at++) out[at] += a[r] * b[c];
  }
}

/**
 * Outputs `[B, T, U]`, the final state `[B, U]`, and the gradients at kernel `[I, 3U]`, recurrent `[U, 3U]`, bias and
 * recurrentBias `[3U]`, x `[B, T, I]` and initial `[B, U]`, in this order, from those at both results.
 */
export function gruLayerReference(
  { batch, steps, inputs, units, reverse, lengths }: GruLayer,
  at: readonly Values[],
  dOutputs: Values,
  dFinal: Values,
): { outputs: Float64Array; final: Float64Array; gradients: Float64Array[] } {
  const [kernel, recurrent, bias, recurrentBias, x, initial] = at;
  const outputs = new Float64Array(batch * steps * units), final = new Float64Array(batch * units);
  const gradients = at.map((values) => new Float64Array(values.length));
  const [dKernel, dRecurrent, dBias, dRecurrentBias, dX, dInitial] = gradients;
  for (let row = 0; row < batch; row++) {
    const place = (step: number) => row * steps + (reverse ? lengths[row] - 1 - step : step);
    const inputAt = (step: number) => Array.prototype.slice.call(x, place(step) * inputs, (place(step) + 1) * inputs);
    let h = Float64Array.from({ length: units }, (_, u) => initial[row * units + u]);
    const kept: { before: Float64Array; r: number[]; z: number[]; n: number[]; q: number[] }[] = [];
    for (let step = 0; step < lengths[row]; step++) {
      const fromInput = Float64Array.from(bias), fromState = Float64Array.from(recurrentBias);
      addProduct(fromInput, inputAt(step), kernel);
      addProduct(fromState, h, recurrent);
      const gate = (index: number) =>
        Array.from({ length: units }, (_, u) => sigmoid(fromInput[index * units + u] + fromState[index * units + u]));
      const r = gate(0), z = gate(1), q = Array.from(fromState.subarray(2 * units));
      const n = q.map((q, u) => Math.tanh(fromInput[2 * units + u] + r[u] * q));
      kept.push({ before: h, r, z, n, q });
      h = h.map((before, u) => (1 - z[u]) * n[u] + z[u] * before);
      outputs.set(h, place(step) * units);
    }
    final.set(h, row * units);
    let dh = Float64Array.from({ length: units }, (_, u) => dFinal[row * units + u]);
    for (let step = lengths[row] - 1; step >= 0; step--) {
      const { before, r, z, n, q } = kept[step];
      const fromInput = new Float64Array(3 * units), fromState = new Float64Array(3 * units);
      dh = dh.map((carried, u) => {
        const d = carried + dOutputs[place(step) * units + u];
        const dn = d * (1 - z[u]) * (1 - n[u] * n[u]);
        const dr = dn * q[u] * r[u] * (1 - r[u]), dz = d * (before[u] - n[u]) * z[u] * (1 - z[u]);
        [dr, dz, dn].forEach((value, gate) => fromInput[gate * units + u] = value);
        [dr, dz, dn * r[u]].forEach((value, gate) => fromState[gate * units + u] = value);
        return d * z[u];
      });
      addTransposed(dh, recurrent, fromState);
      addTransposed(dX.subarray(place(step) * inputs, (place(step) + 1) * inputs), kernel, fromInput);
      addOuter(dKernel, inputAt(step), fromInput);
      addOuter(dRecurrent, before, fromState);
      fromInput.forEach((value, column) => dBias[column] += value);
      fromState.forEach((value, column) => dRecurrentBias[column] += value);
    }
    dInitial.set(dh, row * units);
  }
  return { outputs, final, gradients };
}
