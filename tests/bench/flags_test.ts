import { assertEquals, assertThrows } from "@std/assert";
import { readFlags } from "./flags.ts";

const pair = [128, 64] as const;
const defaults = { rounds: 7, lengths: [256, 512], sizes: [pair], "no-stock": false };

Deno.test("flags are read as what their defaults are, in any order, and keep the defaults where they aren't given", () => {
  assertEquals(readFlags([], defaults), { json: false, ...defaults });
  assertEquals(readFlags(["--json"], defaults), { ...defaults, json: true });
  assertEquals(
    readFlags(["--sizes", "1x2,30x40", "--json", "--lengths=5", "--no-stock", "--rounds", "12"], defaults),
    { json: true, rounds: 12, lengths: [5], sizes: [[1, 2], [30, 40]], "no-stock": true },
  );
});

Deno.test("what is no flag, or no number, is refused in one line", () => {
  const refused = (...args: string[]) => assertThrows(() => readFlags(args, defaults), RangeError).message;
  assertEquals(
    refused("--rounds", "many"),
    "Cannot run the benchmark as --rounds must be made of whole numbers of at least 1: current value is many",
  );
  const every =
    "Cannot run the benchmark as every argument must be one of --json, --rounds, --lengths, --sizes, --no-stock";
  assertEquals(refused("--round", "3"), `${every}: current value is --round`);
  assertEquals(refused("128"), `${every}: current value is 128`);
  for (const args of [["--rounds"], ["--rounds", "0"], ["--rounds", "--json"], ["--lengths", "5,"], ["--sizes", "5"]]) {
    assertEquals(refused(...args).split("\n").length, 1);
  }
});
