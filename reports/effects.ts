/**
 * Main effects: least squares on a design, with intervals from what the design leaves unexplained.
 *
 * Source: Box, Hunter & Hunter 2005, "Statistics for Experimenters", chapters 5 and 6 (fractional factorials); the model
 * is linear in the columns that are given, and whatever isn't in them (interactions, most of all) is residual.
 *
 * @module
 */
import jstat from "jstat";

/** One effect: the change of the mean from a factor's low to its high level, and its 95% t-interval. */
export interface Effect {
  readonly name: string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Whether the interval leaves out zero. */
  readonly distinguishable: boolean;
}

/** One observation: the value of every column and what was measured. */
export interface Observation {
  readonly x: Readonly<Record<string, number>>;
  readonly y: number;
}

/** What a fit says. */
export interface Fit {
  readonly effects: readonly Effect[];
  /** Degrees of freedom of the residual. */
  readonly freedom: number;
  /** Residual standard deviation. */
  readonly deviation: number;
}

/**
 * Fits `y = a + Σ effect_j x_j` by least squares.
 *
 * @param names the columns whose effects are asked for; other columns of x (blocks, say) are fitted beside them
 * @returns nothing when the columns aren't independent, or leave no observation to judge by
 */
export function mainEffects(observations: readonly Observation[], names: readonly string[]): Fit | undefined {
  const columns = [...new Set([...names, ...observations.flatMap(({ x }) => Object.keys(x))])];
  const rows = observations.map(({ x }) => [1, ...columns.map((name) => x[name] ?? 0)]);
  const width = columns.length + 1;
  const freedom = observations.length - width;
  if (freedom < 1) return undefined;
  const gram = Array.from(
    { length: width },
    (_, i) => Array.from({ length: width }, (_, j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0)),
  );
  const inverse = inverted(gram);
  if (!inverse) return undefined;
  const against = Array.from(
    { length: width },
    (_, i) => rows.reduce((sum, row, at) => sum + row[i] * observations[at].y, 0),
  );
  const beta = inverse.map((row) => row.reduce((sum, value, j) => sum + value * against[j], 0));
  const residual = rows.reduce((sum, row, at) => {
    const error = observations[at].y - row.reduce((fit, value, j) => fit + value * beta[j], 0);
    return sum + error * error;
  }, 0);
  const deviation = Math.sqrt(residual / freedom);
  const quantile = jstat.studentt.inv(0.975, freedom);
  const effects = names.map((name): Effect => {
    const at = columns.indexOf(name) + 1;
    const half = quantile * deviation * Math.sqrt(inverse[at][at]);
    const [low, high] = [beta[at] - half, beta[at] + half];
    return { name, mean: beta[at], low, high, distinguishable: low > 0 || high < 0 };
  });
  return { effects, freedom, deviation };
}

/** Gauss and Jordan with pivots; nothing for a matrix that can't be inverted. */
function inverted(matrix: readonly (readonly number[])[]): number[][] | undefined {
  const size = matrix.length;
  const work = matrix.map((row, i) => [...row, ...Array.from({ length: size }, (_, j) => i === j ? 1 : 0)]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(work[row][column]) > Math.abs(work[pivot][column])) pivot = row;
    }
    if (Math.abs(work[pivot][column]) < 1e-9) return undefined;
    [work[column], work[pivot]] = [work[pivot], work[column]];
    const scale = work[column][column];
    work[column] = work[column].map((value) => value / scale);
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = work[row][column];
      if (factor !== 0) work[row] = work[row].map((value, j) => value - factor * work[column][j]);
    }
  }
  return work.map((row) => row.slice(size));
}
