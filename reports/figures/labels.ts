/**
 * Names beside points, moved up or down until none covers another.
 *
 * @module
 */

/** A rectangle in pixels; y grows downwards. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A name that wants to stand beside a point. */
export interface Wanted {
  readonly x: number;
  readonly y: number;
  /** Of the text, in pixels. */
  readonly width: number;
}

/** Where a name stands. */
export interface Placed {
  /** Whether it begins behind its point, or ends before it. */
  readonly side: "right" | "left";
  /** How far its middle is below its point's. */
  readonly dy: number;
  readonly box: Box;
}

/** From a point to its name, in pixels. */
export const labelGap = 9;
/** A name that is moved farther than this needs a line to its point. */
export const labelReach = 9;

const HEIGHT = 14;
/** What stands in the way, by how bad it is to cover it: a name or a mark, the edge, and a thin bar. */
const COST = { mark: 1000, edge: 300, bar: 30, left: 3 };

/**
 * Places names one after the other, from top to bottom: each at the nearest height, right or left of its point, where it
 * covers the least.
 *
 * @param marks What no name should cover: the points themselves.
 * @param bars What names should cover as little as they can: intervals.
 */
export function placeLabels(
  wanted: readonly Wanted[],
  marks: readonly Box[],
  bars: readonly Box[],
  frame: Box,
): Placed[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a].y - wanted[b].y || wanted[a].x - wanted[b].x);
  const placed = new Map<number, Placed>();
  for (const index of order) {
    const taken = [...marks, ...[...placed.values()].map(({ box }) => box)];
    const cost = ({ box, dy, side }: Placed) =>
      COST.mark * taken.filter((other) => overlaps(box, other)).length +
      COST.bar * bars.filter((other) => overlaps(box, other)).length +
      COST.edge * Number(!inside(box, frame)) + Math.abs(dy) + (side === "left" ? COST.left : 0);
    const [first, ...others] = candidates(wanted[index], frame);
    let best = first, least = cost(first);
    for (const each of others) {
      const its = cost(each);
      if (its < least) [best, least] = [each, its];
    }
    placed.set(index, best);
  }
  return wanted.map((_, index) => placed.get(index)!);
}

/** The place beside the point first, then places farther and farther from it, right and left, down and up. */
function candidates({ x, y, width }: Wanted, frame: Box): Placed[] {
  const most = Math.ceil((frame.bottom - frame.top) / 2);
  const shifts = Array.from({ length: most }, (_, step) => step === 0 ? [0] : [2 * step, -2 * step]).flat();
  return shifts.flatMap((dy) =>
    (["right", "left"] as const).map((side): Placed => {
      const left = side === "right" ? x + labelGap : x - labelGap - width;
      return { side, dy, box: { left, right: left + width, top: y + dy - HEIGHT / 2, bottom: y + dy + HEIGHT / 2 } };
    })
  );
}

/** Whether two boxes have more than an edge in common. */
export function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function inside(box: Box, frame: Box): boolean {
  return box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
}
