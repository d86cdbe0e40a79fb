/** Sentences by path: what is read, and one clear line for what can't be. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { crossValidation, sentences, treebank } from "../../datasets/mod.ts";
import { InputError } from "../../operators/records.ts";

async function withFiles(
  files: Record<string, string | Uint8Array>,
  use: (path: (name: string) => string) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeFile(
        `${folder}/${name}`,
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
    }
    await use((name) => `${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const both = (path: (name: string) => string) => [
  { label: "negative", path: path("neg") },
  { label: "positive", path: path("pos") },
];

Deno.test("sentences() reads a file a class, lower case, LF or CR LF, UTF-8 or Latin-1, and counts empty lines", () =>
  withFiles({
    neg: "A dull  film .\r\n\r\nNo\n",
    pos: Uint8Array.of(...new TextEncoder().encode("the "), 0xe9, 0x74, 0xe9, 10), // "été" in Latin-1
  }, async (path) => {
    const all = await sentences(both(path));
    assertEquals([...all].map(({ source, targets }) => [source.join(" "), targets[0][0]]), [
      ["a dull film .", "negative"],
      ["no", "negative"],
      ["the été", "positive"],
    ]);
    assertEquals(all.provenance.split, "all, 1 line without words passed over");
  }));

Deno.test("sentences() refuses what it can't use, naming line and byte", () =>
  withFiles({
    neg: "fine\n",
    pos: Uint8Array.of(0xc3, 0xa9, 10, 0x62, 0xff, 10),
    long: "a ".repeat(10_000),
    blank: " \n\n",
    empty: "",
  }, async (path) => {
    const refused = (files: { label: string; path: string }[], message: string) =>
      assertRejects(() => sentences(files), InputError, message);
    const neg = { label: "negative", path: path("neg") };
    await refused(
      both(path),
      "line 2, as sentences must be text in UTF-8 or Latin-1: current value is byte 0xFF, invalid as UTF-8 at byte 5",
    );
    await refused([neg], "at least 2 classes: current value is negative");
    await refused(
      [neg, { label: "positive", path: path("long") }],
      "line 1, as a sentence may have 1000 words at most: current value is 10000",
    );
    await refused(
      [neg, { label: "positive", path: path("blank") }],
      "must hold a sentence: current value is a file without words",
    );
    await refused([neg, { label: "positive", path: path("empty") }], "current value is an empty file");
    await refused([neg, { label: "positive", path: path("none") }], "current value is a missing file");
  }));

Deno.test("crossValidation() holds each sentence out once, class by class, the same on every call", () =>
  withFiles({ neg: "n\n".repeat(23), pos: "p\n".repeat(17) }, async (path) => {
    const all = await sentences(both(path));
    const held = Array.from({ length: 5 }, (_, fold) => crossValidation(all, 5, fold));
    const ids = held.flatMap(({ test }) => [...test].map(({ id }) => id));
    assertEquals(new Set(ids).size, 40);
    assertEquals(ids.length, 40);
    for (const { train, test } of held) {
      assertEquals(train.length + test.length, 40);
      assertEquals([...train].filter(({ id }) => [...test].some((other) => other.id === id)), []);
      const positive = [...test].filter(({ targets }) => targets[0][0] === "positive").length;
      assertEquals(positive >= 3 && positive <= 4, true);
    }
    assertEquals([...crossValidation(all, 5, 2).test], [...held[2].test]);
    assertThrows(() => crossValidation(all, 18, 0), InputError, "current value is 17 of class positive");
    assertThrows(() => crossValidation(all, 1, 0), InputError, "at least 2: current value is 1");
  }));

Deno.test("treebank() reads trees with their classes", () =>
  withFiles(
    { trees: "(3 (2 Not) (4 (3 really) (4 good)))\n(2 (2 so) (2 so))\n(0 (1 bad) (2 film))\n(4 yes)\n" },
    async (path) => {
      const [first, second, word] = await treebank(path("trees"), { classes: "binary" });
      assertEquals(first.source, ["not", "really", "good"]);
      assertEquals(first.targets, [["positive"]]);
      assertEquals(first.tree, {
        words: 3,
        left: Int32Array.of(1, 0),
        right: Int32Array.of(2, 3),
        labels: Int32Array.of(-1, 1, 1, 1, 1),
      });
      assertEquals([second.targets, second.tree!.labels], [[["negative"]], Int32Array.of(0, -1, 0)]);
      assertEquals([word.source, word.tree!.words, word.tree!.labels], [["yes"], 1, Int32Array.of(1)]);
      const fine = [...await treebank(path("trees"), { classes: "fine" })];
      assertEquals(fine.map(({ targets }) => targets[0][0]), ["3", "2", "0", "4"]);
    },
  ));

Deno.test("treebank() names line and column of a fault", async () => {
  const faults: [string, string][] = [
    ["(3 (2 a) (4 b)", "line 2, column 1, as brackets must be balanced: current value is 1 open at the line's end"],
    ["(3 (2 a) (4 b)))", "line 2, column 16, as a line must hold one tree"],
    [")", "line 2, column 1, as brackets must be balanced"],
    ["(3 (7 a) (4 b))", "line 2, column 5, as a node's class must be a whole number from 0 to 4: current value is 7"],
    ["(3 (x a) (4 b))", "line 2, column 5, as a node's class must be a whole number from 0 to 4: current value is x"],
    [
      "(3 (2 a) (2 b) (2 c))",
      "line 2, column 1, as a node must have a word or two children: current value is 3 children",
    ],
    [
      "(3 (2 a b) (2 c))",
      'line 2, column 9, as a node must have a word or two children: current value is one more word, "b"',
    ],
    ["(3 (2 a))", "line 2, column 1, as a node must have a word or two children: current value is 1 child"],
    [
      "(S (NP (DT The) (NN film)) (VP (VBZ ends)))",
      "line 2, column 2, as a node's class must be a whole number from 0 to 4: current value is S",
    ],
    [
      "( (S (NP film) (VP ends)))",
      "line 2, column 2, as a node's class must be a whole number from 0 to 4: current value is nothing",
    ],
    ["word", "line 2, column 1, as a tree must begin with a bracket"],
  ];
  for (const [line, message] of faults) {
    await withFiles({ trees: `(3 (2 a) (4 b))\n${line}\n` }, async (path) => {
      await assertRejects(() => treebank(path("trees"), { classes: "binary" }), InputError, message);
    });
  }
});
