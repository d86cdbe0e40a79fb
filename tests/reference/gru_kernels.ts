/**
 * The contract of the device kernels `HeedGru` and `HeedGruGrad`, as plain loops with the gradient written by hand: what
 * any backend's kernels take and give. Registered on the cpu backend they show that numerics/recurrence.ts is joined to
 * such kernels rightly; a backend's own kernels are held against the same numbers.
 *
 * @module
 */
import { GRU_GRADIENT_KERNEL, GRU_KERNEL } from "../../operators/numerics/recurrence.ts";
import { tf } from "../../operators/numerics/tf.ts";

type Numbers = ArrayLike<number>;

interface Run {
  /** W x + b, `[B, T, 3U]`. */
  readonly projected: Numbers;
  /** `[U, 3U]` */
  readonly recurrent: Numbers;
  /** `[3U]` */
  readonly recurrentBias: Numbers;
  /** `[B, U]` */
  readonly initial: Numbers;
  /** `[B]` */
  readonly lengths: Numbers;
  readonly sizes: readonly [batch: number, steps: number, units: number];
  readonly reverse: boolean;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** `outputs` `[B, T, U]`, `final` `[B, U]`, and `gates` `[B, T, 4U]`: r, z, n and U_n h + c_n. */
function forward({ projected, recurrent, recurrentBias, initial, lengths, sizes: [B, T, U], reverse }: Run) {
  const outputs = new Float32Array(B * T * U), final = new Float32Array(B * U), gates = new Float32Array(B * T * 4 * U);
  for (let b = 0; b < B; b++) {
    let h = Array.from({ length: U }, (_, u) => initial[b * U + u]);
    for (let step = 0; step < lengths[b]; step++) {
      const at = b * T + (reverse ? lengths[b] - 1 - step : step);
      const fromState = (c: number) =>
        h.reduce((sum, value, i) => sum + value * recurrent[i * 3 * U + c], recurrentBias[c]);
      h = h.map((previous, u) => {
        const x = (gate: number) => projected[at * 3 * U + gate * U + u];
        const r = sigmoid(x(0) + fromState(u)), z = sigmoid(x(1) + fromState(U + u)), q = fromState(2 * U + u);
        const n = Math.tanh(x(2) + r * q);
        [r, z, n, q].forEach((value, gate) => gates[at * 4 * U + gate * U + u] = value);
        return (1 - z) * n + z * previous;
      });
      outputs.set(h, at * U);
    }
    final.set(h, b * U);
  }
  return { outputs, final, gates };
}

/** Gradients with respect to `projected`, `recurrent`, `recurrentBias` and `initial`. */
function backward(run: Run, outputs: Numbers, gates: Numbers, dOutputs: Numbers, dFinal: Numbers) {
  const { recurrent, initial, lengths, sizes: [B, T, U], reverse } = run;
  const dProjected = new Float32Array(B * T * 3 * U), dRecurrent = new Float32Array(U * 3 * U);
  const dRecurrentBias = new Float32Array(3 * U), dInitial = new Float32Array(B * U);
  for (let b = 0; b < B; b++) {
    let dh = Array.from({ length: U }, (_, u) => dFinal[b * U + u]);
    const place = (step: number) => b * T + (reverse ? lengths[b] - 1 - step : step);
    for (let step = lengths[b] - 1; step >= 0; step--) {
      const at = place(step);
      const previous = (u: number) => step === 0 ? initial[b * U + u] : outputs[place(step - 1) * U + u];
      const dState = new Float64Array(3 * U); // gradient at U h + c
      const through = dh.map((carried, u) => {
        const [r, z, n, q] = [0, 1, 2, 3].map((gate) => gates[at * 4 * U + gate * U + u]);
        const d = carried + dOutputs[at * U + u];
        const dn = d * (1 - z) * (1 - n * n);
        const dr = dn * q * r * (1 - r), dz = d * (previous(u) - n) * z * (1 - z);
        [dr, dz, dn].forEach((value, gate) => dProjected[at * 3 * U + gate * U + u] = value);
        [dr, dz, dn * r].forEach((value, gate) => dState[gate * U + u] = value);
        return d * z;
      });
      dState.forEach((value, column) => {
        dRecurrentBias[column] += value;
        for (let i = 0; i < U; i++) dRecurrent[i * 3 * U + column] += previous(i) * value;
      });
      dh = through.map((value, i) => dState.reduce((sum, d, column) => sum + d * recurrent[i * 3 * U + column], value));
    }
    dInitial.set(dh, b * U);
  }
  return [dProjected, dRecurrent, dRecurrentBias, dInitial];
}

/** Registers both kernels on the cpu backend; `remove` takes them away again, `calls` says how often each has run. */
export function registerGruKernels(): { remove(): void; readonly calls: { forward: number; backward: number } } {
  const calls = { forward: 0, backward: 0 };
  // deno-lint-ignore no-explicit-any -- kernels are typed by the backend that they are for
  type Call = { inputs: any; attrs: any; backend: any };
  const read = ({ inputs, attrs, backend }: Call): Run => {
    const [B, T, width] = inputs.projected.shape;
    const [projected, recurrent, recurrentBias, initial, lengths] = [
      "projected",
      "recurrent",
      "recurrentBias",
      "initial",
      "lengths",
    ].map((name) => backend.readSync(inputs[name].dataId));
    const reverse = attrs.reverse;
    return { projected, recurrent, recurrentBias, initial, lengths, sizes: [B, T, width / 3], reverse };
  };
  const make = ({ backend }: Call, shape: number[], values: Float32Array) =>
    backend.makeTensorInfo(shape, "float32", values);
  tf.registerKernel({
    kernelName: GRU_KERNEL,
    backendName: "cpu",
    kernelFunc: (call) => {
      calls.forward++;
      const run = read(call as Call);
      const [B, T, U] = run.sizes;
      const { outputs, final, gates } = forward(run);
      const of = (shape: number[], values: Float32Array) => make(call as Call, shape, values);
      return [of([B, T, U], outputs), of([B, U], final), of([B, T, 4 * U], gates)];
    },
  });
  tf.registerKernel({
    kernelName: GRU_GRADIENT_KERNEL,
    backendName: "cpu",
    kernelFunc: (call) => {
      calls.backward++;
      const { inputs, backend } = call as Call;
      const [outputs, gates, dOutputs, dFinal] = ["outputs", "saved0", "dOutputs", "dFinal"]
        .map((name) => backend.readSync(inputs[name].dataId));
      const names = ["projected", "recurrent", "recurrentBias", "initial"];
      return backward(read(call as Call), outputs, gates, dOutputs, dFinal)
        .map((values, i) => make(call as Call, inputs[names[i]].shape, values));
    },
  });
  return {
    calls,
    remove() {
      tf.unregisterKernel(GRU_KERNEL, "cpu");
      tf.unregisterKernel(GRU_GRADIENT_KERNEL, "cpu");
    },
  };
}
