/**
 * The GRU in float64, one scalar at a time, written from the four equations: what operators/numerics/recurrence.ts is held
 * against.
 *
 * @module
 */

/** Parameters as nested arrays: `kernel` `[I][3U]`, `recurrent` `[U][3U]`, biases `[3U]`; gates r, z, n. */
export interface GruReference {
  readonly kernel: number[][];
  readonly recurrent: number[][];
  readonly bias: number[];
  readonly recurrentBias: number[];
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** One step: `x` `[I]`, `h` `[U]`. */
export function gruStepReference(p: GruReference, x: number[], h: number[]): number[] {
  const units = h.length;
  const fromInput = (column: number) => {
    let sum = p.bias[column];
    for (let i = 0; i < x.length; i++) sum += x[i] * p.kernel[i][column];
    return sum;
  };
  const fromState = (column: number) => {
    let sum = p.recurrentBias[column];
    for (let i = 0; i < units; i++) sum += h[i] * p.recurrent[i][column];
    return sum;
  };
  return h.map((previous, u) => {
    const reset = sigmoid(fromInput(u) + fromState(u));
    const update = sigmoid(fromInput(units + u) + fromState(units + u));
    const candidate = Math.tanh(fromInput(2 * units + u) + reset * fromState(2 * units + u));
    return (1 - update) * candidate + update * previous;
  });
}

/** One sequence of true length `length`: outputs `[T][U]` (zero past the length) and the final state `[U]`. */
export function gruReference(
  p: GruReference,
  xs: number[][],
  length: number,
  initial: number[],
  reverse = false,
): { outputs: number[][]; final: number[] } {
  const outputs = xs.map(() => initial.map(() => 0));
  let h = initial;
  for (let step = 0; step < length; step++) {
    const at = reverse ? length - 1 - step : step;
    h = gruStepReference(p, xs[at], h);
    outputs[at] = h;
  }
  return { outputs, final: h };
}

/** Row-major values as rows of `width`. */
export function rows(values: ArrayLike<number>, width: number): number[][] {
  return Array.from(
    { length: values.length / width },
    (_, row) => Array.from({ length: width }, (_, column) => values[row * width + column]),
  );
}
