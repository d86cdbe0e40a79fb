/**
 * Recurrent encoders in float64, one sequence, one layer and one step at a time, written from Bahdanau, Cho & Bengio 2015,
 * section 3.2: what operators/numerics/encoder.ts is held against, with every cell.
 *
 * @module
 */
import { type CellReference, cellStepReference } from "./cells.ts";
import { rows } from "./gru.ts";

/** What an encoder is made of. */
export interface EncoderReference {
  readonly cell: "gru" | "gru-reset-before" | "lstm";
  readonly direction: "unidirectional" | "bidirectional";
  readonly layers: number;
  readonly units: number;
}

/** Parameters by name, row-major. */
export type EncoderValues = (name: string) => ArrayLike<number>;

/**
 * One sequence: what it hands on, memory `[S][width]` with zeros at padding.
 *
 * @param embedded `[S][E]`, padding included.
 */
export function encoderReference(
  { cell, direction, layers, units }: EncoderReference,
  values: EncoderValues,
  embedded: number[][],
  length: number,
): { memory: number[][]; final: number[]; backward: number[] | undefined } {
  const gates = cell === "lstm" ? 4 : 3;
  const directions = direction === "bidirectional" ? ["forward", "backward"] : ["forward"];
  let memory = embedded;
  let finals: number[][] = [];
  for (let layer = 0; layer < layers; layer++) {
    const below = memory;
    const read = directions.map((name) => {
      const own = layer === 0 ? name : `layer${layer}/${name}`;
      const p: CellReference = {
        kernel: rows(values(`${own}/kernel`), gates * units),
        recurrent: rows(values(`${own}/recurrent`), gates * units),
        bias: Array.from(values(`${own}/bias`)),
        ...(cell === "gru" ? { recurrentBias: Array.from(values(`${own}/recurrentBias`)) } : {}),
      };
      const outputs = below.map(() => new Array<number>(units).fill(0));
      let state = Array.from({ length: cell === "lstm" ? 2 : 1 }, () => new Array<number>(units).fill(0));
      for (let step = 0; step < length; step++) {
        const at = name === "backward" ? length - 1 - step : step;
        state = cellStepReference(cell, p, below[at], state);
        outputs[at] = state[0];
      }
      return { outputs, final: state[0] };
    });
    memory = below.map((_, s) => read.flatMap(({ outputs }) => outputs[s]));
    finals = read.map(({ final }) => final);
  }
  return { memory, final: finals.flat(), backward: finals[1] };
}
