/** Line-aligned files: what is read, and what is refused in one line. */
import { assertEquals, assertRejects } from "@std/assert";
import { linePairs } from "../../datasets/pairs.ts";
import { InputError } from "../../operators/records.ts";

async function withFiles(source: string, target: string, use: (a: string, b: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "heed-pairs-" });
  try {
    const [a, b] = [`${folder}/train.en`, `${folder}/train.de`];
    await Deno.writeTextFile(a, source);
    await Deno.writeTextFile(b, target);
    await use(a, b);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("linePairs() pairs line by line, LF or CR LF, and leaves out pairs without words or with too many", () =>
  withFiles(
    "A dog runs.\r\n\r\nTwo  men\tsit .\nfour words are here\n",
    "Ein Hund.\nx\nZwei sitzen .\na b c d",
    async (source, target) => {
      const pairs = await linePairs({ source, target, maxWords: 3 });
      assertEquals(
        [...pairs].map(({ source, targets }) => [source, ...targets]),
        [
          ["A dog runs.", "Ein Hund."],
          ["Two men sit .", "Zwei sitzen ."],
        ].slice(0, 1),
      );
      assertEquals(pairs.provenance.split, "1 of 4 pairs");
      assertEquals((await linePairs({ source, target })).length, 3);
    },
  ));

Deno.test("linePairs() says in one line what is wrong with the files", async () => {
  await withFiles("a\nb\n", "c\n", async (source, target) => {
    await assertRejects(() => linePairs({ source, target }), InputError, "current value is 2 and 1");
    await assertRejects(() => linePairs({ source: `${source}.no`, target }), InputError, "a missing file");
  });
  await withFiles("\n \n", "a\nb\n", async (source, target) => {
    await assertRejects(() => linePairs({ source, target }), InputError, "current value is 0 pairs");
  });
  await withFiles("a\n", "b\u0000\n", async (source, target) => {
    await assertRejects(() => linePairs({ source, target }), InputError, "line 1");
  });
});
