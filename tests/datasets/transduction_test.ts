import { assert, assertEquals, assertRejects } from "@std/assert";
import { transduced, transduction, TRANSDUCTIONS } from "../../datasets/transduction.ts";
import { InputError } from "../../operators/records.ts";

Deno.test("transduced() by hand: targets and where each symbol is from", () => {
  const source = ["d", "a", "c"];
  assertEquals(transduced("copy", source), { source, targets: [["D", "A", "C"]], alignment: [0, 1, 2] });
  assertEquals(transduced("reverse", source), { source, targets: [["C", "A", "D"]], alignment: [2, 1, 0] });
  assertEquals(transduced("sort", source), { source, targets: [["A", "C", "D"]], alignment: [1, 2, 0] });
});

Deno.test("transduction() gives the same distinct examples for a seed, within its lengths, with a right alignment", async () => {
  for (const task of TRANSDUCTIONS) {
    const options = { task, count: 97, lengths: [3, 7], symbols: 11 } as const;
    const [first, again, other] = [
      await transduction(options),
      await transduction(options),
      await transduction({ ...options, seed: 2 }),
    ];
    assertEquals([...first], [...again]);
    assertEquals(first.provenance.checksum, again.provenance.checksum);
    assert(first.provenance.checksum !== other.provenance.checksum);
    assertEquals(new Set([...first].map(({ id }) => id)).size, 97);
    const lengths = new Set([...first].map(({ source }) => source.length));
    assertEquals([Math.min(...lengths), Math.max(...lengths)], [3, 7]);
    for (const { source, targets, alignment } of first) {
      assertEquals(new Set(source).size, source.length);
      assertEquals(targets[0].map((symbol) => symbol.toLowerCase()), alignment!.map((place) => source[place]));
    }
    const test = await transduction({ ...options, split: "test", without: first });
    const seen = new Set([...first].map(({ id }) => id));
    assert([...test].every(({ id }) => !seen.has(id)));
  }
});

Deno.test("transduction() refuses in one line what it can't generate", async () => {
  const refused = (options: Parameters<typeof transduction>[0], message: string) =>
    assertRejects(() => transduction(options), InputError, message);
  await refused({ task: "shout" as "copy", count: 1 }, "must be one of copy, reverse, sort: current value is shout");
  await refused({ task: "copy", count: 1, lengths: [0, 3] }, "current value is 0 to 3");
  await refused({ task: "copy", count: 1, lengths: [2, 9], symbols: 5 }, "at most 5, the number of symbols");
  await refused({ task: "copy", count: 99, lengths: [1, 1], symbols: 3 }, "Cannot generate 99 different sequences");
});
