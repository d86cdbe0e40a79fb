import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { listops, listopsFile, type ListopsOptions, valueOf } from "../../datasets/mod.ts";
import { InputError } from "../../operators/records.ts";

const parse = (text: string) => text.split(" ");

Deno.test("valueOf gives what a hand gives", () => {
  const cases: [string, number][] = [
    ["7", 7],
    ["[MAX 2 9 [MIN 4 7 ] 0 ]", 9],
    ["[MIN 2 9 [MIN 4 7 ] 1 ]", 1],
    ["[MED 9 1 5 ]", 5],
    ["[MED 9 1 5 2 ]", 3], // (2 + 5) / 2, rounded down
    ["[MED 4 7 ]", 5],
    ["[SM 9 9 4 ]", 2],
    ["[SM [MAX 3 8 ] [MED 1 2 9 ] ]", 0],
  ];
  for (const [text, value] of cases) assertEquals(valueOf(parse(text)), value, text);
});

/** The value by recursion over nested arrays, written from the definitions. */
type Tree = number | { op: string; of: Tree[] };
function slow(tree: Tree): number {
  if (typeof tree === "number") return tree;
  const values = tree.of.map(slow).sort((a, b) => a - b);
  if (tree.op === "[MIN") return values[0];
  if (tree.op === "[MAX") return values[values.length - 1];
  if (tree.op === "[SM") return values.reduce((a, b) => (a + b) % 10, 0);
  const n = values.length;
  return n % 2 === 1 ? values[(n - 1) / 2] : Math.floor((values[n / 2 - 1] + values[n / 2]) / 2);
}
const write = (tree: Tree): string[] =>
  typeof tree === "number" ? [`${tree}`] : [tree.op, ...tree.of.flatMap(write), "]"];

Deno.test("valueOf equals recursion over random trees", () => {
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.integer({ min: 0, max: 9 }),
      fc.record({
        op: fc.constantFrom("[MIN", "[MAX", "[MED", "[SM"),
        of: fc.array(tie("tree"), { minLength: 1, maxLength: 7 }),
      }),
    ),
  }));
  fc.assert(fc.property(tree, (tree) => assertEquals(valueOf(write(tree)), slow(tree))));
});

Deno.test("valueOf refuses what is no expression", () => {
  const message = (text: string) => assertThrows(() => valueOf(parse(text)), InputError).message;
  assertEquals(
    message("[MAX 2 x ]"),
    'Cannot evaluate ListOps as a symbol must be a digit, ] or an operator ([MIN, [MAX, [MED, [SM): current value is "x"',
  );
  assertEquals(
    message("[MAX 2"),
    "Cannot evaluate ListOps as every list must end with ]: current value is 1 open at the end",
  );
  assertEquals(message("2 3"), 'Cannot evaluate ListOps as nothing may follow the expression: current value is "3"');
});

const small = { maxDepth: 3, maxArguments: 4, minLength: 7, maxLength: 29 };
Deno.test("listops keeps to its limits, uses all four operators, and is the same in every walk", async () => {
  const set = await listops({ split: "train", size: 499, ...small });
  const seen = new Set<string>();
  for (const { source, targets } of set) {
    assert(source.length >= 7 && source.length <= 29);
    let depth = 0, deepest = 0;
    for (const symbol of source) {
      if (symbol.startsWith("[")) seen.add(symbol), deepest = Math.max(deepest, ++depth);
      if (symbol === "]") depth--;
    }
    assert(deepest <= 3);
    assertEquals(targets, [[`${valueOf(source)}`]]);
  }
  assertEquals([...seen].sort(), ["[MAX", "[MED", "[MIN", "[SM"]);
  assertEquals([...set], [...set]);
  const other = await listops({ split: "test", size: 499, ...small });
  assert(JSON.stringify([...set].map((e) => e.source)) !== JSON.stringify([...other].map((e) => e.source)));
  const longer = await listops({ split: "train", size: 503, ...small });
  assertEquals([...longer].slice(0, 499), [...set]);
});

