import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { splitOf } from "../../datasets/mod.ts";
import { InputError } from "../../operators/records.ts";
import { eachPronunciation, readSets, shownWords } from "../../pipelines/pronunciation.ts";

const none = { train: "", test: "", words: 0, devWords: 0, testWords: 0 };

/** Runs `f` with dictionary files in a folder of their own. */
async function withFiles(files: Record<string, string>, f: (path: (name: string) => string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder, name), text);
    await f((name) => join(folder, name));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const words = Array.from(
  { length: 300 },
  (_, index) => `w${"abcdefghij"[index % 10]}${index.toString(36)}x`.replace(/\d/g, "q"),
);
const distinct = [...new Set(words)];
const lines = (list: readonly string[]) => list.map((word) => `${word.toUpperCase()}  W AH${"1"} K`).join("\n") + "\n";

Deno.test("readSets() reads CMUdict by default: whole, disjoint, and limited on request", async () => {
  const sets = await readSets({ ...none, words: 50, devWords: 20, testWords: 30 });
  assertEquals([sets.train.length, sets.dev.length, sets.test.length], [50, 20, 30]);
  const ids = [sets.train, sets.dev, sets.test].flatMap((set) => [...set].map(({ id }) => id));
  assertEquals(new Set(ids).size, 100);
});

Deno.test("readSets() learns from a file's words but those it scores on, and keeps some of them for dev", async () => {
  await withFiles(
    { "train.dict": lines(distinct), "test.dict": lines([...distinct.slice(0, 10), "unseen"]) },
    async (path) => {
      const sets = await readSets({ ...none, train: path("train.dict"), test: path("test.dict") });
      assertEquals(sets.test.length, 11);
      const test = new Set([...sets.test].map(({ id }) => id));
      for (const set of [sets.train, sets.dev]) {
        for (const { id } of set) assertEquals(test.has(id) && set === sets.train, false, `${id} is learnt and scored`);
      }
      for (const { id } of sets.dev) assertEquals(splitOf(id), "dev");
      assertEquals(sets.train.length, distinct.filter((id) => !test.has(id) && splitOf(id) !== "dev").length);
    },
  );
});

Deno.test("readSets() splits a file by the word when it has no other file to score on", async () => {
  await withFiles({ "all.dict": lines(distinct) }, async (path) => {
    const sets = await readSets({ ...none, train: path("all.dict") });
    for (const part of ["train", "dev", "test"] as const) {
      assertEquals([...sets[part]].map(({ id }) => id), distinct.filter((id) => splitOf(id) === part));
    }
  });
});

Deno.test("readSets() shares out a file too small for the usual split, the same way every time", async () => {
  const train = distinct.filter((word) => splitOf(word) === "train");
  for (const [count, sizes] of [[3, [1, 1, 1]], [7, [5, 1, 1]], [11, [7, 2, 2]]] as const) {
    await withFiles({ "few.dict": lines(train.slice(0, count)) }, async (path) => {
      const read = async () => {
        const { train, dev, test } = await readSets({ ...none, train: path("few.dict") });
        return [train, dev, test].map((set) => [...set].map(({ id }) => id));
      };
      const parts = await read();
      assertEquals(parts.map((part) => part.length), [...sizes]);
      assertEquals(new Set(parts.flat()).size, count);
      assertEquals(await read(), parts);
    });
  }
});

Deno.test("readSets() says in one line how many words a file needs", async () => {
  const train = distinct.filter((word) => splitOf(word) === "train").slice(0, 2);
  await withFiles({ "few.dict": lines(train) }, async (path) => {
    const { message } = await assertRejects(() => readSets({ ...none, train: path("few.dict") }), InputError);
    assertStringIncludes(message, "at least 3 words (for train, dev and test): current value is 2");
    assert(!message.includes("\n"));
  });
});

Deno.test("eachPronunciation() makes one example of every variant", () => {
  const word = { id: "data", source: [..."data"], targets: [["D", "EY"], ["D", "AE"]] };
  assertEquals(eachPronunciation([word]).map(({ targets }) => targets), [[["D", "EY"]], [["D", "AE"]]]);
});

Deno.test("shownWords() are the same dozen every time, of readable length", async () => {
  const { test } = await readSets({ ...none, words: 10, devWords: 10, testWords: 200 });
  const shown = shownWords(test);
  assertEquals(shown.length, 12);
  assertEquals(shownWords(test), shown);
  for (const { source } of shown) assert(source.length >= 5 && source.length <= 9);
});
