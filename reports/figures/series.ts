/**
 * Rows into series: grouping measurements by a label and by step, and the pixel work that figures share.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import type { Frame } from "../figure.ts";
import { meanInterval } from "../intervals.ts";

/** Font size of text inside drawings, in CSS pixels; the stylesheet sets the same. */
export const fontSize = 12;

/** The rows of one metric whose value is finite and that carry a label. */
export function rowsOf(rows: readonly Measurement[], metric: string, by: string): Measurement[] {
  return rows.filter((row) => row.metric === metric && row.labels[by] !== undefined && Number.isFinite(row.value));
}

/** A mean and its 95% t-interval as cells of a row; one value has no interval. */
export function intervalCells(values: readonly number[]) {
  const { mean, low, high, count } = meanInterval(values);
  return { mean, low: count < 2 ? null : low, high: count < 2 ? null : high, count };
}

/** Groups items by a key, in order of first appearance. */
export function groupBy<T, K>(items: Iterable<T>, key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}

/** The last row of each trial, by step. */
export function lastOfTrial(rows: readonly Measurement[]): Measurement[] {
  return [...groupBy(rows, (row) => row.trial).values()].map((trial) =>
    trial.reduce((last, row) => row.step >= last.step ? row : last)
  );
}

/** Width of a label in CSS pixels, near enough to leave room for it. */
export function labelWidth(label: string): number {
  return Math.ceil([...label].length * fontSize * 0.58);
}

/** A label cut to a number of characters, with an ellipsis. */
export function clipLabel(label: string, characters: number): string {
  const letters = [...label];
  return letters.length <= characters ? label : `${letters.slice(0, characters - 1).join("")}…`;
}

/** The most characters of a label that a frame has room for beside the drawing. */
export function labelCharacters(frame: Frame): number {
  return frame.narrow ? 12 : 26;
}

/**
 * Moves labels apart until neighbours are at least `gap` apart, and keeps them between `top` and `bottom` where there is
 * room. Order is kept; a label moves no more than it must (pool adjacent violators).
 */
export function spread(positions: readonly number[], gap: number, top: number, bottom: number): number[] {
  const order = positions.map((_, index) => index).sort((a, b) => positions[a] - positions[b] || a - b);
  const blocks: { sum: number; size: number }[] = [];
  for (const [rank, index] of order.entries()) {
    blocks.push({ sum: positions[index] - rank * gap, size: 1 });
    while (blocks.length > 1) {
      const last = blocks[blocks.length - 1], before = blocks[blocks.length - 2];
      if (before.sum / before.size <= last.sum / last.size) break;
      blocks.pop();
      before.sum += last.sum;
      before.size += last.size;
    }
  }
  const start = blocks.flatMap((block) => Array<number>(block.size).fill(block.sum / block.size));
  const limit = bottom - (order.length - 1) * gap;
  const moved = Array<number>(positions.length);
  for (const [rank, index] of order.entries()) {
    moved[index] = Math.max(top, Math.min(limit, start[rank])) + rank * gap;
  }
  return moved;
}

/** Text that stays readable where it crosses a line: the paper's colour around every letter. */
export const halo = { stroke: "var(--paper)", strokeWidth: 4 } as const;

/**
 * Ticks of a logarithmic axis: 1, 2 and 5 times powers of ten, or the powers alone where that would be more than `most`,
 * or every second, third, ... of them.
 */
export function logTicks(low: number, high: number, most: number): number[] {
  const from = Math.floor(Math.log10(low)), to = Math.ceil(Math.log10(high));
  const powers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const inside = (values: number[]) => values.filter((value) => value >= low * 0.9999 && value <= high * 1.0001);
  const exact = (factor: number, power: number) => Number(`${factor}e${power}`);
  const fine = inside(powers.flatMap((power) => [1, 2, 5].map((factor) => exact(factor, power))));
  if (fine.length <= most) return fine;
  const stride = Math.ceil(inside(powers.map((power) => exact(1, power))).length / most);
  return inside(powers.filter((power) => power % stride === 0).map((power) => exact(1, power)));
}

/** Ticks of a logarithmic axis of factors around 1: as fine as there is room for. */
export function factorTicks(low: number, high: number, most: number): number[] {
  const sets = [[1, 1.1, 1.2, 1.3, 1.5, 1.7, 2, 2.5, 3, 4, 5, 6, 7, 8, 9], [1, 1.2, 1.5, 2, 3, 4, 5, 7], [
    1,
    1.5,
    2,
    3,
    5,
    7,
  ], [
    1,
    2,
    5,
  ]];
  for (const set of sets) {
    const ticks = [-2, -1, 0, 1, 2].flatMap((power) => set.map((step) => Number(`${step}e${power}`)))
      .filter((value) => value >= low && value <= high);
    if (ticks.length <= most) return ticks;
  }
  return logTicks(low, high, most);
}

/** A round number at least as large as a value: 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten. */
export function niceCeiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= value * (1 - 1e-9))!;
}
