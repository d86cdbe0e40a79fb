/** The language packs as pairs: what is in them, on which side of the split, and that their English is English. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { LANGUAGES, plainEnglish, translations } from "../../datasets/translations.ts";
import { splitOf } from "../../datasets/split.ts";
import { InputError } from "../../operators/records.ts";

Deno.test("translations() reads professional pairs, English rebuilt", async () => {
  const pairs = new Map([...await translations({ language: "de", split: "all" })].map((pair) => [pair.source, pair]));
  assertEquals(pairs.get("Unknown Error")?.targets, ["Unbekannter Fehler"]);
  assertEquals(pairs.get("Forward a Port")?.targets, ["Port weiterleiten"]);
  assert([...pairs.values()].some(({ source }) => source.includes("{0}")), "placeholders stay");
});

Deno.test("translations() has over 8,000 pairs a language, of 2 to 20 English words, no code, no letters left disguised", async () => {
  for (const language of LANGUAGES) {
    const pairs = [...await translations({ language, split: "all" })];
    assert(pairs.length > 8000, `${language}: ${pairs.length}`);
    assertEquals(new Set(pairs.map(({ id }) => id)).size, pairs.length);
    for (const { source, targets } of pairs) {
      const length = source.split(" ").length;
      assert(length >= 2 && length <= 20, source);
      assert(!/[æøïñëðÿµßþç§ÆØÏÑËÐÝÜÞÇ£`\n]/.test(source), source);
      assert(targets.length > 0 && targets.every((target) => target !== source && target !== ""), source);
    }
  }
});

Deno.test("translations() splits by the English string alone", async () => {
  const parts = await Promise.all(
    LANGUAGES.flatMap((language) =>
      (["train", "dev", "test"] as const).map(async (split) => {
        const pairs = [...await translations({ language, split })];
        assert(pairs.every(({ source }) => splitOf(source) === split));
        return pairs.length;
      })
    ),
  );
  const all = await Promise.all(LANGUAGES.map((language) => translations({ language, split: "all" })));
  assertEquals(parts.reduce((sum, size) => sum + size), all.reduce((sum, { length }) => sum + length, 0));
});

Deno.test("plainEnglish() inverts the disguise letter by letter", () => {
  assertEquals(plainEnglish("Mørë Æçtïøñs..."), "More Actions...");
  assertEquals(plainEnglish("Üsë Rëgµlær Ëxprëssïøñ"), "Use Regular Expression");
});

Deno.test("translations() refuses what it doesn't have", async () => {
  await assertRejects(() => translations({ language: "xx" as "de", split: "all" }), InputError, "one of de, fr, es");
  await assertRejects(() => translations({ language: "de", split: "some" as "all" }), InputError, "its split");
  await assertRejects(() => translations({ language: "de", split: "all", maxWords: 1 }), InputError, "maxWords");
});
