/**
 * Recurrent cells as values: what a GRU in either form and an LSTM have in common, so that encoders and decoder paths take
 * any of them, over whole sequences and one step at a time.
 *
 * A step is cut in two, because only one half has to wait: `project` takes the inputs of all positions in one product, and
 * `layer` or `step` goes on from there. What enters a cell step by step (a context, an attentional vector) is added to the
 * projection.
 *
 * Sizes: B sequences, T positions, I inputs, U units, G gates.
 *
 * @module
 */
import { isComposing } from "./device_kernels.ts";
import type { Symbols } from "./embedding.ts";
import { besides, glorotUniform, orthogonal, seedFrom, zeros } from "./random.ts";
import { gruCost, gruParameters, type LayerCost, layerCost, recurGru } from "./recurrence.ts";
import { recurLstm } from "./lstm.ts";
import { recurResetBefore } from "./reset_before.ts";
import { assertShape, type InitialValues, type TensorMap } from "./shape.ts";
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** What a cell carries from step to step, each `[B, U]`; the first is h, which the rest of a model sees. */
export type CellState = readonly Tensor2D[];

/** How a layer is read. */
export interface LayerOptions {
  /** True lengths, int32 `[B]`; past them the state is carried and the output is zero. @default T for all */
  readonly lengths?: Tensor1D;
  /** @default zeros */
  readonly initial?: CellState;
  /** Reads from a sequence's last true position down to 0. @default false */
  readonly reverse?: boolean;
}

/** States of a whole sequence. */
export interface Layer {
  /** `[B, T, U]`: h after reading position t, at place t in both directions; zero at padding. */
  readonly outputs: Tensor3D;
  /** The state after the last step read. */
  readonly final: CellState;
}

/** A recurrent cell. */
export interface Cell {
  readonly name: string;
  /** What a reader sees, where it differs from the name. */
  readonly label?: string;
  readonly citation: string;
  /** G: a projection is `[..., G U]`. */
  readonly gates: number;
  /** How many tensors a state has. */
  readonly states: number;
  /** `kernel` `[I, G U]`, `recurrent` `[U, G U]` and biases. */
  parameters(inputs: number, units: number, seed: number): InitialValues;
  /** From a projection `[B, T, G U]` (kernel and bias included) to the states. */
  layer(params: TensorMap, projected: Tensor3D, options: LayerOptions): Layer;
  /** The exact cost of one forward pass over B sequences of T positions. */
  cost(dims: {
    readonly inputs: number;
    readonly units: number;
    readonly batch: number;
    readonly steps: number;
  }): LayerCost;
}

/** Inputs `[N, I]` through the kernel, bias included: `[N, G U]`. */
export function project({ kernel, bias }: TensorMap, x: Tensor2D): Tensor2D {
  return tf.fused.matMul({ a: x, b: kernel as Tensor2D, bias }) as Tensor2D;
}

/**
 * The projection `[B, T, G U]` of sequences `[B, T, I]`, or of symbols. Where a table has fewer rows than the sequences
 * have places, it is projected instead of them: E[ids] W + b = (E W + b)[ids], and on the way back the gradients of a
 * symbol's places are added up before they meet W. Counting sees the plain form, which is the one that costs are given of.
 *
 * @throws RangeError when a shape doesn't fit.
 */
export function projectAll(params: TensorMap, x: Tensor3D | Symbols): Tensor3D {
  if (!("ids" in x)) {
    const [batch, steps, inputs] = x.shape;
    assertShape("kernel", params.kernel, [inputs, null]);
    const flat = project(params, x.reshape([batch * steps, inputs]));
    return flat.reshape([batch, steps, flat.shape[1]]) as Tensor3D;
  }
  const { table, ids } = x;
  if (isComposing() || table.shape[0] >= ids.size) {
    return projectAll(params, tf.gather(table, ids) as Tensor as Tensor3D);
  }
  assertShape("kernel", params.kernel, [table.shape[1], null]);
  return tf.gather(project(params, table), ids) as Tensor as Tensor3D;
}

/**
 * Runs a cell over sequences `x` `[B, T, I]` or over symbols; padding changes nothing.
 *
 * @throws RangeError when a shape doesn't fit.
 */
export function runLayer(cell: Cell, params: TensorMap, x: Tensor3D | Symbols, options: LayerOptions): Layer {
  const [batch] = ("ids" in x ? x.ids : x).shape;
  assertShape("kernel", params.kernel, [null, cell.gates * params.recurrent.shape[0]]);
  if (options.lengths) assertShape("lengths", options.lengths, [batch]);
  return cell.layer(params, projectAll(params, x), options);
}

/** One step from a projection `[B, G U]` and a state to the next state. */
export function step(cell: Cell, params: TensorMap, projected: Tensor2D, state: CellState): CellState {
  const [batch, width] = projected.shape;
  return cell.layer(params, projected.reshape([batch, 1, width]), { initial: state }).final;
}

