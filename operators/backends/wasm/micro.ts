/**
 * The micro-kernels: a 6x8 or 4x8 tile of the product held in registers.
 *
 *     C[0..6, 0..8] (+)= sum over k of A[k][0..6] B[k][0..8]
 *
 * Each k takes one vector x of four values of A and two of B, and multiplies x turned by r = 0..3 places with both. So sum r
 * of the left half holds, in lane l, C[(l + r) mod 4][l]: diagonals, put right once at the end (8 shuffles a half). Rows 4
 * and 5 come as one vector that holds both twice, which is turned once.
 *
 * Why not the usual broadcasts from memory: V8 checks the bounds of every load where the host gives it no guard pages (Deno
 * does not), so that a broadcast costs three instructions. Here 12 multiply-adds need 4 loads and 4 turns in registers. The
 * 12 sums, x and two vectors of B are the 15 registers that V8 has: a 6x8 tile keeps both multiply-add units busy while a
 * sum waits 4 cycles for its last value, which the 8 sums of 4x8 only just can (measured: 96% of the peak against 88%).
 * 4x8 is for what rows are left over. The loops are not unrolled by hand: V8 does it, and orders four unrolled steps so that
 * it spills. They count by the address of A, which spares an instruction.
 *
 * Layout: van Zee and van de Geijn (2015), "BLIS", section 3.
 */
import { madd } from "./simd";

/**
 * @param a   packed panel of A: 4 values for each k
 * @param b   panel of B: 8 values for each k, `strideB` bytes apart
 * @param c   address of the tile's first value; rows are `strideC` bytes apart
 * @param depth how many k, at least 1
 * @param add 0 to overwrite C, otherwise to add to it
 */
export function micro4x8(a: usize, b: usize, strideB: usize, c: usize, strideC: usize, depth: i32, add: i32): void {
  let l0 = f32x4.splat(0), l1 = f32x4.splat(0), l2 = f32x4.splat(0), l3 = f32x4.splat(0);
  let r0 = f32x4.splat(0), r1 = f32x4.splat(0), r2 = f32x4.splat(0), r3 = f32x4.splat(0);
  const end = a + (<usize>depth << 4);
  do {
    let x = v128.load(a), b0 = v128.load(b), b1 = v128.load(b, 16);
    l0 = madd(x, b0, l0), r0 = madd(x, b1, r0);
    x = v128.shuffle<f32>(x, x, 1, 2, 3, 0);
    l1 = madd(x, b0, l1), r1 = madd(x, b1, r1);
    x = v128.shuffle<f32>(x, x, 1, 2, 3, 0);
    l2 = madd(x, b0, l2), r2 = madd(x, b1, r2);
    x = v128.shuffle<f32>(x, x, 1, 2, 3, 0);
    l3 = madd(x, b0, l3), r3 = madd(x, b1, r3);
    b += strideB;
    a += 16;
  } while (a < end);
  write(c, strideC, l0, l1, l2, l3, add);
  write(c + 16, strideC, r0, r1, r2, r3, add);
}

/** {@link micro4x8} for six rows: a panel of A holds 6 values for each k. */
export function micro6x8(a: usize, b: usize, strideB: usize, c: usize, strideC: usize, depth: i32, add: i32): void {
  let l0 = f32x4.splat(0), l1 = f32x4.splat(0), l2 = f32x4.splat(0), l3 = f32x4.splat(0);
  let r0 = f32x4.splat(0), r1 = f32x4.splat(0), r2 = f32x4.splat(0), r3 = f32x4.splat(0);
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), t0 = f32x4.splat(0), t1 = f32x4.splat(0);
  const end = a + <usize>depth * 24;
  do {
    let x = v128.load(a), b0 = v128.load(b), b1 = v128.load(b, 16);
    l0 = madd(x, b0, l0), r0 = madd(x, b1, r0);
    x = v128.shuffle<f32>(x, x, 1, 2, 3, 0);
    l1 = madd(x, b0, l1), r1 = madd(x, b1, r1);
    x = v128.shuffle<f32>(x, x, 1, 2, 3, 0);
    l2 = madd(x, b0, l2), r2 = madd(x, b1, r2);
    x = v128.shuffle<f32>(x, x, 1, 2, 3, 0);
    l3 = madd(x, b0, l3), r3 = madd(x, b1, r3);
    x = v128.load64_splat(a, 16);
    s0 = madd(x, b0, s0), s1 = madd(x, b1, s1);
    x = v128.shuffle<f32>(x, x, 1, 0, 3, 2);
    t0 = madd(x, b0, t0), t1 = madd(x, b1, t1);
    b += strideB;
    a += 24;
  } while (a < end);
  write(c, strideC, l0, l1, l2, l3, add);
  write(c + 16, strideC, r0, r1, r2, r3, add);
  c += strideC << 2;
  put(c, v128.shuffle<f32>(s0, t0, 0, 5, 2, 7), add), put(c + 16, v128.shuffle<f32>(s1, t1, 0, 5, 2, 7), add);
  c += strideC;
  put(c, v128.shuffle<f32>(t0, s0, 0, 5, 2, 7), add), put(c + 16, v128.shuffle<f32>(t1, s1, 0, 5, 2, 7), add);
}

/** Puts four diagonals into rows: row i has, in lane l, lane l of diagonal (i - l) mod 4. */
// @ts-ignore: decorator
@inline
function write(c: usize, stride: usize, d0: v128, d1: v128, d2: v128, d3: v128, add: i32): void {
  const p0 = v128.shuffle<f32>(d0, d2, 0, 1, 6, 7), p2 = v128.shuffle<f32>(d2, d0, 0, 1, 6, 7);
  const p1 = v128.shuffle<f32>(d1, d3, 0, 1, 6, 7), p3 = v128.shuffle<f32>(d3, d1, 0, 1, 6, 7);
  put(c, v128.shuffle<f32>(p0, p3, 0, 5, 2, 7), add), c += stride;
  put(c, v128.shuffle<f32>(p1, p0, 0, 5, 2, 7), add), c += stride;
  put(c, v128.shuffle<f32>(p2, p1, 0, 5, 2, 7), add), c += stride;
  put(c, v128.shuffle<f32>(p3, p2, 0, 5, 2, 7), add);
}

// @ts-ignore: decorator
@inline
function put(c: usize, value: v128, add: i32): void {
  v128.store(c, add ? f32x4.add(value, v128.load(c)) : value);
}
