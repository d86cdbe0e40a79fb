/**
 * How the benchmarks measure: candidates in turn, A B A B …, in one process, so that a machine whose speed drifts moves
 * both; what is printed is a ratio with its spread.
 *
 * @module
 */

/** Something to time; each call is one repetition. */
export interface Candidate {
  readonly name: string;
  /** Runs before each repetition and isn't timed: choosing the device, say. */
  prepare?(): unknown;
  run(): unknown;
}

/** Seconds of every repetition, by candidate, in the order of the candidates. */
export interface Timing {
  readonly name: string;
  readonly seconds: readonly number[];
}

/** Times candidates in turn: `warmUp` rounds that don't count, then `rounds` that do. */
export async function inTurn(candidates: readonly Candidate[], rounds: number, warmUp = 2): Promise<readonly Timing[]> {
  const seconds = candidates.map((): number[] => []);
  for (let round = -warmUp; round < rounds; round++) {
    for (const [index, candidate] of candidates.entries()) {
      await candidate.prepare?.();
      const started = performance.now();
      await candidate.run();
      if (round >= 0) seconds[index].push((performance.now() - started) / 1000);
    }
  }
  return candidates.map(({ name }, index) => ({ name, seconds: seconds[index] }));
}

/** Median and range of some numbers. */
export function spread(values: readonly number[]): { median: number; low: number; high: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, low: sorted[0], high: sorted[sorted.length - 1] };
}

/** How many times faster `ours` is than `peer`, pair by pair. */
export function speedUp(peer: Timing, ours: Timing): { median: number; low: number; high: number } {
  return spread(peer.seconds.map((seconds, pair) => seconds / ours.seconds[pair]));
}

/** `4.5 (4.1 to 4.8)`. */
export function told({ median, low, high }: { median: number; low: number; high: number }, digits = 2): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}
