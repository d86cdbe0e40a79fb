/**
 * The micro-kernel: a 4x8 tile of the product held in registers.
 *
 *     C[0..4, 0..8] (+)= sum over k of A[k][0..4] B[k][0..8]
 *
 * Each k takes one vector of A, x, and two of B, and multiplies x turned by r = 0..3 places with both. So sum r of the left
 * half holds, in lane l, C[(l + r) mod 4][l]: diagonals, put right once at the end (8 shuffles a half).
 *
 * Why not the usual 6x8 with broadcasts from memory: V8 checks the bounds of every load where the host gives it no guard
 * pages (Deno does not), so that a broadcast costs three instructions. Here 8 multiply-adds need 3 loads and 3 turns in
 * registers; measured, 1.3 to 1.5 times faster than 6x8 with broadcasts, and as fast as 6x8 with turns, which needs every
 * register there is. The loop is not unrolled by hand: V8 does it, and orders four unrolled steps so that it spills. It
 * counts by the address of A, which spares one instruction in 22.
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
