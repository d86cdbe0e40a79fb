/**
 * What the composed kernel attention holds at its worst moment, in elements: chunks of positions in a tree of halves, each
 * half in a scope of its own (operators/numerics/kernel_rows.ts and scope.ts). Rows of what is finished, the sums S and z,
 * and the tensors of the one chunk that is being worked on, add up.
 *
 * @module
 */
import type { MapWorkspace } from "../../operators/mod.ts";

/** Elements that one chunk holds while it is worked on, and leaves behind. */
interface Chunk {
  /** At its worst moment, results included. */
  readonly peak: number;
  /** Rows of the output. */
  readonly rows: number;
  /** Sums that are told to the next chunk. */
  readonly state: number;
}

/** What a feature map leaves in a scope, and what its sums are. */
export interface Workspace extends MapWorkspace {
  /** C. */
  readonly features: number;
  /** Whether rows keep a factor apart: its logarithms, sums and differences. */
  readonly scaled: boolean;
}

/** Sizes of one head, and how many heads of how many sequences there are. */
interface Sizes {
  readonly n: number;
  readonly d: number;
  readonly m: number;
  /** B H. */
  readonly times: number;
}

/**
 * Most elements at once of the linear route, output included, of all heads and sequences together. What doesn't depend on
 * them is there once: a map's own constants, and who sees whom.
 */
export function linearPeak({ n, d, m, times }: Sizes, causal: boolean, work: Workspace, chunk: number): number {
  const { features: c, vector, pair, once = 0, scaled } = work;
  const sums = times * (c * (m + 1) + (scaled ? 1 : 0)), several = n > chunk;
  const apart = scaled ? c + 2 : 0; // features weighed by their factor, and what it is made of
  const sizeAt = (index: number) => Math.min(chunk, n - index * chunk);
  const rowsOf = (rows: number, each: number) => times * rows * each;
  const made = (rows: number) => once + rowsOf(rows, vector);
  const added = (rows: number, first: boolean) => rowsOf(rows, apart) + sums + (first ? 0 : (scaled ? 2 : 1) * sums);
  if (!causal) {
    const write = tree(Math.ceil(n / chunk), (index) => ({
      peak: (several ? rowsOf(sizeAt(index), d + m) : 0) + made(sizeAt(index)) + added(sizeAt(index), index === 0),
      rows: 0,
      state: sums,
    }));
    const read = tree(Math.ceil(n / chunk), (index) => ({
      peak: once + rowsOf(sizeAt(index), (several ? d : 0) + vector + 2 * m + 2 + (scaled ? 2 : 0)),
      rows: rowsOf(sizeAt(index), m),
      state: 0,
    }));
    return Math.max(write.peak, sums + read.peak);
  }
  const count = Math.ceil(n / chunk);
  return tree(count, (index) => {
    const rows = sizeAt(index), pairs = rows * rows, first = index === 0, last = index === count - 1;
    const similarity = pair === undefined
      ? 2 * made(rows) + times * (scaled ? 5 : 1) * pairs // features of keys once, for pairs and for sums
      : times * (rows * d + (1 + pair) * pairs);
    const hidden = (2 * times + 0.25) * pairs; // zeros, what is seen of the kernel, and one byte a pair for who sees whom
    const queries = pair === undefined ? 0 : made(rows); // features that pairs did without
    const read = first ? 0 : queries + rowsOf(rows, 2 * (m + 1));
    return {
      peak: (several ? rowsOf(rows, 2 * d + m) : 0) + similarity + hidden + rowsOf(rows, 2 * m + 2) + read +
        (scaled ? rowsOf(rows, 4) : 0) + (last ? 0 : added(rows, first) + (pair === undefined ? 0 : made(rows))),
      rows: rowsOf(rows, m),
      state: last ? 0 : sums,
    };
  }).peak;
}

/** Halves of halves of chunks: a half's rows and last sums stay when its scope ends, and rows are joined two by two. */
function tree(count: number, chunkAt: (index: number) => Chunk): Chunk {
  if (count === 1) return chunkAt(0);
  const middle = count >> 1;
  const left = tree(middle, chunkAt);
  const right = tree(count - middle, (index) => chunkAt(index + middle));
  const rows = left.rows + right.rows;
  const held = left.rows + left.state;
  return {
    peak: Math.max(left.peak, held + right.peak, held + right.rows + right.state + rows),
    rows,
    state: right.state,
  };
}
