/** The standard library's argument parser, from npm; to go back, map `@std/cli` to `jsr:@std/cli`. */
// @ts-types="./cli.d.ts"
export * from "npm:deno-std@1.4.0/cli/parse_args.js";
