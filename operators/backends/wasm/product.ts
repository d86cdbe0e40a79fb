/**
 * Matrix product C = act(op(A) op(B) + bias), float32, row-major, batched. op transposes or not.
 *
 * Blocked as in Goto and van de Geijn (2008), "Anatomy of high-performance matrix multiplication": a DEPTH x COLUMNS block
 * of B is packed once and stays in the second-level cache, ROWS x DEPTH blocks of A are packed in turn, and the
 * micro-kernels walk the panels of both. A plain B is read in place where it has too few rows of C to pay for packing.
 *
 * A sum over k longer than DEPTH is added up block by block in C. Products of non-finite values are not skipped: NaN and
 * infinity come out as IEEE 754 says.
 */
import { micro4x8, micro6x8 } from "./micro";
import { packAcross, packAlong, packRows, panelHeight } from "./panels";
import { loadPart, storePart } from "./parts";
import { combine, dots } from "./vector_product";

/** Rows of A in a block: 96 KiB with its length in k, which leaves room for a block of B in the second-level cache. */
const ROWS = 96;
/** Length of k in a block: a panel of B (8 KiB) and one of A (6 KiB) fit the first-level cache. */
const DEPTH = 256;
/** Columns of B in a block: 384 KiB, half of a common second-level cache. */
const COLUMNS = 384;
/** Fewer rows of C than this do not repay packing a plain B. */
const PACK_B_FROM = 24;

const A_BYTES: usize = ROWS * DEPTH * 4;
const B_BYTES: usize = COLUMNS * DEPTH * 4;
const TILE_BYTES: usize = 6 * 8 * 4;

/** Bytes of scratch that {@link product} needs, whatever the sizes; the address must be a multiple of 16. */
export function productScratch(): i32 {
  return <i32>(A_BYTES + B_BYTES + TILE_BYTES);
}

/**
 * @param a       op(A) is [m, k] for each batch; batches are `batchA` bytes apart (0 repeats one matrix)
 * @param b       op(B) is [k, n]; as above with `batchB`
 * @param c       [batches, m, n]
 * @param bias    [n], or 0 for none
 * @param activation 0 none, 1 relu, 2 relu6
 * @param scratch {@link productScratch} bytes
 */
export function product(
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  transposeA: i32,
  transposeB: i32,
  batches: i32,
  batchA: usize,
  batchB: usize,
  bias: usize,
  activation: i32,
  scratch: usize,
): void {
  const batchC = <usize>m * <usize>n * 4;
  for (let batch = 0; batch < batches; batch++) {
    if (k == 0) memory.fill(c, 0, batchC);
    else if (k == 1) for (let row: usize = 0; row < <usize>m; row++) combine(b, a + (row << 2), c + row * (<usize>n << 2), n, 1);
    else if (m == 1) {
      if (transposeB) dots(b, a, c, n, k);
      else combine(b, a, c, n, k);
    } else if (n == 1) {
      if (transposeA) combine(a, b, c, m, k);
      else dots(a, b, c, m, k);
    } else accumulate(a, b, c, m, n, k, transposeA, transposeB, 0, scratch);
    if (bias || activation) finish(c, m, n, bias, activation);
    a += batchA, b += batchB, c += batchC;
  }
}

/** One product of {@link product}'s arguments, which `add` (1) adds to what is in C. */
export function accumulate(
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  transposeA: i32,
  transposeB: i32,
  add: i32,
  scratch: usize,
): void {
  const panelsA = scratch, panelsB = scratch + A_BYTES, tile = panelsB + B_BYTES;
  const strideA = <usize>(transposeA ? m : k) << 2;
  const strideB = <usize>(transposeB ? k : n) << 2;
  const strideC = <usize>n << 2;
  const inPlace = !transposeB && m < PACK_B_FROM;
  for (let left = 0; left < n; left += COLUMNS) {
    const columns = min(COLUMNS, n - left);
    for (let from = 0; from < k; from += DEPTH) {
      const depth = min(DEPTH, k - from);
      const panelB = <usize>depth << 5;
      for (let column = 0; column < columns; column += 8) {
        const width = min(8, columns - column);
        if (inPlace && width == 8) continue;
        const to = panelsB + <usize>(column >> 3) * panelB;
        if (transposeB) packAcross(b + <usize>(left + column) * strideB + (<usize>from << 2), strideB, width, 8, depth, to);
        else packAlong(b + <usize>from * strideB + (<usize>(left + column) << 2), strideB, width, 8, depth, to);
      }
      for (let top = 0; top < m; top += ROWS) {
        const rows = min(ROWS, m - top);
        for (let row = 0; row < rows; row += panelHeight(rows - row)) {
          const line = <usize>(top + row), start = <usize>from;
          const at = transposeA ? a + start * strideA + (line << 2) : a + line * strideA + (start << 2);
          packRows(at, strideA, transposeA, rows - row, depth, panelsA + <usize>(row * depth) * 4);
        }
        for (let column = 0; column < columns; column += 8) {
          const width = min(8, columns - column);
          const direct = inPlace && width == 8;
          const right = direct
            ? b + <usize>from * strideB + (<usize>(left + column) << 2)
            : panelsB + <usize>(column >> 3) * panelB;
          const rightStride = direct ? strideB : 32;
          for (let row = 0; row < rows;) {
            const panel = panelsA + <usize>(row * depth) * 4;
            const size = panelHeight(rows - row), height = min(size, rows - row);
            const whole = height == size && width == 8;
            const out = c + <usize>(top + row) * strideC + (<usize>(left + column) << 2);
            const to = whole ? out : tile, stride = whole ? strideC : 32, adds = whole ? add | from : 0;
            if (size == 6) micro6x8(panel, right, rightStride, to, stride, depth, adds);
            else micro4x8(panel, right, rightStride, to, stride, depth, adds);
            if (!whole) copyTile(tile, out, strideC, height, width, add | from);
            row += size;
          }
        }
      }
    }
  }
}

function copyTile(tile: usize, c: usize, strideC: usize, height: i32, width: i32, add: i32): void {
  for (let row = 0; row < height; row++, tile += 32, c += strideC) {
    copyPart(tile, c, width, add);
    if (width > 4) copyPart(tile + 16, c + 16, width - 4, add);
  }
}

// @ts-ignore: decorator
@inline
function copyPart(from: usize, to: usize, count: i32, add: i32): void {
  const value = v128.load(from);
  storePart(to, add ? f32x4.add(value, loadPart(to, count)) : value, count);
}

/** Bias and activation. A comparison with NaN is false, so that NaN stays NaN. */
function finish(c: usize, m: i32, n: i32, bias: usize, activation: i32): void {
  for (let row = 0; row < m; row++) {
    let column = 0;
    for (; column + 4 <= n; column += 4, c += 16) {
      let value = v128.load(c);
      if (bias) value = f32x4.add(value, v128.load(bias + (<usize>column << 2)));
      if (activation) {
        value = f32x4.max(value, f32x4.splat(0));
        if (activation == 2) value = f32x4.min(value, f32x4.splat(6));
      }
      v128.store(c, value);
    }
    for (; column < n; column++, c += 4) {
      let value = load<f32>(c);
      if (bias) value += load<f32>(bias + (<usize>column << 2));
      if (activation) {
        value = max<f32>(value, 0);
        if (activation == 2) value = min<f32>(value, 6);
      }
      store<f32>(c, value);
    }
  }
}
