/** The standard library's path functions, from npm; to go back, map `@std/path` to `jsr:@std/path`. */
// @ts-types="./path.d.ts"
export * from "npm:deno-std@1.4.0/path/mod.js";
