/** The standard library's text distance, from npm; to go back, map `@std/text` to `jsr:@std/text`. */
// @ts-types="./text.d.ts"
export * from "npm:deno-std@1.4.0/text/mod.js";
