import { assertEquals } from "@std/assert";
import { cellText, cellValue, type Column } from "../../reports/table.ts";

const column = (given: Partial<Column> = {}): Column => ({ key: "k", heading: "K", ...given });

Deno.test("an estimate in a table has the digits that its own interval supports, and no more than its column's", () => {
  const wide = { mean: 3.412, low: -14.1, high: 20.9, count: 3 },
    narrow = { mean: 1.0312, low: 0.981, high: 1.08, count: 3 };
  assertEquals([wide, narrow].map((cell) => cellText(cell, column())), ["3 ± 18", "1.031 ± 0.050"]);
  assertEquals(cellText(narrow, column({ digits: 2 })), "1.03 ± 0.05");
  assertEquals(cellText({ mean: 54.62, low: 54.62, high: 54.62, count: 3 }, column()), "54.6");
});

Deno.test("a number that a column's digits would make 0 is told to be below the last of them", () => {
  assertEquals(
    [0, 0.00002, -0.00002, 0.00005, 0.5].map((cell) => cellText(cell, column({ digits: 4 }))),
    ["0", "< 0.0001", "< 0.0001", "0.0001", "0.5000"],
  );
  assertEquals(cellText(0.2, column({ digits: 0 })), "< 1");
});

Deno.test("a bound is a number with a sign, and sorts as the number", () => {
  const cells = [{ sign: "~", value: 12762.4 }, { sign: "<", value: 64 }, null, "text", 0.25] as const;
  assertEquals(cells.map((cell) => cellText(cell, column({ digits: 0 }))), ["~ 12,762", "< 64", "–", "text", "< 1"]);
  assertEquals(cells.map(cellValue), ["12762.4", "64", "", "text", "0.25"]);
  assertEquals(cellText({ sign: ">", value: 2_000_000 }, column({ kind: "bytes" })), "> 2 MB");
});