Deno.test("listops at Long Range Arena's limits", async () => {
  const [one] = await listops({ split: "train", size: 1 });
  assert(one.source.length >= 500 && one.source.length <= 2000);
});

const refused: [Partial<ListopsOptions>, string][] = [
  [{ split: "all" as "test" }, 'its split must be train, dev or test: current value is "all"'],
  [{ size: 0 }, "size must be a whole number of at least 1: current value is 0"],
  [{ maxArguments: 1 }, "maxArguments must be a whole number of at least 2: current value is 1"],
  [{ minLength: 30, maxLength: 20 }, "minLength must be at most maxLength 20: current value is 30"],
  [
    { maxDepth: 1, maxArguments: 2, minLength: 100, maxLength: 200 },
    "expressions of depth 1 with 2 arguments must have 100 to 200 symbols: current value is none in 20000 draws",
  ],
];
for (const [options, message] of refused) {
  Deno.test(`listops refuses ${JSON.stringify(options)}`, async () => {
    const error = await assertRejects(() => listops({ split: "test", size: 1, ...options }), InputError);
    assertEquals(error.message, `Cannot generate ListOps as ${message}`);
  });
}

const path = await Deno.makeTempFile({ suffix: ".tsv" });
globalThis.addEventListener("unload", () => Deno.removeSync(path));
const read = async (text: string) => {
  await Deno.writeTextFile(path, text);
  return await listopsFile(path);
};

Deno.test("listopsFile reads Long Range Arena's form", async () => {
  const text = "Source\tTarget\n( ( ( [MAX 2 ) 9 ) ] )\t9\r\n( ( ( [MED 4 ) ( ( ( [SM 9 ) 8 ) ] ) ) ] )\t5\n";
  const items = [...await read(text)];
  assertEquals(items, [
    { id: "line 2", source: ["[MAX", "2", "9", "]"], targets: [["9"]] },
    { id: "line 3", source: ["[MED", "4", "[SM", "9", "8", "]", "]"], targets: [["5"]] },
  ]);
});

const broken: Record<string, string> = {
  "": ', line 1, as the first line must be Source, a tab, Target: current value is ""',
  "[MAX 2 9 ]\t9\n": ', line 1, as the first line must be Source, a tab, Target: current value is "[MAX 2 9 ]\\t9"',
  "Source\tTarget\n": " as it must have an example: current value is a file without any",
  "Source\tTarget\n[MAX 2 9 ]\t9\n[MAX 2 9 ]\n":
    ", line 3, as a line must be an expression, a tab and a digit: current value is 1 fields",
  "Source\tTarget\n[MAX 2 9 ]\t9\t9\n":
    ", line 2, as a line must be an expression, a tab and a digit: current value is 3 fields",
  "Source\tTarget\n[MAX 2 9 ]\tnine\n": ', line 2, as the target must be a digit: current value is "nine"',
  "Source\tTarget\n[MAX 2 9 ]\t2\n": ", line 2, as the target must be the expression's value 9: current value is 2",
  "Source\tTarget\n[MAX 2 9\t9\n": ", line 2, as every list must end with ]: current value is 1 open at the end",
  "Source\tTarget\n[SUM 2 9 ]\t1\n":
    ', line 2, as a symbol must be a digit, ] or an operator ([MIN, [MAX, [MED, [SM): current value is "[SUM"',
  "Source\tTarget\n\0\t1\n": ", line 2, as ListOps must be text: current value is byte 0x00 at byte 15 of the file",
};
for (const [text, message] of Object.entries(broken)) {
  Deno.test(`listopsFile refuses ${JSON.stringify(text)}`, async () => {
    const error = await assertRejects(() => read(text), InputError);
    assertEquals(error.message, `Cannot read ${JSON.stringify(path)}${message}`);
  });
}

Deno.test("listopsFile refuses a file that is missing", async () => {
  const error = await assertRejects(() => listopsFile("none.tsv"), InputError);
  assertEquals(error.message, 'Cannot read "none.tsv" as ListOps must be a file: current value is a missing file');
});
