/** Word vectors from text files, and one clear line for what can't be used. */
import { assertEquals, assertRejects } from "@std/assert";
import { wordVectors } from "../../datasets/mod.ts";
import { InputError } from "../../operators/records.ts";

async function read(text: string, width = 2) {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    return await wordVectors({ path, width, wanted: new Set(["good", "film", "3"]) });
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("wordVectors() reads GloVe's and word2vec's text, wanted words alone", async () => {
  const expected = new Map([["good", Float32Array.of(0.5, -1)], ["film", Float32Array.of(1e-2, 2)]]);
  assertEquals(await read("good 0.5 -1\nthe 1 1\nfilm 1e-2 2\n"), expected);
  assertEquals(await read("3 2\ngood 0.5 -1 \nthe 1 1\nfilm 1e-2 2\n"), expected);
});

Deno.test("wordVectors() names the line of a fault", async () => {
  await assertRejects(
    () => read("good 0.5 -1\nfilm 1\n"),
    InputError,
    "line 2, as a line must hold a word and 2 numbers (--set width=2): current value is 1 numbers",
  );
  await assertRejects(
    () => read("good 0.5 NaN\n"),
    InputError,
    "line 1, as numbers must be finite: current value is NaN",
  );
  await assertRejects(
    () => wordVectors({ width: 50, wanted: new Set() }),
    InputError,
    "width must be 100: current value is 50",
  );
});
