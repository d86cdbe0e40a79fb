import { assert, assertStringIncludes, assertThrows } from "@std/assert";
import { figure, lineWithInterval, picture } from "../../reports/mod.ts";

const rows = [1, 2].map((step) => ({
  trial: "a",
  metric: "loss",
  step,
  value: 1 / step,
  unit: "nats",
  labels: { score: "dot" },
}));
const drawn = figure(
  lineWithInterval({ id: "loss", title: "It falls.", caption: "One.", metric: "loss", label: "Loss", step: "step" }),
  rows,
);

Deno.test("picture() is an SVG file that needs no stylesheet", () => {
  const text = picture(drawn);
  assert(text.startsWith('<svg xmlns="http://www.w3.org/2000/svg"'));
  // Every variable that is used is defined or has a fallback.
  for (const [, name, fallback] of text.matchAll(/var\((--[\w-]+)(,[^)]*)?\)/g)) {
    assert(fallback !== undefined || text.includes(`${name}:`), `${name} is not defined`);
  }
  assertStringIncludes(text, "</svg>");
});

Deno.test("picture() refuses a panel that isn't there", () => {
  assertThrows(() => picture(drawn, 1), RangeError, "must be below 1: current value is 1");
});
