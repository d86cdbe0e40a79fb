/**
 * Matrix products by their definition, in float64, with scalar loops: what the kernel pack is compared with.
 *
 * @module
 */

/** A dense array, row-major. */
export interface Dense {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/**
 * out[..., i, j] = sum over k of op(a)[..., i, k] op(b)[..., k, j], outer axes broadcast as NumPy does.
 *
 * Also gives `magnitude`, the same sum of absolute values: rounding errors of a float32 product are bounded by
 * (k + 1) 2^-24 times it (Higham 2002, section 3.5).
 */
export function product(a: Dense, b: Dense, transposeA: boolean, transposeB: boolean): Dense & { magnitude: number[] } {
  const [rowsA, columnsA] = a.shape.slice(-2), [rowsB, columnsB] = b.shape.slice(-2);
  const m = transposeA ? columnsA : rowsA, depth = transposeA ? rowsA : columnsA, n = transposeB ? rowsB : columnsB;
  const outerA = a.shape.slice(0, -2), outerB = b.shape.slice(0, -2);
  const rank = Math.max(outerA.length, outerB.length);
  const side = (outer: readonly number[], axis: number) => outer[axis - rank + outer.length] ?? 1;
  const outer = Array.from({ length: rank }, (_, axis) => Math.max(side(outerA, axis), side(outerB, axis)));
  const batches = outer.reduce((product, size) => product * size, 1);
  const values: number[] = [], magnitude: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const position: number[] = [];
    for (let axis = rank - 1, rest = batch; axis >= 0; axis--) {
      position[axis] = rest % outer[axis];
      rest = Math.floor(rest / outer[axis]);
    }
    const offset = (own: readonly number[], size: number) => {
      let at = 0;
      for (let axis = 0; axis < rank; axis++) at = at * side(own, axis) + (side(own, axis) === 1 ? 0 : position[axis]);
      return at * size;
    };
    const atA = offset(outerA, m * depth), atB = offset(outerB, depth * n);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0, size = 0;
        for (let k = 0; k < depth; k++) {
          const left = a.values[atA + (transposeA ? k * m + i : i * depth + k)];
          const right = b.values[atB + (transposeB ? j * depth + k : k * n + j)];
          sum += left * right;
          size += Math.abs(left * right);
        }
        values.push(sum);
        magnitude.push(size);
      }
    }
  }
  return { shape: [...outer, m, n], values, magnitude };
}
