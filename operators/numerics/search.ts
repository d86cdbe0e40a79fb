/**
 * Search for the best hypothesis: greedy and beam, batched, on tensors alone. No value is read back between steps (on a
 * GPU each such read would stall it), so the number of steps is fixed; {@linkcode backtrack} then reads hypotheses out of
 * plain arrays.
 *
 * Sizes: B examples, K hypotheses each, N = B K, V symbols, S source positions, L steps.
 *
 * Sources: Sutskever, Vinyals & Le 2014, section 3.2 (beam search); Wu et al. 2016, section 7 (why longer hypotheses need
 * normalisation; the form here is the plainer one, score / length^alpha).
 *
 * @module
 */
import type { TensorMap } from "./shape.ts";
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, type Tensor4D, tf } from "./tf.ts";

/** One step of a model: hypotheses' states, last tokens (int32 `[N]`) and the step's number, from 0, to what comes next. */
export type SearchStep = (state: TensorMap, tokens: Tensor1D, index: number) => {
  /** `[N, V]` */
  readonly logits: Tensor2D;
  /** Tensors whose first axis is N. */
  readonly state: TensorMap;
  /** `[N, S]` */
  readonly alignment: Tensor2D;
};

/** How to search. */
export interface SearchOptions {
  /** Id of the mark that every hypothesis begins with. Never produced. */
  readonly begin: number;
  /** Id of the mark that ends a hypothesis. */
  readonly end: number;
  /** Id that fills places after the end. Never produced before it. */
  readonly pad: number;
  /** L: steps, hence the most symbols of a hypothesis, end mark included. */
  readonly maxLength: number;
}

/** How to search with a beam. */
export interface BeamOptions extends SearchOptions {
  /** K. @default 5 */
  readonly beams?: number;
  /**
   * Length normalisation: hypotheses are ranked by log-probability / length^alpha, the end mark counted. 0 ranks by
   * probability alone, which is what the model was trained for and which favours short hypotheses; 1 ranks by the mean.
   * @default 0
   */
  readonly alpha?: number;
}

/** A search's trace. Hypotheses are ranked best first. */
export interface SearchTrace {
  /** int32 `[L, B, K]`: the symbol that was added. */
  readonly tokens: Tensor3D;
  /** int32 `[L, B, K]`: which hypothesis of the step before it was added to. */
  readonly parents: Tensor3D;
  /** `[B, K]`: in nats, not normalised; {@linkcode IMPOSSIBLE} where there are fewer than K hypotheses. */
  readonly logProbability: Tensor2D;
  /** `[L, B, K, S]`: the attention weights with which the symbol was chosen. */
  readonly alignment: Tensor4D;
}

/** Stands for log 0: finite, so that sums with it stay numbers on every device. */
export const IMPOSSIBLE = -1e30;

/**
 * Takes the likeliest symbol at each step.
 *
 * Probabilities are the model's: marks that can't be produced are passed over, without renormalisation.
 *
 * @param initial The state before the first step: tensors whose first axis is B.
 * @returns A trace with K = 1.
 * @throws RangeError when maxLength isn't a whole number over 0.
 */
export function greedySearch(step: SearchStep, initial: TensorMap, options: SearchOptions): SearchTrace {
  checkCount("maxLength", options.maxLength);
  const { begin, end, pad, maxLength } = options;
  const batch = rowsOf(initial);
  let state = initial;
  let tokens = tf.fill([batch], begin, "int32") as Tensor1D;
  let finished = tf.zeros([batch], "bool") as Tensor1D;
  let total = tf.zeros([batch]) as Tensor1D;
  let forbidden: Tensor2D | undefined;
  const padding = tf.fill([batch], pad, "int32") as Tensor1D;
  const trace: { tokens: Tensor1D[]; alignment: Tensor2D[] } = { tokens: [], alignment: [] };
  for (let index = 0; index < maxLength; index++) {
    const next = step(state, tokens, index);
    forbidden ??= unproducible(next.logits.shape[1], options);
    const scores = tf.add(tf.logSoftmax(next.logits), forbidden) as Tensor2D; // [B, V]
    tokens = tf.where(finished, padding, tf.argMax(scores, 1)) as Tensor1D;
    total = tf.add(total, tf.where(finished, tf.zerosLike(total), tf.max(scores, 1)));
    finished = tf.logicalOr(finished, tf.equal(tokens, end));
    state = next.state;
    trace.tokens.push(tokens);
    trace.alignment.push(next.alignment);
  }
  const width = trace.alignment[0].shape[1];
  return {
    tokens: tf.stack(trace.tokens).reshape([maxLength, batch, 1]),
    parents: tf.zeros([maxLength, batch, 1], "int32"),
    logProbability: total.reshape([batch, 1]),
    alignment: tf.stack(trace.alignment).reshape([maxLength, batch, 1, width]),
  };
}

/**
 * Keeps the K best hypotheses of each example. A finished hypothesis stays in the beam with its score and is overtaken
 * only by better ones; one that hasn't ended after L steps competes as it stands. With K = 1 this is greedy search.
 *
 * @param step Called with N = B K rows, the K hypotheses of an example side by side.
 * @param initial The state before the first step: tensors whose first axis is B.
 * @throws RangeError when a count isn't a whole number over 0, or alpha is below 0.
 */
