/** The standard library's CSV reader and writer, from npm; to go back, map `@std/csv` to `jsr:@std/csv`. */
// @ts-types="./csv.d.ts"
export * from "npm:deno-std@1.4.0/csv/mod.js";
