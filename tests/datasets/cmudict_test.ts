import { assertEquals, assertRejects } from "@std/assert";
import { dictionary } from "cmu-pronouncing-dictionary";
import { fromEntries } from "../../datasets/cmudict.ts";
import { cmudict, splitOf } from "../../datasets/mod.ts";
import { type Example, InputError } from "../../operators/records.ts";

const plain = await cmudict({ split: "all" });
const stressed = await cmudict({ split: "all", stress: true });
const byId = (dataset: Iterable<Example>) => new Map(Array.from(dataset, (example) => [example.id, example]));
const words = byId(plain);
const stressedWords = byId(stressed);
const symbolsOf = (sequences: Iterable<readonly string[]>) => new Set([...sequences].flat());
const spoken = (example?: Example) => example?.targets.map((target) => target.join(" "));

Deno.test("cmudict has 126,046 words and 135,155 pronunciations, none lost and none twice", () => {
  assertEquals([plain.length, words.size, stressed.length, stressedWords.size], Array(4).fill(126046));
  const pronunciations = (dataset: Iterable<Example>) =>
    Array.from(dataset).reduce((sum, { targets }) => sum + targets.length, 0);
  assertEquals(pronunciations(stressed), 126046 + 9109);
  // Without stress 303 variants coincide with another of the same word.
  assertEquals(pronunciations(plain), 135155 - 303);
  for (const { id, targets } of plain) {
    assertEquals(new Set(targets.map((target) => target.join(" "))).size, targets.length, id);
  }
});

Deno.test("cmudict has 29 letters, 39 phonemes without stress, 69 with it", () => {
  const letters = symbolsOf(Array.from(plain, ({ source }) => source));
  assertEquals([...letters].toSorted().join(""), "'-.abcdefghijklmnopqrstuvwxyz");
  const phonemes = symbolsOf(Array.from(plain).flatMap(({ targets }) => targets));
  assertEquals(
    [...phonemes].toSorted().join(" "),
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH",
  );
  assertEquals(phonemes.size, 39);
  assertEquals(symbolsOf(Array.from(stressed).flatMap(({ targets }) => targets)).size, 69);
});

Deno.test("cmudict merges variants, the dictionary's first first", () => {
  assertEquals(spoken(words.get("data")), ["D EY T AH", "D AE T AH"]);
  assertEquals(spoken(stressedWords.get("data")), ["D EY1 T AH0", "D AE1 T AH0"]);
  assertEquals(words.get("data")?.source, ["d", "a", "t", "a"]);
  assertEquals([...words.keys()].filter((word) => word.includes("(")), []);
});

Deno.test("cmudict cuts comments", () => {
  assertEquals(spoken(words.get("aalborg")), ["AO L B AO R G", "AA L B AO R G"]);
  assertEquals(spoken(words.get("gdp")), ["G IY D IY P IY"]);
  assertEquals(Object.values(dictionary).filter((value) => value.includes("#")).length, 22);
});

Deno.test("cmudict keeps words of one letter, and the longest", () => {
  assertEquals(spoken(words.get("a")), ["AH", "EY"]);
  assertEquals(Math.max(...Array.from(plain, ({ source }) => source.length)), 28);
  assertEquals(Math.min(...Array.from(plain, ({ targets }) => Math.min(...targets.map((t) => t.length)))), 1);
});

Deno.test("cmudict: train, dev and test are disjoint, whole, and of pinned sizes", async () => {
  const seen = new Set<string>();
  for (const [split, size] of [["train", 113478], ["dev", 6337], ["test", 6231]] as const) {
    const part = await cmudict({ split });
    assertEquals(part.length, size);
    assertEquals(part.provenance.split, split);
    for (const example of part) {
      seen.add(example.id);
      if (splitOf(example.id) !== split) throw new Error(`${example.id} is in ${split}`);
      if (example.targets.length !== words.get(example.id)!.targets.length) throw new Error(`${example.id} is divided`);
    }
  }
  assertEquals(seen.size, 126046);
});

Deno.test("cmudict: size takes the beginning of the split", async () => {
  const [seven, all] = await Promise.all([cmudict({ split: "dev", size: 7 }), cmudict({ split: "dev" })]);
  assertEquals([...seven], [...all].slice(0, 7));
  assertEquals(Array.from(seven, ({ id }) => id).slice(0, 3), ["neu", "colletti", "kenyen"]);
  assertEquals(seven.provenance.split, "dev, 7 of 6337, seed 0");
});

Deno.test("cmudict doesn't come in the alphabet's order", () => {
  const first = symbolsOf(Array.from(plain).slice(0, 211).map(({ source }) => source.slice(0, 1)));
  assertEquals(first.size > 15, true);
});

Deno.test("cmudict refuses data that are not the published ones", async () => {
  const entries = Object.entries(dictionary);
  const changed = entries.with(4099, [entries[4099][0], "AH0"]);
  for (const wrong of [changed, entries.slice(1), []]) {
    const error = await assertRejects(() => fromEntries(wrong, { split: "all" }), InputError);
    assertEquals(
      error.message.replace(/[0-9a-f]{64}$/, "…"),
      "Cannot use CMU Pronouncing Dictionary (npm: cmu-pronouncing-dictionary 3.0.0) as its SHA-256 must be " +
        "36147c09d486eadb41a3c662c1986642e3a0ae7d572fdb1d9da09148767d7a57: current value is …",
    );
  }
});

Deno.test("cmudict refuses splits and sizes that aren't there", async () => {
  const error = await assertRejects(() => cmudict({ split: "valid" as "dev" }), InputError);
  assertEquals(
    error.message,
    "Cannot read CMU Pronouncing Dictionary (npm: cmu-pronouncing-dictionary 3.0.0) as its split must be train, dev, " +
      'test or all: current value is "valid"',
  );
  const sizeError = await assertRejects(() => cmudict({ split: "dev", size: 6338 }), InputError);
  assertEquals(sizeError.message.endsWith("from 1 to 6337: current value is 6338"), true, sizeError.message);
});
