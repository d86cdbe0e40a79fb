import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseIdx } from "../../datasets/idx.ts";
import { imagesOf, mnist } from "../../datasets/mnist.ts";
import { numericFile } from "../../datasets/numeric_file.ts";
import { InputError } from "../../operators/records.ts";

const small = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255);

Deno.test("MNIST: the official test images, from 0 to 1", async () => {
  const images = await mnist({ split: "test" });
  assertEquals([images.length, images.provenance.split], [10000, "test"]);
  const [first] = images;
  assertEquals(first.values.length, 784);
  // The first row of the first digit, a 7, that has ink.
  assertEquals(Array.from(first.values.subarray(202, 208), (value) => Math.round(value * 255)), [
    84,
    185,
    159,
    151,
    60,
    36,
  ]);
  await assertRejects(
    () => mnist({ split: "test", size: 10001 }),
    InputError,
    "from 1 to 10000: current value is 10001",
  );
  await assertRejects(() => mnist({ split: "dev" as "test" }), InputError, "train or test: current value is dev");
  await assertRejects(
    () => imagesOf(small, "00", { split: "test" }),
    InputError,
    "SHA-256 must be 00: current value is",
  );
});

Deno.test("IDX: values, and headers that lie", () => {
  assertEquals(parseIdx(small, "it"), { shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 255) });
  const lying = small.slice();
  lying[7] = 200;
  for (
    const [bytes, message] of [
      [lying, "Cannot read it as its header says 200 × 3 values, which makes 612 bytes: current value is 18 bytes"],
      [small.subarray(0, 17), "current value is 17 bytes"],
      [small.subarray(0, 6), "its header must have 12 bytes: current value is 6 bytes"],
      [small.subarray(0, 2), "at least 4 bytes: current value is 2 bytes"],
      [Uint8Array.of(1, 2, 3, 4), "current value is 01 02 03 04"],
      [Uint8Array.of(0, 0, 13, 1, 0, 0, 0, 1, 127, 192, 0, 0), "value 1 must be finite: current value is NaN"],
      [
        Uint8Array.of(0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255),
        "current value is 16 bytes",
      ],
    ] as const
  ) assertThrows(() => parseIdx(bytes, "it"), InputError, message);
});

Deno.test("numeric files: CSV with and without names, IDX, and what is wrong with others", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/numbers.csv`;
  const read = async (content: string | Uint8Array) => {
    await (typeof content === "string" ? Deno.writeTextFile(path, content) : Deno.writeFile(path, content));
    return Array.from(await numericFile(path), ({ values }) => [...values]);
  };
  try {
    assertEquals(await read("a,b\n1,2.5\r\n\n-3e2, .5\n"), [[1, 2.5], [-300, 0.5]]);
    assertEquals(await read("1;2\n3;4"), [[1, 2], [3, 4]]);
    assertEquals(await read(small), [[1, 2, 3], [4, 5, 255]]);
    for (
      const [content, message] of [
        ["1,2\n3,4\n5", "line 3, as every row must have 2 cells as the first has: current value is 1 cells"],
        ["1,2\n3,NaN", 'line 2, column 2, as a cell must be a finite number: current value is "NaN"'],
        ["nan,2", 'line 1, column 1, as a cell must be a finite number: current value is "nan"'],
        ["a,b\n1,", 'line 2, column 2, as a cell must be a finite number: current value is ""'],
        ["1,1e99", 'column 2, as a cell must be a finite number: current value is "1e99"'],
        ["a,b\n", "a row of numbers: current value is names alone"],
        ["", "a row of numbers: current value is an empty file"],
      ]
    ) {
      const error = await assertRejects(() => read(content), InputError, message);
      assert(error.message.startsWith("Cannot read ") && !error.message.includes("\n"));
    }
    const place = "as it must be IDX, or CSV text in UTF-8 or Latin-1: current value is";
    for (
      const [bytes, message] of [
        [[0x31, 0x2c, 0x32, 10, 0xc3, 0xa9, 0x2c, 0xff, 10], `line 2, ${place} byte 0xFF, invalid as UTF-8 at byte 8`],
        [[0x31, 10, 0x32, 10, 0x33, 0, 10], `line 3, ${place} byte 0x00 at byte 6 of the file`],
        [[0xff, 0xfe, 0x31, 0], `line 1, ${place} UTF-16 at byte 1 of the file`],
        [[0x31, 10, 0x85, 10], `line 2, ${place} byte 0x85 at byte 3 of the file`],
      ] as const
    ) {
      const error = await assertRejects(() => read(Uint8Array.from(bytes)), InputError, message);
      assert(error.message.startsWith("Cannot read ") && !error.message.includes("\n"));
    }
    await assertRejects(() => numericFile(`${folder}/none.csv`), InputError, "a missing file");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