function initialOf(projected: Tensor3D, units: number, states: number, initial?: CellState): CellState {
  if (!initial) return Array.from({ length: states }, () => tf.zeros([projected.shape[0], units]) as Tensor2D);
  initial.forEach((state) => assertShape("initial", state, [projected.shape[0], units]));
  return initial;
}

function masked(projected: Tensor3D, lengths?: Tensor1D): Tensor2D | undefined {
  if (!lengths) return undefined;
  const [batch, steps] = projected.shape;
  const positions = tf.range(0, steps, 1, "int32").reshape([1, steps]);
  return tf.cast(tf.less(positions, lengths.reshape([batch, 1])), "float32") as Tensor2D;
}

/** Gates side by side: Glorot for the kernel, orthogonal for the recurrent matrix, gate by gate; one bias. */
function gateParameters(names: readonly string[], inputs: number, units: number, seed: number): InitialValues {
  return {
    kernel: besides(names.map((gate) => glorotUniform([inputs, units], seedFrom(seed, `kernel/${gate}`)))),
    recurrent: besides(names.map((gate) => orthogonal([units, units], seedFrom(seed, `recurrent/${gate}`)))),
    bias: zeros([names.length * units]),
  };
}

const framework: Cell = {
  name: "gru",
  label: "GRU",
  citation: "Cho et al. 2014, in the form of today's frameworks: reset after the product",
  gates: 3,
  states: 1,
  parameters: gruParameters,
  layer(params, projected, { lengths, initial, reverse = false }) {
    const units = params.recurrent.shape[0];
    const [batch, steps] = projected.shape;
    const [first] = initialOf(projected, units, 1, initial);
    const all = lengths ?? tf.fill([batch], steps, "int32") as Tensor1D;
    const { outputs, final } = recurGru(params, projected, first, all, reverse);
    return { outputs, final: [final] };
  },
  cost: gruCost,
};

const resetBefore: Cell = {
  name: "gru-reset-before",
  label: "GRU, reset before the product",
  citation: "Bahdanau, Cho & Bengio 2015, appendix A.1.1",
  gates: 3,
  states: 1,
  parameters: (inputs, units, seed) => gateParameters(["z", "r", "n"], inputs, units, seed),
  layer(params, projected, { lengths, initial, reverse = false }) {
    const units = params.recurrent.shape[0];
    const [first] = initialOf(projected, units, 1, initial);
    return recurResetBefore(params.recurrent as Tensor2D, projected, first, masked(projected, lengths), reverse);
  },
  cost: ({ inputs, units, batch, steps }) =>
    layerCost(
      3 * units * (inputs + units + 1),
      batch * steps * (6 * units * (inputs + units) + 13 * units),
      batch * steps * 5 * units,
    ),
};

/** Options of {@linkcode gru}. */
export interface GruForm {
  /**
   * Where the reset gate is applied: `framework` to the product U_n h (today's usual form), `reset-before` to h, before
   * the product, with the update gate weighing the candidate (Bahdanau et al. 2015). Weights don't carry over.
   * @default {"framework"}
   */
  readonly form?: "framework" | "reset-before";
}

/** The gated recurrent unit. */
export function gru({ form = "framework" }: GruForm = {}): Cell {
  return form === "framework" ? framework : resetBefore;
}

const longShortTerm: Cell = {
  name: "lstm",
  label: "LSTM",
  citation: "Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000, without peepholes",
  gates: 4,
  states: 2,
  parameters(inputs, units, seed) {
    const made = gateParameters(["i", "f", "o", "g"], inputs, units, seed);
    // A forget gate that begins open (Jozefowicz et al. 2015).
    const bias = { shape: [4 * units], values: new Float32Array(4 * units).fill(1, units, 2 * units) };
    return { ...made, bias };
  },
  layer(params, projected, { lengths, initial, reverse = false }) {
    const units = params.recurrent.shape[0];
    const state = initialOf(projected, units, 2, initial);
    return recurLstm(params.recurrent as Tensor2D, projected, state, masked(projected, lengths), reverse);
  },
  cost: ({ inputs, units, batch, steps }) =>
    layerCost(
      4 * units * (inputs + units + 1),
      batch * steps * (8 * units * (inputs + units) + 17 * units),
      batch * steps * 7 * units,
    ),
};

/** The long short-term memory: gates i, f, o and candidate g side by side; a state is h and c. */
export function lstm(): Cell {
  return longShortTerm;
}

/** The cells that Heed knows by name. */
export const cells: Readonly<Record<"gru" | "gru-reset-before" | "lstm", Cell>> = {
  gru: framework,
  "gru-reset-before": resetBefore,
  lstm: longShortTerm,
};
