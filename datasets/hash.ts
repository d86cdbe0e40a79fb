/**
 * A small hash of text that gives the same number on every machine and in every version: what splits and subsets are
 * decided by. Not for security, and not for checksums (see checksum.ts).
 *
 * Sources: FNV-1a, 32 bits (Fowler, Noll and Vo, RFC 9923); the finish is MurmurHash3's fmix32 (Appleby, 2011), because
 * FNV's high bits alone are uneven on short words.
 *
 * @module
 */

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * FNV-1a over UTF-16 code units (on ASCII: the standard one), without a finish, so that it can be continued.
 *
 * @param text What to add to the hash.
 * @param state Where to go on from; the hash of nothing by default.
 */
export function fnv1a(text: string, state = OFFSET_BASIS): number {
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), PRIME);
  return state >>> 0;
}

/** Spreads a hash over all 32 bits: every bit in changes about half of the bits out. One-to-one. */
export function avalanche(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
