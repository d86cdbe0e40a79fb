/**
 * The gated recurrent unit, over whole sequences and one step at a time.
 *
 *     r_t = σ(W_r x_t + b_r + U_r h_{t-1} + c_r)            reset gate
 *     z_t = σ(W_z x_t + b_z + U_z h_{t-1} + c_z)            update gate
 *     n_t = tanh(W_n x_t + b_n + r_t * (U_n h_{t-1} + c_n)) candidate
 *     h_t = (1 - z_t) * n_t + z_t * h_{t-1}
 *
 * This is the usual form of today (PyTorch's `nn.GRU`, cuDNN): r is applied after U_n. Cho et al. 2014 and Bahdanau et
 * al. 2015 apply r before U and let z weigh the candidate: the same family, but weights don't carry over.
 *
 * Sizes: B sequences, T positions, I inputs, U units. Gates lie side by side in the order r, z, n.
 *
 * Sources: Cho et al. 2014, equations 5 to 8; the form with two biases is PyTorch's.
 *
 * @module
 */
import { hasKernels, runKernel, withGradient } from "./device_kernels.ts";
import { besides, glorotUniform, orthogonal, seedFrom, zeros } from "./random.ts";
import { carriedStates } from "./recurrence_layer.ts";
import { assertShape, type InitialValues, type TensorMap } from "./shape.ts";
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** How a sequence is read. */
export interface GruOptions {
  /** True lengths, int32 `[B]`, 0 to T. Past them the state is carried and the output is zero. */
  readonly lengths: Tensor1D;
  /** State before the first step, `[B, U]`. @default zeros */
  readonly initial?: Tensor2D;
  /** Reads from a sequence's last true position down to 0. @default false */
  readonly reverse?: boolean;
}

/** States of a whole sequence. */
export interface GruStates {
  /** `[B, T, U]`: the state after reading position t, at place t in both directions; zero at padding. */
  readonly outputs: Tensor3D;
  /** `[B, U]`: the state after the last step read (in reverse: after position 0). */
  readonly final: Tensor2D;
}

/** Name of the device kernel that runs a whole layer; {@linkcode gru} uses it where the backend has one. */
export const GRU_KERNEL = "HeedGru";
/** Name of the device kernel that is its gradient. */
export const GRU_GRADIENT_KERNEL = "HeedGruGrad";

/**
 * Initial values: `kernel` W `[I, 3U]` (Glorot, gate by gate), `recurrent` U `[U, 3U]` (orthogonal, gate by gate),
 * `bias` b `[3U]` and `recurrentBias` c `[3U]` (zeros).
 */
export function gruParameters(inputs: number, units: number, seed: number): InitialValues {
  const gates = ["r", "z", "n"];
  return {
    kernel: besides(gates.map((gate) => glorotUniform([inputs, units], seedFrom(seed, `kernel/${gate}`)))),
    recurrent: besides(gates.map((gate) => orthogonal([units, units], seedFrom(seed, `recurrent/${gate}`)))),
    bias: zeros([3 * units]),
    recurrentBias: zeros([3 * units]),
  };
}

/**
 * Runs the unit over sequences `x` `[B, T, I]`. Padding changes nothing: with any number of padded positions, and
 * whatever they hold (as long as it is finite), the outputs at true positions and the final state are the same.
 *
 * @throws RangeError when a shape doesn't fit.
 */
export function gru(params: TensorMap, x: Tensor3D, options: GruOptions): GruStates {
  const [batch, steps, inputs] = x.shape;
  const units = params.recurrent.shape[0];
  checkParameters(params, inputs, units);
  assertShape("lengths", options.lengths, [batch]);
  const initial = options.initial ?? (tf.zeros([batch, units]) as Tensor2D);
  assertShape("initial", initial, [batch, units]);
  // One product for all positions of all sequences: nothing in it waits for a state.
  const projected = project(params, x.reshape([batch * steps, inputs])).reshape([batch, steps, 3 * units]) as Tensor3D;
  return recurGru(params, projected, initial, options.lengths, options.reverse ?? false);
}

/**
 * One step: input `x` `[B, I]` and state `[B, U]` to the next state `[B, U]`.
 *
 * @throws RangeError when a shape doesn't fit.
 */
export function gruStep(params: TensorMap, x: Tensor2D, state: Tensor2D): Tensor2D {
  const [batch, inputs] = x.shape;
  const units = params.recurrent.shape[0];
  checkParameters(params, inputs, units);
  assertShape("state", state, [batch, units]);
  const projected = project(params, x);
  if (hasDeviceKernel()) {
    const lengths = tf.ones([batch], "int32") as Tensor1D;
    return recurGru(params, projected.reshape([batch, 1, 3 * units]), state, lengths, false).final;
  }
  return next(params, projected as Tensor2D, state);
}

/** W x + b: the bias joins in while the product is written. */
function project({ kernel, bias }: TensorMap, x: Tensor2D): Tensor2D {
  return tf.fused.matMul({ a: x, b: kernel as Tensor2D, bias }) as Tensor2D;
}

function checkParameters(params: TensorMap, inputs: number, units: number): void {
  assertShape("kernel", params.kernel, [inputs, 3 * units]);
  assertShape("recurrent", params.recurrent, [units, 3 * units]);
  assertShape("bias", params.bias, [3 * units]);
  assertShape("recurrentBias", params.recurrentBias, [3 * units]);
}

