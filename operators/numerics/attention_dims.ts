/**
 * The sizes that decide what attention costs, and the check that comes before anything is allocated.
 *
 * Letters, THEORY.md's: N positions, D the width of a query and a key, M the width of a value, all of one head; H heads, B
 * sequences; C the features of a kernel.
 *
 * @module
 */
import { InputError } from "../records.ts";

/** Self-attention's sizes: as many queries as keys. */
export interface AttentionDims {
  /** N, positions of one sequence. */
  readonly n: number;
  /** D, width of a query and of a key, of one head. */
  readonly d: number;
  /** M, width of a value, of one head. */
  readonly m: number;
  /** H. @default 1 */
  readonly heads?: number;
  /** B, sequences. @default 1 */
  readonly batch?: number;
  /** Position i sees positions 0 to i. @default false */
  readonly causal?: boolean;
}

/** Bytes of one float32. */
export const FLOAT = 4;

/** Elements of Q, K and V: BHN (2D + M). */
export function inputElements({ n, d, m, heads = 1, batch = 1 }: AttentionDims): number {
  return batch * heads * n * (2 * d + m);
}

/** Elements of the output: BHNM. */
export function outputElements({ n, m, heads = 1, batch = 1 }: AttentionDims): number {
  return batch * heads * n * m;
}

/** Pairs of a query and a key that it sees, of one head: N^2, or N (N + 1) / 2 when causal. */
export function pairsOf({ n, causal = false }: AttentionDims): number {
  return causal ? n * (n + 1) / 2 : n * n;
}

/**
 * Checks sizes before anything is made of them.
 *
 * @param what finishes "Cannot ..." in the message
 * @param limit the most bytes that Q, K, V and the output may take together; whatever the mechanism, they are there
 * @throws InputError in one line: which size is no positive whole number, or the bytes that they would take
 */
export function checkAttentionDims(dims: AttentionDims, what = "attend", limit = 2 ** 32): void {
  const { n, d, m, heads = 1, batch = 1 } = dims;
  checkSizes({ n, d, m, heads, batch }, what);
  checkBytes(FLOAT * (inputElements(dims) + outputElements(dims)), dims, {
    action: what,
    what: "Q, K, V and the output",
    limit,
  });
}

/**
 * Checks that sizes are sizes, however large.
 *
 * @throws InputError in one line: which is no positive whole number
 */
export function checkSizes(sizes: Readonly<Record<string, number>>, action: string): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new InputError(`Cannot ${action} as ${name} must be a positive whole number: current value is ${size}`);
    }
  }
}

/**
 * Checks predicted bytes before they are asked for.
 *
 * @param sizes what made them, for the message
 * @throws InputError in one line, with the bytes and the sizes
 */
export function checkBytes(
  bytes: number,
  sizes: object,
  { action, what, limit = 2 ** 32 }: { readonly action: string; readonly what: string; readonly limit?: number },
): void {
  if (bytes <= limit) return;
  const told = Object.entries(sizes).filter(([, size]) => typeof size === "number").map(([name, size]) =>
    `${name} ${size}`
  );
  throw new InputError(
    `Cannot ${action} as ${what} must fit in ${spelt(limit)}: current value is ${spelt(bytes)} (${told.join(", ")})`,
  );
}

/** Bytes for a message: whole, with a binary unit where there are many. */
function spelt(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(bytes) / 10)));
  return `${Number((bytes / 1024 ** power).toPrecision(4))} ${units[power]}`;
}
