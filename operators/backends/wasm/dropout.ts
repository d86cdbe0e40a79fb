/**
 * Factors of dropout: 0 with probability limit / 2^32, otherwise `kept`, from xoroshiro128+ (Blackman & Vigna 2021, with
 * their constants 24, 16 and 37). Draws are the low 32 bits of the sum, the same as without the pack.
 */

/**
 * @param out   float32 [count], written
 * @param state two words of 64 bits, read and written: where the generator stands
 * @param limit draws below it are dropped
 */
export function dropFactors(out: usize, count: i32, state: usize, limit: f64, kept: f32): void {
  let s0 = load<u64>(state), s1 = load<u64>(state, 8);
  for (let i = 0; i < count; i++, out += 4) {
    store<f32>(out, <f64>(<u32>(s0 + s1)) < limit ? <f32>0 : kept);
    const mixed = s0 ^ s1;
    s0 = rotl<u64>(s0, 24) ^ mixed ^ (mixed << 16);
    s1 = rotl<u64>(mixed, 37);
  }
  store<u64>(state, s0), store<u64>(state, s1, 8);
}