export function beamSearch(step: SearchStep, initial: TensorMap, options: BeamOptions): SearchTrace {
  const { begin, end, pad, maxLength, beams = 5, alpha = 0 } = options;
  checkCount("maxLength", maxLength);
  checkCount("beams", beams);
  if (!(alpha >= 0)) throw new RangeError(`Cannot search as alpha must be at least 0: current value is ${alpha}`);
  const batch = rowsOf(initial);
  const rows = batch * beams;
  const firstRow = tf.mul(tf.range(0, batch, 1, "int32").reshape([batch, 1]), tf.scalar(beams, "int32")); // [B, 1]
  const own = tf.floorDiv(tf.range(0, rows, 1, "int32"), tf.scalar(beams, "int32")) as Tensor1D; // example of a row
  let state = pick(initial, own);
  let tokens = tf.fill([rows], begin, "int32") as Tensor1D;
  let finished = tf.zeros([batch, beams], "bool") as Tensor2D;
  // All K copies of the begin mark are the same hypothesis: only the first may be continued.
  let total = tf.tile(tf.tensor2d([[0, ...new Array(beams - 1).fill(IMPOSSIBLE)]]), [batch, 1]) as Tensor2D;
  let lengths = tf.zeros([batch, beams]) as Tensor2D;
  let constants: { forbidden: Tensor2D; onlyPad: Tensor3D } | undefined;
  const trace: { tokens: Tensor2D[]; parents: Tensor2D[]; alignment: Tensor2D[] } = {
    tokens: [],
    parents: [],
    alignment: [],
  };
  for (let index = 0; index < maxLength; index++) {
    const next = step(state, tokens, index);
    const vocabulary = next.logits.shape[1];
    constants ??= {
      forbidden: unproducible(vocabulary, options),
      onlyPad: tf.tensor3d([[Array.from({ length: vocabulary }, (_, id) => id === pad ? 0 : IMPOSSIBLE)]]),
    };
    const scores = tf.add(tf.logSoftmax(next.logits), constants.forbidden).reshape([batch, beams, vocabulary]);
    // Blended by products: everything here is finite, and a broadcast `where` would first spread the mask out in memory.
    const isFinished = tf.cast(finished, "float32").reshape([batch, beams, 1]);
    const added = tf.add(tf.mul(scores, tf.sub(1, isFinished)), tf.mul(isFinished, constants.onlyPad));
    // Clamped, or a hypothesis that can't be would sink below IMPOSSIBLE and, step by step, to -∞.
    const totals = tf.maximum(tf.add(total.reshape([batch, beams, 1]), added), IMPOSSIBLE); // [B, K, V]
    const newLengths = tf.add(lengths, tf.cast(tf.logicalNot(finished), "float32")) as Tensor2D; // [B, K]
    const ranked = alpha === 0 ? totals : tf.div(totals, tf.pow(newLengths, alpha).reshape([batch, beams, 1]));
    const { indices } = tf.topk(ranked.reshape([batch, beams * vocabulary]), beams, true); // [B, K]
    const parents = tf.floorDiv(indices, tf.scalar(vocabulary, "int32")) as Tensor2D;
    const chosen = tf.sub(indices, tf.mul(parents, tf.scalar(vocabulary, "int32"))) as Tensor2D;
    const from = tf.add(parents, firstRow).reshape([rows]) as Tensor1D; // row of the parent among N
    const candidate = tf.add(tf.mul(from.reshape([batch, beams]), tf.scalar(vocabulary, "int32")), chosen);

    total = tf.gather(totals.reshape([rows * vocabulary]), candidate.reshape([rows]) as Tensor1D)
      .reshape([batch, beams]) as Tensor2D;
    lengths = tf.gather(newLengths.reshape([rows]), from).reshape([batch, beams]) as Tensor2D;
    const wasFinished = tf.gather(tf.cast(finished, "int32").reshape([rows]), from).reshape([batch, beams]);
    finished = tf.logicalOr(tf.cast(wasFinished, "bool"), tf.equal(chosen, end)) as Tensor2D;
    state = pick(next.state, from);
    tokens = chosen.reshape([rows]) as Tensor1D;
    trace.tokens.push(chosen);
    trace.parents.push(parents);
    trace.alignment.push(tf.gather(next.alignment, from));
  }
  const width = trace.alignment[0].shape[1];
  return {
    tokens: tf.stack(trace.tokens) as Tensor3D,
    parents: tf.stack(trace.parents) as Tensor3D,
    logProbability: total,
    alignment: tf.stack(trace.alignment).reshape([maxLength, batch, beams, width]),
  };
}

/** Takes rows of every tensor in a state. */
function pick(state: TensorMap, rows: Tensor1D): TensorMap {
  return Object.fromEntries(Object.entries(state).map(([name, tensor]) => [name, tf.gather(tensor, rows)]));
}

/** `[1, V]`: {@linkcode IMPOSSIBLE} at the marks that no step may produce, 0 elsewhere. */
function unproducible(vocabulary: number, { begin, pad }: SearchOptions): Tensor2D {
  const row = Array.from({ length: vocabulary }, (_, id) => id === begin || id === pad ? IMPOSSIBLE : 0);
  return tf.tensor2d([row]);
}

function rowsOf(state: TensorMap): number {
  const tensors: Tensor[] = Object.values(state);
  const rows = tensors[0]?.shape[0];
  if (rows === undefined || tensors.some((tensor) => tensor.shape[0] !== rows)) {
    const shapes = tensors.map((tensor) => `[${tensor.shape}]`).join(" ");
    throw new RangeError(
      `Cannot search as every tensor of the state needs the same first axis: current value is ${shapes}`,
    );
  }
  return rows;
}

function checkCount(name: string, value: number): void {
  if (!(Number.isInteger(value) && value > 0)) {
    throw new RangeError(`Cannot search as ${name} must be a whole number over 0: current value is ${value}`);
  }
}
