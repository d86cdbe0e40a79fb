/**
 * Operations of a mechanism as an instrumented execution counts them, to hold against its closed form.
 *
 * @module
 */
import { map, type Observable, of, toArray } from "rxjs";
import {
  type AttentionDims,
  countAttention,
  countQuadratic,
  lend,
  normal,
  tf,
  transform,
} from "../../operators/mod.ts";
import type { Contender } from "./contenders.ts";

/** What one mechanism executed; nothing for one that can't be counted. */
export interface Count {
  readonly name: string;
  readonly operations: number | undefined;
}

/** Counts one head of each mechanism that tells its cost, on normal noise. */
export function countedOperations(
  contenders: readonly Contender[],
  dims: AttentionDims,
  seed: number,
): Observable<readonly Count[]> {
  const { n, d, m } = dims;
  const draw = (width: number, which: number) => normal([n, width], 1, seed + which).values;
  const drawn = { q: draw(d, 1), k: draw(d, 2), v: draw(m, 3) };
  return of(...contenders.filter((each) => each.cost(dims))).pipe(
    lend((_: Contender) => ({
      q: tf.tensor4d(drawn.q, [1, 1, n, d]),
      k: tf.tensor4d(drawn.k, [1, 1, n, d]),
      v: tf.tensor4d(drawn.v, [1, 1, n, m]),
    })),
    transform(({ q, k, v }, { record: { mechanism } }) => {
      if (dims.causal && mechanism.kernel?.route === "quadratic") {
        // Stock operations compute hidden pairs, too; plain loops don't, and know this kernel alone.
        const scaled = { ...drawn, n, d, m, causal: true, scale: 1 / Math.sqrt(d) };
        return mechanism.name === "poly2-quadratic" ? countQuadratic(scaled).operations : undefined;
      }
      try {
        return countAttention(mechanism, q, k, v, dims.causal);
      } catch (error) {
        // A user's own may have no state, or kernels that nobody said how to count.
        if (error instanceof RangeError) return undefined;
        throw error;
      }
    }),
    map(({ tensors, record }) => ({ name: record.name, operations: tensors })),
    toArray(),
  );
}
