import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { dictionaryFile, type DictionaryFileOptions } from "../../datasets/mod.ts";
import { InputError } from "../../operators/records.ts";

const folder = await Deno.makeTempDir();
const path = `${folder}/words.dict`;
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

async function read(content: string | Uint8Array, options?: DictionaryFileOptions) {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(path, bytes);
  return await dictionaryFile(path, options);
}

async function entries(content: string | Uint8Array, options?: DictionaryFileOptions) {
  return Array.from(await read(content, options), ({ id, targets }) => [id, ...targets.map((t) => t.join(" "))]);
}

/** The message of the one line that reading fails with; FILE stands for the file's quoted path. */
async function refusal(reading: Promise<unknown>, file = path): Promise<string> {
  const { message } = await assertRejects(() => reading, InputError);
  assertEquals(message.includes("\n"), false);
  return message.replace(JSON.stringify(file), "FILE");
}

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

Deno.test("dictionaryFile reads CMUdict's own format, in all its forms", async () => {
  const lf = [
    ";;; # CMUdict  --  Major Version: 0.07",
    "# and a comment of cmudict.dict's kind",
    "#",
    "",
    "   \t",
    "DATA  D EY1 T AH0",
    "DATA(2)  D AE1 T AH0",
    "data(3)\tD\t\tAA1  T AH0   ",
    "a AH0",
    "aalborg AO1 L B AO0 R G # place, danish",
    "A  ey1",
    "Constructor  K AH0 N",
    "#HASH-MARK  HH AE1 M",
    "(PAREN  P ER0 EH1 N",
    ";SEMI-COLON  S EH1 M",
    "__proto__  P R OW1",
  ];
  const expected = [
    ["data", "D EY T AH", "D AE T AH", "D AA T AH"],
    ["a", "AH", "EY"],
    ["aalborg", "AO L B AO R G"],
    ["constructor", "K AH N"],
    ["#hash-mark", "HH AE M"],
    ["(paren", "P ER EH N"],
    [";semi-colon", "S EH M"],
    ["__proto__", "P R OW"],
  ];
  for (const start of ["", "\uFEFF"]) {
    for (const end of ["\n", "\r\n"]) {
      assertEquals(await entries(start + lf.join(end) + end), expected);
      assertEquals(await entries(start + lf.join(end)), expected);
    }
  }
});

Deno.test("dictionaryFile: what differs in stress alone is one pronunciation, unless stress is kept", async () => {
  const content = "BE  B IY0\nBE(2)  B IY1\n";
  assertEquals(await entries(content), [["be", "B IY"]]);
  assertEquals(await entries(content, { stress: true }), [["be", "B IY0", "B IY1"]]);
});

Deno.test("dictionaryFile: variants come first, alone or far away", async () => {
  assertEquals(await entries("A(2)  EY\nB  B IY\nA  AH\n"), [["a", "EY", "AH"], ["b", "B IY"]]);
});

Deno.test("dictionaryFile reads letters beyond ASCII, in UTF-8 and in Latin-1", async () => {
  const line = "DÉJÀ  D EY1 ZH AA2\n";
  assertEquals(await entries(line), [["déjà", "D EY ZH AA"]]);
  assertEquals(await entries(latin1(line)), [["déjà", "D EY ZH AA"]]);
  assertEquals(await entries(line.normalize("NFD")), [["déjà", "D EY ZH AA"]]);
  const [gothic] = await read("𐌰B  AH0\n");
  assertEquals(gothic.source, ["𐌰", "b"]);
});

Deno.test("dictionaryFile says where its data are from, without the folder", async () => {
  assertEquals((await read("A  AH\n")).provenance, {
    name: "words.dict (a dictionary in CMUdict's format)",
    split: "words.dict",
    licence: "as its owner states; the file's format names none",
    citation: "words.dict, read from a file",
    checksum: "35dbaa18698f07e80fc61bfc9be85e251d3c592593a6b6453539fd154a57f5f1",
  });
});

Deno.test("dictionaryFile refuses what is no file", async () => {
  assertEquals(
    await refusal(dictionaryFile(`${folder}/none.dict`), `${folder}/none.dict`),
    "Cannot read FILE as a dictionary must be a file: current value is a missing file",
  );
  assertEquals(
    await refusal(dictionaryFile(""), ""),
    "Cannot read FILE as a dictionary must be a file: current value is an empty path",
  );
  assertEquals(
    await refusal(dictionaryFile(folder), folder),
    "Cannot read FILE as a dictionary must be a file: current value is a directory",
  );
  await Deno.writeTextFile(`${folder}/sparse.dict`, "A  AH\n");
  await Deno.truncate(`${folder}/sparse.dict`, 2 ** 28 + 1);
  assertEquals(
    await refusal(dictionaryFile(`${folder}/sparse.dict`), `${folder}/sparse.dict`),
    "Cannot read FILE as a dictionary may have 268435456 bytes at most: current value is 268435457 bytes",
  );
});

