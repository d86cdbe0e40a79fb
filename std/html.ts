/** The standard library's HTML escaping, from npm; to go back, map `@std/html` to `jsr:@std/html`. */
// @ts-types="./html.d.ts"
export * from "npm:deno-std@1.4.0/html/mod.js";
