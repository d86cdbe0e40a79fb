/**
 * A transformer in float64, position by position, from the formulas of operators/numerics/transformer_block.ts: softmax
 * attention, plain loops, no tensors.
 */
import type { InitialValues } from "../../operators/numerics/shape.ts";

/** What decides the shape of the model, beside its parameters. */
export interface ReferenceOptions {
  readonly width: number;
  readonly heads?: number;
  readonly blocks?: number;
  readonly hidden?: number;
  readonly window?: number;
  readonly causal?: boolean;
  readonly positions?: { readonly name: string };
}

type Vector = readonly number[];

/** (x - mean) / sqrt(variance + 1e-5), times gain, plus bias. */
export function layerNormReference(x: Vector, gain: Vector, bias: Vector): number[] {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map((value, at) => gain[at] * (value - mean) / Math.sqrt(variance + 1e-5) + bias[at]);
}

/** States `[B][T][W]` of the true positions. */
export function transformerReference(
  initial: InitialValues,
  ids: readonly Vector[],
  lengths: Vector,
  { width, heads = 1, blocks = 1, hidden = 4 * width, window = 1, causal = false, positions }: ReferenceOptions,
): number[][][] {
  const list = (name: string): Vector => Array.from(initial[name].values);
  const times = (x: Vector, name: string): number[] => {
    const [rows, columns] = initial[name].shape;
    const values = initial[name].values;
    return Array.from({ length: columns }, (_, column) => {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += x[row] * values[row * columns + column];
      return sum;
    });
  };
  const plus = (a: Vector, b: Vector) => a.map((value, at) => value + b[at]);
  const norm = (x: Vector, name: string) => layerNormReference(x, list(`${name}/gain`), list(`${name}/bias`));
  const place = (t: number): Vector =>
    Array.from({ length: width }, (_, w) => {
      if (positions?.name.startsWith("learnt")) return initial["positions/rows"].values[t * width + w];
      if (positions?.name !== "sinusoidal") return 0;
      const angle = t * Math.exp(-Math.log(10000) * 2 * Math.floor(w / 2) / width);
      return w % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    });

  const scale = positions?.name === "sinusoidal" ? Math.sqrt(width) : 1;

  return ids.map((row, b) => {
    const length = lengths[b];
    let x: number[][] = Array.from(
      { length },
      (_, t) =>
        plus(
          list("embedding/table").slice(row[t] * width, (row[t] + 1) * width).map((value) => value * scale),
          place(t),
        ),
    );
    for (let n = 1; n <= blocks; n++) {
      const inner = x.map((each) => norm(each, `block${n}/norm`));
      const seen = inner.map((_, t) =>
        Array.from({ length: width }, (_, w) => {
          if (window <= 1) return inner[t][w];
          let sum = 0;
          for (let j = 0; j < window && j <= t; j++) {
            sum += initial[`block${n}/convolution/taps`].values[j * width + w] * inner[t - j][w];
          }
          return sum;
        })
      );
      const [q, k, v] = ["W_q", "W_k", "W_v"].map((name) => seen.map((each) => times(each, `block${n}/${name}`)));
      const depth = width / heads;
      const heard = x.map((_, i) => {
        const out = new Array(width).fill(0);
        for (let h = 0; h < heads; h++) {
          const last = causal ? i : length - 1;
          const scores: number[] = [];
          for (let j = 0; j <= last; j++) {
            let sum = 0;
            for (let d = h * depth; d < (h + 1) * depth; d++) sum += q[i][d] * k[j][d];
            scores.push(Math.exp(sum / Math.sqrt(depth)));
          }
          const total = scores.reduce((sum, score) => sum + score, 0);
          for (let j = 0; j <= last; j++) {
            for (let d = h * depth; d < (h + 1) * depth; d++) out[d] += scores[j] / total * v[j][d];
          }
        }
        return out;
      });
      x = x.map((each, t) => plus(each, times(heard[t], `block${n}/W_o`)));
      if (hidden === 0) continue;
      const name = `block${n}/perceptron`;
      x = x.map((each) => {
        const fired = plus(times(norm(each, `${name}/norm`), `${name}/W_1`), list(`${name}/b_1`))
          .map((value) => Math.max(0, value));
        return plus(each, plus(times(fired, `${name}/W_2`), list(`${name}/b_2`)));
      });
    }
    return x.map((each) => norm(each, "norm"));
  });
}