/** Whether the current backend runs a whole layer as one kernel, forwards and backwards. */
function hasDeviceKernel(): boolean {
  return hasKernels(GRU_KERNEL, GRU_GRADIENT_KERNEL);
}

/** The part that is sequential: `projected` is W x + b, `[B, T, 3U]`. */
export function recurGru(
  params: TensorMap,
  projected: Tensor3D,
  initial: Tensor2D,
  lengths: Tensor1D,
  reverse: boolean,
): GruStates {
  if (hasDeviceKernel()) {
    return fusedLayer(params, projected, initial, lengths, reverse);
  }
  const [batch, steps] = projected.shape;
  const units = initial.shape[1];
  const present = mask(lengths, steps); // [B, T]
  const kept = { recurrent: params.recurrent as Tensor2D, recurrentBias: params.recurrentBias as Tensor1D };
  const states = carriedStates(kept, projected, initial, present, reverse); // [B, T, U]
  const last = tf.slice(states, [0, reverse ? 0 : steps - 1, 0], [batch, 1, units]);
  return {
    outputs: tf.mul(states, present.reshape([batch, steps, 1])) as Tensor3D,
    final: tf.squeeze(last, [1]) as Tensor2D,
  };
}

/**
 * The layer as one kernel each way. Outputs of the kernel after `outputs` and `final` are whatever a backend wants back on
 * the way down (gates, say); they reach its gradient kernel as `saved0`, `saved1`, ...
 */
function fusedLayer(
  { recurrent, recurrentBias }: TensorMap,
  projected: Tensor3D,
  initial: Tensor2D,
  lengths: Tensor1D,
  reverse: boolean,
): GruStates {
  const [outputs, final] = withGradient(
    { projected, recurrent, recurrentBias, initial },
    (save) => {
      const inputs = { projected, recurrent, recurrentBias, initial, lengths };
      const [outputs, final, ...rest] = runKernel<Tensor[]>(GRU_KERNEL, inputs, { reverse });
      save([projected, recurrent, recurrentBias, initial, lengths, outputs, ...rest]);
      return [outputs, final];
    },
    ([dOutputs, dFinal], [projected, recurrent, recurrentBias, initial, lengths, outputs, ...rest]) => {
      const inputs = { projected, recurrent, recurrentBias, initial, lengths, outputs, dOutputs, dFinal };
      const saved = Object.fromEntries(rest.map((tensor, index) => [`saved${index}`, tensor]));
      return runKernel<Tensor[]>(GRU_GRADIENT_KERNEL, { ...inputs, ...saved }, { reverse });
    },
  );
  return { outputs: outputs as Tensor3D, final: final as Tensor2D };
}

/** The next state from W x + b `[B, 3U]` and the state `[B, U]`. */
function next(params: TensorMap, projected: Tensor2D, state: Tensor2D): Tensor2D {
  const units = state.shape[1];
  const fromState = tf.add(tf.matMul(state, params.recurrent as Tensor2D), params.recurrentBias) as Tensor2D; // [B, 3U]
  const [gateX, candidateX] = tf.split(projected, [2 * units, units], 1);
  const [gateH, candidateH] = tf.split(fromState, [2 * units, units], 1);
  const [reset, update] = tf.split(tf.sigmoid(tf.add(gateX, gateH)), 2, 1);
  const candidate = tf.tanh(tf.add(candidateX, tf.mul(reset, candidateH)));
  return tf.add(candidate, tf.mul(update, tf.sub(state, candidate))); // (1 - z) n + z h
}

/** 1 at true positions and 0 at padding, float `[B, T]`. */
function mask(lengths: Tensor1D, steps: number): Tensor2D {
  const positions = tf.range(0, steps, 1, "int32").reshape([1, steps]);
  return tf.cast(tf.less(positions, lengths.reshape([lengths.shape[0], 1])), "float32") as Tensor2D;
}

/** What a layer costs, counted as ./counting.ts counts: a multiply-add is 2, every other element-wise result 1. */
export interface LayerCost {
  /** Learnt numbers. */
  readonly parameters: number;
  /** Floating-point operations of one forward pass. */
  readonly operations: number;
  /** Elements that the backward pass needs. */
  readonly activations: number;
  /** `activations` in bytes of float32. */
  readonly bytes: number;
}

/** A cost from its three counts. */
export function layerCost(parameters: number, operations: number, activations: number): LayerCost {
  return { parameters, operations, activations, bytes: 4 * activations };
}

/**
 * Cost of the unit over B sequences of T positions, by its four equations: 3U (I + U + 2) parameters; a position takes
 * 6U (I + U) for the products, 6U for the biases and 10U for gates and blend, and leaves r, z, n, U_n h + c_n and h for
 * the backward pass. Masks are bookkeeping and not counted; padded positions are.
 */
export function gruCost({ inputs, units, batch, steps }: {
  readonly inputs: number;
  readonly units: number;
  readonly batch: number;
  readonly steps: number;
}): LayerCost {
  return layerCost(
    3 * units * (inputs + units + 2),
    batch * steps * (6 * units * (inputs + units) + 16 * units),
    batch * steps * 5 * units,
  );
}
