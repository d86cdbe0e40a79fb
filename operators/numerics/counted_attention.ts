/**
 * Attention by plain loops over numbers in float64, every operation of which goes through one counter: an instrumented
 * execution that knows nothing of the closed forms of {@linkcode ./attention_costs.ts} and is held against them. It computes
 * the real result, so that a count of something else than attention would show.
 *
 * Forward pass of one head; row-major numbers, q and k `[N, D]`, v `[N, M]`, output `[N, M]`.
 *
 * @module
 */

/** Does and counts scalar operations. */
export class Counter {
  operations = 0;
  add = (a: number, b: number): number => (this.operations++, a + b);
  sub = (a: number, b: number): number => (this.operations++, a - b);
  mul = (a: number, b: number): number => (this.operations++, a * b);
  div = (a: number, b: number): number => (this.operations++, a / b);
  max = (a: number, b: number): number => (this.operations++, Math.max(a, b));
  exp = (a: number): number => (this.operations++, Math.exp(a));
  min = (a: number, b: number): number => (this.operations++, Math.min(a, b));

  sum(values: ArrayLike<number>): number {
    let total = values[0];
    for (let i = 1; i < values.length; i++) total = this.add(total, values[i]);
    return total;
  }

  dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
    let total = this.mul(a[0], b[0]);
    for (let i = 1; i < a.length; i++) total = this.add(total, this.mul(a[i], b[i]));
    return total;
  }
}

/** What an instrumented execution gives. */
export interface Counted {
  readonly output: Float64Array;
  readonly operations: number;
}

/** The inputs of one head. */
export interface CountedInputs {
  readonly q: ArrayLike<number>;
  readonly k: ArrayLike<number>;
  readonly v: ArrayLike<number>;
  readonly n: number;
  readonly d: number;
  readonly m: number;
  readonly causal?: boolean;
  /** What a kernel's queries are multiplied by. @default nothing, which costs nothing */
  readonly scale?: number;
}

/** Features of a vector, operation by operation. */
export type CountedMap = (count: Counter, x: Float64Array) => Float64Array;

/** Maps whose features are plain functions of a vector. */
export const countedMaps: Readonly<Record<"poly2" | "elu" | "relu", CountedMap>> = {
  /** [1, sqrt2 x_i, x_i^2, sqrt2 x_i x_j (i < j)]. */
  poly2(count, x) {
    const features = [1], scaled = Array.from(x, (value) => count.mul(Math.SQRT2, value));
    features.push(...scaled);
    for (let i = 0; i < x.length; i++) {
      for (let j = i; j < x.length; j++) features.push(count.mul(i === j ? x[i] : scaled[i], x[j]));
    }
    return Float64Array.from(features);
  },
  elu: (count, x) => x.map((value) => count.add(count.exp(count.min(value, 0)), count.max(value, 0))),
  relu: (count, x) => x.map((value) => count.max(value, 0)),
};

/** Softmax attention. */
export function countSoftmax({ q, k, v, n, d, m, causal = false }: CountedInputs): Counted {
  const count = new Counter();
  const keys = rowsOf(k, n, d), values = columnsOf(v, n, m), output = new Float64Array(n * m);
  rowsOf(q, n, d).forEach((row, i) => {
    const query = row.map((value) => count.mul(value, 1 / Math.sqrt(d)));
    const scores = keys.slice(0, causal ? i + 1 : n).map((key) => count.dot(query, key));
    let greatest = scores[0];
    for (const score of scores.slice(1)) greatest = count.max(greatest, score);
    const powers = scores.map((score) => count.exp(count.sub(score, greatest)));
    const total = count.sum(powers);
    for (let j = 0; j < m; j++) output[i * m + j] = count.div(count.dot(powers, values[j]), total);
  });
  return { output, operations: count.operations };
}

/** Kernel attention by features and one state; causal by the recurrence. */
export function countKernel({ q, k, v, n, d, m, causal = false, scale }: CountedInputs, map: CountedMap): Counted {
  const count = new Counter();
  const queries = rowsOf(q, n, d).map((row) => scaled(count, row, scale)),
    keys = rowsOf(k, n, d),
    values = rowsOf(v, n, m);
  const output = new Float64Array(n * m);
  let state: Float64Array[] = [], total = new Float64Array(0);
  const learn = (i: number) => {
    const features = map(count, keys[i]);
    if (i === 0) {
      total = features.slice();
      state = Array.from(features, (feature) => values[0].map((value) => count.mul(feature, value)));
      return;
    }
    features.forEach((feature, c) => {
      total[c] = count.add(total[c], feature);
      for (let j = 0; j < m; j++) state[c][j] = count.add(state[c][j], count.mul(feature, values[i][j]));
    });
  };
  const read = (i: number) => {
    const features = map(count, queries[i]);
    const denominator = count.dot(features, total);
    for (let j = 0; j < m; j++) {
      output[i * m + j] = count.div(count.dot(features, state.map((row) => row[j])), denominator);
    }
  };
  for (let i = 0; i < n; i++) {
    learn(i);
    if (causal) read(i);
  }
  if (!causal) { for (let i = 0; i < n; i++) read(i); }
  return { output, operations: count.operations };
}

/** The poly-2 kernel (1 + q.k)^2 of all visible pairs. */
export function countQuadratic({ q, k, v, n, d, m, causal = false, scale }: CountedInputs): Counted {
  const count = new Counter();
  const keys = rowsOf(k, n, d), values = columnsOf(v, n, m), output = new Float64Array(n * m);
  rowsOf(q, n, d).map((row) => scaled(count, row, scale)).forEach((query, i) => {
    const weights = keys.slice(0, causal ? i + 1 : n).map((key) => {
      const similarity = count.add(1, count.dot(query, key));
      return count.mul(similarity, similarity);
    });
    const total = count.sum(weights);
    for (let j = 0; j < m; j++) output[i * m + j] = count.div(count.dot(weights, values[j]), total);
  });
  return { output, operations: count.operations };
}

function scaled(count: Counter, row: Float64Array, scale: number | undefined): Float64Array {
  return scale === undefined ? row : row.map((value) => count.mul(value, scale));
}

function rowsOf(values: ArrayLike<number>, n: number, width: number): Float64Array[] {
  return Array.from({ length: n }, (_, i) => Float64Array.from({ length: width }, (_, j) => values[i * width + j]));
}

function columnsOf(values: ArrayLike<number>, n: number, width: number): Float64Array[] {
  return Array.from({ length: width }, (_, j) => Float64Array.from({ length: n }, (_, i) => values[i * width + j]));
}