const long = "a".repeat(5000);
const TEXT = "a dictionary must be text in UTF-8 or Latin-1";
const PHONEME = "a phoneme must be letters and at most one stress digit 0, 1 or 2";
const PHONEMES = "a word must have phonemes (WORD  PH ON EM ES)";
const refused: Record<string, [content: string | Uint8Array, message: string]> = {
  "an empty file": ["", " as a dictionary must have a line WORD  PH ON EM ES: current value is an empty file"],
  "comments alone": [
    ";;; nothing\n\n",
    " as a dictionary must have a line WORD  PH ON EM ES: current value is a file without any",
  ],
  "a mark alone": [
    "\uFEFF",
    " as a dictionary must have a line WORD  PH ON EM ES: current value is a file without any",
  ],
  "a zero byte": ["A  AH\nB\0  B\n", `, line 2, as ${TEXT}: current value is byte 0x00 at byte 8 of the file`],
  "a compressed file": [
    latin1("\x1f\x8b\x08\x00"),
    `, line 1, as ${TEXT}: current value is byte 0x1F at byte 1 of the file`,
  ],
  "a lone CR": ["A  AH\rB  B\n", `, line 1, as ${TEXT}: current value is byte 0x0D at byte 6 of the file`],
  "UTF-16": [latin1("\xff\xfeA\0"), `, line 1, as ${TEXT}: current value is UTF-16 at byte 1 of the file`],
  "neither UTF-8 nor Latin-1": [
    latin1("A  AH\nB\x85  B\n"),
    `, line 2, as ${TEXT}: current value is byte 0x85 at byte 8 of the file`,
  ],
  "damaged UTF-8": [
    latin1("\xc3\xa9  EY\nA  AH\nB\xc3  B\n"),
    `, line 3, as ${TEXT}: current value is byte 0xC3, invalid as UTF-8 at byte 15 of the file`,
  ],
  "one column": ["A  AH\nHELLO\nB  B\n", `, line 2, as ${PHONEMES}: current value is "HELLO" alone`],
  "a comment for phonemes": ["A # ah\n", `, line 1, as ${PHONEMES}: current value is "A" alone`],
  "a truncated file": [
    "A  AH\r\nHELLO(2)  ",
    `, line 2, as ${PHONEMES}: current value is "HELLO(2)" alone at the file's end, which seems truncated`,
  ],
  "an empty word": ["A  AH\n  B IY\n", ', line 2, as a line must begin with a word: current value is "  B IY"'],
  "an empty word's variant": [
    "(2)  B IY\n",
    ', line 1, as a line must begin with a word: current value is "(2)  B IY"',
  ],
  "a blank in a word": [
    "A\u00a0B  AH\n",
    ', line 1, as a word must be of visible characters: current value is "a\u00a0b"',
  ],
  "a phoneme with two digits": ["A  AH12\n", `, line 1, as ${PHONEME}: current value is "AH12" for "a"`],
  "a stress that isn't": ["A  AH3\n", `, line 1, as ${PHONEME}: current value is "AH3" for "a"`],
  "a phoneme of a digit": ["A  AH 1\n", `, line 1, as ${PHONEME}: current value is "1" for "a"`],
  "a sentence at the end": ["Hello there, world.", `, line 1, as ${PHONEME}: current value is "there," for "hello"`],
  "5,000 letters": [
    `A  AH\n${long}  AH\n`,
    `, line 2, as a word may have 64 letters at most (maxLength): current value is 5000 in "${"a".repeat(40)}…"`,
  ],
  "5,000 phonemes": [
    `A ${" AH".repeat(5000)}\n`,
    ', line 1, as a word may have 64 phonemes at most (maxLength): current value is 5000 for "a"',
  ],
};
for (const [name, [content, message]] of Object.entries(refused)) {
  Deno.test(`dictionaryFile refuses ${name}`, async () => {
    assertEquals(await refusal(read(content)), `Cannot read FILE${message}`);
  });
}

Deno.test("dictionaryFile: maxLength is the last length that is accepted, in code points", async () => {
  assertEquals((await read("𐌰bc  AH AH AH\n", { maxLength: 3 })).length, 1);
  assertEquals((await read(`${long}  AH\n`, { maxLength: 5000 })).length, 1);
  assertEquals(
    await refusal(read("abcd  AH\n", { maxLength: 3 })),
    'Cannot read FILE, line 1, as a word may have 3 letters at most (maxLength): current value is 4 in "abcd"',
  );
  assertEquals(
    await refusal(read("A  AH\n", { maxLength: 0 })),
    "Cannot read FILE as maxLength must be a whole number of at least 1: current value is 0",
  );
});

Deno.test("dictionaryFile reads back any dictionary that is written in the format", async () => {
  const word = fc.stringMatching(/^[a-zß-öø-ÿ'.-]{1,13}$/);
  const phonemes = fc.array(fc.stringMatching(/^[A-Z]{1,3}[0-2]?$/), { minLength: 1, maxLength: 11 });
  const dictionary = fc.dictionary(
    word,
    fc.uniqueArray(phonemes, { minLength: 1, maxLength: 3, selector: (target) => target.join(" ") }),
    { minKeys: 1, maxKeys: 17 },
  );
  const layout = fc.record({
    end: fc.constantFrom("\n", "\r\n"),
    gap: fc.constantFrom("  ", " ", "\t", " \t "),
    upper: fc.boolean(),
    numbered: fc.boolean(),
    noise: fc.constantFrom("", ";;; comment", "# comment", "  "),
  });
  await fc.assert(
    fc.asyncProperty(dictionary, layout, async (written, { end, gap, upper, numbered, noise }) => {
      const lines = Object.entries(written).flatMap(([word, targets]) =>
        targets.map((target, at) => {
          const key = numbered && at > 0 ? `${word}(${at + 1})` : word;
          return (upper ? key.replace(/[a-zà-öø-þ]/g, (c) => c.toUpperCase()) : key) + gap + target.join(gap);
        })
      );
      const examples = [...await read(lines.flatMap((line) => [noise, line]).join(end), { stress: true })];
      assertEquals(examples.map(({ id, targets }) => [id, targets]), Object.entries(written));
      assertEquals(examples.every(({ id, source }) => source.join("") === id), true);
    }),
    { numRuns: 100 },
  );
});
