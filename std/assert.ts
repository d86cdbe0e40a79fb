/** The standard library's assertions, from npm because JSR is not everywhere; to go back, map `@std/assert` to `jsr:@std/assert`. */
// @ts-types="./assert.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
