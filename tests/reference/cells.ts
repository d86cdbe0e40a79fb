/**
 * The LSTM and Bahdanau's GRU in float64, one scalar at a time, written from their equations: what
 * operators/numerics/lstm.ts and reset_before.ts are held against.
 *
 * @module
 */
import { type GruReference, gruStepReference } from "./gru.ts";

/** Parameters as nested arrays: `kernel` `[I][G U]`, `recurrent` `[U][G U]`, `bias` `[G U]`. */
export interface CellReference {
  readonly kernel: number[][];
  readonly recurrent: number[][];
  readonly bias: number[];
  readonly recurrentBias?: number[];
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function dot(vector: readonly number[], matrix: readonly (readonly number[])[], column: number): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i] * matrix[i][column];
  return sum;
}

/** One step of a cell by name: `x` `[I]` and its state to the next state. */
export function cellStepReference(name: string, p: CellReference, x: number[], state: number[][]): number[][] {
  if (name === "gru") return [gruStepReference(p as GruReference, x, state[0])];
  const h = state[0];
  const units = h.length;
  const at = (column: number) => dot(x, p.kernel, column) + p.bias[column];
  if (name === "gru-reset-before") {
    const r = h.map((_, u) => sigmoid(at(units + u) + dot(h, p.recurrent, units + u)));
    const reset = h.map((value, u) => r[u] * value);
    return [h.map((value, u) => {
      const z = sigmoid(at(u) + dot(h, p.recurrent, u));
      const candidate = Math.tanh(at(2 * units + u) + dot(reset, p.recurrent, 2 * units + u));
      return (1 - z) * value + z * candidate;
    })];
  }
  const sum = (gate: number, u: number) => at(gate * units + u) + dot(h, p.recurrent, gate * units + u);
  const c = state[1].map((value, u) => sigmoid(sum(1, u)) * value + sigmoid(sum(0, u)) * Math.tanh(sum(3, u)));
  return [h.map((_, u) => sigmoid(sum(2, u)) * Math.tanh(c[u])), c];
}
