/**
 * Reads hypotheses out of a search's trace, on plain arrays.
 *
 * @module
 */

/** A trace of search.ts, read back: the same tensors as flat arrays, and their sizes. */
export interface TraceArrays {
  /** `[L, B, K]` */
  readonly tokens: ArrayLike<number>;
  /** `[L, B, K]` */
  readonly parents: ArrayLike<number>;
  /** `[B, K]` */
  readonly logProbability: ArrayLike<number>;
  /** `[L, B, K, S]` */
  readonly alignment: Float32Array;
  /** L */
  readonly steps: number;
  /** B */
  readonly batch: number;
  /** K */
  readonly beams: number;
  /** S */
  readonly width: number;
}

/** One hypothesis. */
export interface Hypothesis {
  /** Ids without the end mark. */
  readonly ids: number[];
  /** Whether it came to its end mark (otherwise it was cut off). */
  readonly ended: boolean;
  /** In nats, the end mark included when it was reached. */
  readonly logProbability: number;
  /** One row of attention weights a symbol and, when it ended, one for the end mark; each `[source length]`. */
  readonly alignment: Float32Array[];
}

/**
 * One hypothesis for each example.
 *
 * @param options.end Id of the end mark.
 * @param options.sourceLengths True lengths: alignment rows are cut to them. @default S for all
 * @param options.rank Which hypothesis: 0 is the best. @default 0
 */
export function backtrack(
  trace: TraceArrays,
  { end, sourceLengths, rank = 0 }: { end: number; sourceLengths?: ArrayLike<number>; rank?: number },
): Hypothesis[] {
  const { tokens, parents, logProbability, alignment, steps, batch, beams, width } = trace;
  if (!(Number.isInteger(rank) && rank >= 0 && rank < beams)) {
    throw new RangeError(`Cannot backtrack as rank must be in 0..${beams - 1}: current value is ${rank}`);
  }
  return Array.from({ length: batch }, (_, example) => {
    const path: { id: number; row: Float32Array }[] = [];
    let beam = rank;
    for (let step = steps - 1; step >= 0; step--) {
      const at = (step * batch + example) * beams + beam;
      const row = alignment.slice(at * width, at * width + (sourceLengths?.[example] ?? width));
      path.push({ id: tokens[at], row });
      beam = parents[at];
    }
    path.reverse();
    const stop = path.findIndex(({ id }) => id === end);
    const ended = stop >= 0;
    return {
      ids: (ended ? path.slice(0, stop) : path).map(({ id }) => id),
      ended,
      logProbability: logProbability[example * beams + rank],
      alignment: (ended ? path.slice(0, stop + 1) : path).map(({ row }) => row),
    };
  });
}
