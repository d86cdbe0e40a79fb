import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { avalanche, fnv1a } from "../../datasets/hash.ts";
import { splitOf } from "../../datasets/mod.ts";

Deno.test("fnv1a gives the published test vectors, and can be continued", () => {
  assertEquals([fnv1a(""), fnv1a("a"), fnv1a("foobar")], [0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  assertEquals(fnv1a("bar", fnv1a("foo")), fnv1a("foobar"));
});

Deno.test("avalanche is fmix32 of MurmurHash3", () => {
  assertEquals([avalanche(0), avalanche(1)], [0, 0x514e28b7]);
});

Deno.test("splitOf keeps words where they are, in every version", () => {
  const pinned = {
    attention: "train",
    data: "train",
    über: "train",
    neu: "dev",
    bothersome: "test",
    "lac's": "test",
  };
  for (const [word, split] of Object.entries(pinned)) assertEquals(splitOf(word), split, word);
});

Deno.test("splitOf doesn't see case", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z'.-]{1,17}$/), (word) => splitOf(word) === splitOf(word.toUpperCase())),
  );
});

Deno.test("splitOf gives 90, 5 and 5% of words that differ little", () => {
  const counts = { train: 0, dev: 0, test: 0 };
  for (let at = 0; at < 20011; at++) counts[splitOf(`word${at}`)]++;
  // Four standard deviations: 4 sqrt(20011 * 0.05 * 0.95) = 123.
  assertEquals(Math.abs(counts.dev - 1000) < 124 && Math.abs(counts.test - 1000) < 124, true, JSON.stringify(counts));
});
