/**
 * The gradient of a whole layer of gated recurrent units (gru.ts), by the chain rule from the last step to the first. With
 * dh the gradient at h' and h the state before:
 *
 *     dz = dh (h - n) z (1 - z)      dn = dh (1 - z) (1 - n^2)      dr = dn q r (1 - r)      dq = dn r
 *     dx = [dr, dz, dn]              g = [dr, dz, dq]               dh <- dh z + g U^T
 *
 * What all steps add up is hoisted: dU = sum over steps of h^T g is one product for each block of sequences, over the rows
 * that are present (padding costs nothing), and dc the column sums of g.
 */
import { packPresent, present, ROWS, tiles, up8 } from "./gru";
import { packAcross } from "./panels";
import { loadPart, storePart } from "./parts";
import { accumulate, productScratch } from "./product";

/** Bytes of scratch that {@link gruBackward} needs. */
export function gruBackwardScratch(units: i32, steps: i32): i32 {
  const width = 3 * units;
  const values = up8(units) * (width + ROWS) + 2 * ROWS * width + ROWS * steps * (width + units);
  return productScratch() + (values << 2);
}

/**
 * @param recurrent, initial, lengths, outputs, saved  as {@link gruForward} took and gave them
 * @param dOutputs   [batch, steps, units]
 * @param dState     [batch, units]: the gradient at the final state
 * @param dProjected [batch, steps, 3 units], written
 * @param dRecurrent [units, 3 units], written
 * @param dBias      [3 units], written
 * @param dInitial   [batch, units], written
 */
export function gruBackward(
  recurrent: usize, initial: usize, lengths: usize, outputs: usize, saved: usize, dOutputs: usize, dState: usize,
  dProjected: usize, dRecurrent: usize, dBias: usize, dInitial: usize,
  batch: i32, steps: i32, units: i32, reverse: i32, scratch: usize,
): void {
  const width = 3 * units, padded = up8(units);
  const row4 = <usize>units << 2, width4 = <usize>width << 2, stride = <usize>padded << 2;
  const panelsB = scratch + <usize>productScratch();
  const dh = panelsB + <usize>width * stride;
  const g = dh + <usize>ROWS * stride;
  const panelsA = g + <usize>ROWS * width4;
  const listG = panelsA + <usize>ROWS * width4;
  const listH = listG + <usize>(ROWS * steps) * width4;
  for (let column = 0; column < units; column += 8) {
    packAcross(recurrent + <usize>column * width4, width4, min(8, units - column), 8, width, panelsB + <usize>column * width4);
  }
  memory.fill(dRecurrent, 0, <usize>units * width4);
  memory.fill(dBias, 0, width4);
  for (let top = 0; top < batch; top += ROWS) {
    const rows = min(ROWS, batch - top);
    let listed = 0;
    for (let row = 0; row < rows; row++) {
      memory.copy(dh + <usize>row * stride, dState + <usize>(top + row) * row4, row4);
    }
    for (let step = steps - 1; step >= 0; step--) {
      const position = reverse ? steps - 1 - step : step;
      const bits = present(lengths + (<usize>top << 2), rows, position);
      for (let row = 0; row < rows; row++) {
        const at = <usize>((top + row) * steps + position);
        const gRow = g + <usize>row * width4;
        if (!((bits >>> row) & 1)) {
          memory.fill(dProjected + at * width4, 0, width4);
          memory.fill(gRow, 0, width4);
          continue;
        }
        const before = reverse ? position + 1 : position - 1;
        const first = reverse ? before >= min(steps, load<i32>(lengths + (<usize>(top + row) << 2))) : before < 0;
        const h = first ? initial + <usize>(top + row) * row4 : outputs + <usize>((top + row) * steps + before) * row4;
        cellGradient(
          dh + <usize>row * stride, dOutputs + at * row4, h, saved + (at * row4 << 2), dProjected + at * width4, gRow,
          dBias, units,
        );
        memory.copy(listG + <usize>listed * width4, gRow, width4);
        memory.copy(listH + <usize>listed * row4, h, row4);
        listed++;
      }
      packPresent(g, width4, rows, width, bits, panelsA);
      tiles(panelsA, panelsB, 32, width4 << 3, rows, padded, width, dh, stride, bits, 1);
    }
    accumulate(listH, listG, dRecurrent, units, width, listed, 1, 0, 1, scratch);
    for (let row = 0; row < rows; row++) {
      memory.copy(dInitial + <usize>(top + row) * row4, dh + <usize>row * stride, row4);
    }
  }
}

function cellGradient(
  dh: usize, dOutput: usize, state: usize, saved: usize, dx: usize, g: usize, dBias: usize, units: i32,
): void {
  const gate = <usize>units << 2, whole = <usize>(units & ~3) << 2;
  for (let at: usize = 0; at < whole; at += 16) {
    cellGradientPart(dh + at, dOutput + at, state + at, saved + at, dx + at, g + at, dBias + at, gate, 4);
  }
  if (whole < gate) {
    cellGradientPart(
      dh + whole, dOutput + whole, state + whole, saved + whole, dx + whole, g + whole, dBias + whole, gate, units & 3,
    );
  }
}

/** `count` units; a count that is known when compiling leaves no branch. */
// @ts-ignore: decorator
@inline
function cellGradientPart(
  dh: usize, dOutput: usize, state: usize, saved: usize, dx: usize, g: usize, dBias: usize, gate: usize, count: i32,
): void {
  const one = f32x4.splat(1);
  const d = f32x4.add(v128.load(dh), loadPart(dOutput, count));
  const r = loadPart(saved, count), z = loadPart(saved + gate, count);
  const n = loadPart(saved + 2 * gate, count), q = loadPart(saved + 3 * gate, count);
  const keep = f32x4.sub(one, z);
  const dz = f32x4.mul(f32x4.mul(d, f32x4.sub(loadPart(state, count), n)), f32x4.mul(z, keep));
  const dn = f32x4.mul(f32x4.mul(d, keep), f32x4.sub(one, f32x4.mul(n, n)));
  const dr = f32x4.mul(f32x4.mul(dn, q), f32x4.mul(r, f32x4.sub(one, r)));
  const dq = f32x4.mul(dn, r);
  v128.store(dh, f32x4.mul(d, z));
  storePart(dx, dr, count);
  storePart(dx + gate, dz, count);
  storePart(dx + 2 * gate, dn, count);
  storePart(g, dr, count);
  storePart(g + gate, dz, count);
  storePart(g + 2 * gate, dq, count);
  storePart(dBias, f32x4.add(loadPart(dBias, count), dr), count);
  storePart(dBias + gate, f32x4.add(loadPart(dBias + gate, count), dz), count);
  storePart(dBias + 2 * gate, f32x4.add(loadPart(dBias + 2 * gate, count), dq), count);
}
