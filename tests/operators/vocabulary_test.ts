/** Vocabularies: what is known, and what a limit leaves out. */
import { assertEquals } from "@std/assert";
import { SPECIAL, vocabularies, vocabulary } from "../../operators/vocabulary.ts";

const examples = [
  { id: "1", source: ["b", "a", "b"], targets: [["x", "y"], ["y"]] },
  { id: "2", source: ["c", "b", "a"], targets: [["z"]] },
];

Deno.test("vocabularies() knows every symbol, sorted, after the special ones", () => {
  const { source, target } = vocabularies(examples);
  assertEquals(source.symbols.slice(4), ["a", "b", "c"]);
  assertEquals(target.symbols.slice(4), ["x", "y", "z"]);
});

Deno.test("vocabularies() keeps the commonest symbols up to a limit, and of equals the first by code unit", () => {
  const { source, target } = vocabularies(examples, 2);
  assertEquals(source.symbols.slice(4), ["a", "b"]);
  assertEquals(target.symbols.slice(4), ["x", "y"]);
  assertEquals([...source.encode(["c", "a"])], [SPECIAL.unknown, 4]);
});

Deno.test("vocabulary() encodes and decodes", () => {
  const known = vocabulary(["b", "a", "a"]);
  assertEquals(known.size, 6);
  assertEquals(known.decode(known.encode(["a", "?", "b"])), ["a", "<unknown>", "b"]);
});
