/**
 * The two builds of the kernel pack: what a host must have, and the committed file.
 *
 * @module
 */
export const BUILDS = { relaxed: "pack.relaxed.wasm", simd: "pack.simd.wasm" } as const;

/** The name of a build. */
export type Build = keyof typeof BUILDS;
