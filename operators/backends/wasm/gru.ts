/**
 * A whole layer of gated recurrent units, forwards (the gradient is in gru_gradient.ts):
 *
 *     r = sigmoid(x_r + U_r h + c_r)      z = sigmoid(x_z + U_z h + c_z)
 *     q = U_n h + c_n                     n = tanh(x_n + r q)
 *     h' = n + z (h - n)                  where t < length; else h' = h, output 0
 *
 * x = W x_t + b comes for all steps from one product. Sequences don't wait for each other: blocks of ROWS sequences go
 * through all steps in turn, so that their state and gates stay in the cache, and U is packed once for all.
 *
 * For the way back r, z, n and q are saved, 4U values a step; states are the outputs.
 */
import { sigmoid4, tanh4 } from "./math";
import { micro4x8, micro6x8 } from "./micro";
import { packAlong, packRows, panelHeight } from "./panels";
import { loadPart, storePart } from "./parts";

/** Sequences in a block: a bit each in a word. */
export const ROWS = 32;
/** Fewer state vectors than this don't repay packing U. */
const PACK_FROM = 32;

// @ts-ignore: decorator
@inline
export function up8(count: i32): i32 {
  return (count + 7) & ~7;
}

/** Bytes of scratch that {@link gruForward} needs. */
export function gruForwardScratch(units: i32): i32 {
  return (up8(3 * units) * (units + ROWS) + ROWS * units) << 2;
}

/** Which sequences of a block have a position: bit i for sequence i. */
export function present(lengths: usize, rows: i32, position: i32): u32 {
  let bits: u32 = 0;
  for (let row = 0; row < rows; row++) bits |= u32(position < load<i32>(lengths + (<usize>row << 2))) << row;
  return bits;
}

/** Packs panels of rows that lie `stride` bytes apart; those without a bit in `bits` are skipped. */
export function packPresent(from: usize, stride: usize, rows: i32, depth: i32, bits: u32, to: usize): void {
  for (let row = 0; row < rows;) {
    const height = panelHeight(rows - row);
    if ((bits >>> row) & ((1 << height) - 1)) {
      packRows(from + <usize>row * stride, stride, 0, rows - row, depth, to + (<usize>(row * depth) << 2));
    }
    row += height;
  }
}

/** out[row, column] (+)= A B for panels that {@link packPresent} and a packing of B gave. */
export function tiles(
  panelsA: usize, panelsB: usize, strideB: usize, panelBytes: usize, rows: i32, columns: i32, depth: i32,
  out: usize, stride: usize, bits: u32, add: i32,
): void {
  for (let column = 0; column < columns; column += 8) {
    for (let row = 0; row < rows;) {
      const height = panelHeight(rows - row);
      if ((bits >>> row) & ((1 << height) - 1)) {
        const panel = panelsA + (<usize>(row * depth) << 2), to = out + <usize>row * stride + (<usize>column << 2);
        if (height == 6) micro6x8(panel, panelsB, strideB, to, stride, depth, add);
        else micro4x8(panel, panelsB, strideB, to, stride, depth, add);
      }
      row += height;
    }
    panelsB += panelBytes;
  }
}

/**
 * @param projected [batch, steps, 3 units], gates in the order r, z, n
 * @param recurrent U [units, 3 units]
 * @param bias      c [3 units]
 * @param initial   [batch, units]
 * @param lengths   int32 [batch]
 * @param outputs   [batch, steps, units], written
 * @param state     [batch, units], written: the final state
 * @param saved     [batch, steps, 4 units], written: r, z, n, q
 * @param reverse   1 reads from the last position to the first
 */
export function gruForward(
  projected: usize, recurrent: usize, bias: usize, initial: usize, lengths: usize, outputs: usize, state: usize,
  saved: usize, batch: i32, steps: i32, units: i32, reverse: i32, scratch: usize,
): void {
  const width = 3 * units, padded = up8(width);
  const row4 = <usize>units << 2, width4 = <usize>width << 2, stride = <usize>padded << 2;
  const product = scratch, panelsA = product + <usize>ROWS * stride, packed = panelsA + <usize>ROWS * row4;
  const inPlace = !(units & 7) && batch * steps < PACK_FROM;
  const panelsB = inPlace ? recurrent : packed;
  const strideB = inPlace ? width4 : 32, panelBytes = inPlace ? 32 : row4 << 3;
  if (!inPlace) {
    for (let column = 0; column < width; column += 8) {
      packAlong(recurrent + (<usize>column << 2), width4, min(8, width - column), 8, units, packed + <usize>column * row4);
    }
  }
  memory.copy(state, initial, <usize>batch * row4);
  for (let top = 0; top < batch; top += ROWS) {
    const rows = min(ROWS, batch - top);
    for (let step = 0; step < steps; step++) {
      const position = reverse ? steps - 1 - step : step;
      const bits = present(lengths + (<usize>top << 2), rows, position);
      packPresent(state + <usize>top * row4, row4, rows, units, bits, panelsA);
      tiles(panelsA, panelsB, strideB, panelBytes, rows, padded, units, product, stride, bits, 0);
      for (let row = 0; row < rows; row++) {
        const at = <usize>((top + row) * steps + position);
        if ((bits >>> row) & 1) {
          cell(
            projected + at * width4, product + <usize>row * stride, bias, state + <usize>(top + row) * row4,
            outputs + at * row4, saved + (at * row4 << 2), units,
          );
        } else {
          memory.fill(outputs + at * row4, 0, row4);
          memory.fill(saved + (at * row4 << 2), 0, row4 << 2);
        }
      }
    }
  }
}

function cell(x: usize, product: usize, bias: usize, state: usize, output: usize, saved: usize, units: i32): void {
  const gate = <usize>units << 2, whole = <usize>(units & ~3) << 2;
  for (let at: usize = 0; at < whole; at += 16) {
    cellPart(x + at, product + at, bias + at, state + at, output + at, saved + at, gate, 4);
  }
  if (whole < gate) {
    cellPart(x + whole, product + whole, bias + whole, state + whole, output + whole, saved + whole, gate, units & 3);
  }
}

/** `count` units; a count that is known when compiling leaves no branch. */
// @ts-ignore: decorator
@inline
function cellPart(
  x: usize, product: usize, bias: usize, state: usize, output: usize, saved: usize, gate: usize, count: i32,
): void {
  const r = sigmoid4(f32x4.add(loadPart(x, count), f32x4.add(loadPart(product, count), loadPart(bias, count))));
  const z = sigmoid4(
    f32x4.add(loadPart(x + gate, count), f32x4.add(loadPart(product + gate, count), loadPart(bias + gate, count))),
  );
  const q = f32x4.add(loadPart(product + 2 * gate, count), loadPart(bias + 2 * gate, count));
  const n = tanh4(f32x4.add(loadPart(x + 2 * gate, count), f32x4.mul(r, q)));
  const h = f32x4.add(n, f32x4.mul(z, f32x4.sub(loadPart(state, count), n)));
  storePart(state, h, count);
  storePart(output, h, count);
  storePart(saved, r, count);
  storePart(saved + gate, z, count);
  storePart(saved + 2 * gate, n, count);
  storePart(saved + 3 * gate, q, count);
}
