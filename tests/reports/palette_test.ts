import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { hues, palette } from "../../reports/palette.ts";

const papers = { light: "#fdfdfb", dark: "#16181b" };

Deno.test("a mechanism that Heed ships has one look, whoever it is compared with", () => {
  const alone = palette(["dot"])("dot");
  assertEquals(palette(["mine", "dot", "aaa", "concat"])("dot"), alone);
  const scores = ["dot", "general", "concat", "location", "scaledDot"];
  const looks = scores.map(palette(scores));
  assertEquals(new Set(looks.map((ink) => ink.colour)).size, 5);
  assertEquals(new Set(looks.map((ink) => ink.symbol)).size, 5);
  assertEquals(new Set(looks.map((ink) => ink.dash)).size, 5);
});

Deno.test("what stands in one figure never shares a colour, and variants share one with another dash", () => {
  const figures = [
    ["dot", "general", "concat", "location", "scaled dot"],
    ["Bahdanau", "Luong", "Luong + feeding"],
    ["global", "local-m", "local-p", "monotonic", "no attention"],
    ["general", "concat", "location", "no attention"],
    [
      "softmax",
      "softmax, materialised",
      "poly-2",
      "poly-2, quadratic",
      "elu + 1",
      "FAVOR+ positive",
      "Taylor",
      "cosFormer",
      "ReLU",
    ],
    ["greedy", "balanced", "left", "right", "random", "given", "naive Bayes", "mean of vectors", "majority"],
    ["all nodes and root", "root alone"],
    ["positive", "negative"],
    ["sum", "product", "none", "nested", "non-uniform"],
    ["with the kernel pack", "stock wasm backend"],
    ["measured", "predicted"],
  ];
  for (const names of figures) {
    assertEquals(new Set(names.map((name) => palette(names)(name).colour)).size, names.length, names.join());
  }
  const favors = ["FAVOR+ positive", "FAVOR+ positive, iid", "FAVOR+ hyperbolic", "FAVOR+ trigonometric"];
  const inks = favors.map(palette(favors));
  assertEquals(new Set(inks.map(({ colour }) => colour)).size, 1);
  assertEquals(new Set(inks.map(({ dash }) => dash)).size, 4);
  const ways = ["sum, momentum", "sum, adam", "sum, descent"].map(palette(["sum, momentum"]));
  assertEquals(new Set(ways.map(({ colour }) => colour)).size, 1);
  assertEquals(new Set(ways.map(({ dash }) => dash)).size, 3);
});

Deno.test("names that nobody knows get free places, the same for the same set in any order", () => {
  const names = ["dot", "general", "concat", "location", "scaledDot", "zeta", "alpha", "toString", "__proto__"];
  const one = palette(names), other = palette([...names].reverse());
  for (const name of names) assertEquals(one(name), other(name));
  assertEquals(new Set(names.map((name) => one(name).colour)).size, names.length);
});

Deno.test("no two of forty unknown names look the same in all of colour, symbol and dash", () => {
  fc.assert(fc.property(fc.uniqueArray(fc.string({ maxLength: 6 }), { maxLength: 40 }), (names) => {
    const look = palette(names);
    return new Set(names.map((name) => JSON.stringify(look(name)))).size === names.length;
  }));
});

Deno.test("every hue has a contrast of at least 4.5 with its paper, for labels", () => {
  for (const [index, hue] of hues.entries()) {
    for (const scheme of ["light", "dark"] as const) {
      const ratio = contrast(hue[scheme], papers[scheme]);
      assert(ratio >= 4.5, `hue ${index} on ${scheme} paper has contrast ${ratio.toFixed(2)}`);
    }
  }
});

Deno.test("the stylesheet's colours of text have a contrast of at least 4.5 with their paper", async () => {
  const style = await Deno.readTextFile(new URL("../../reports/assets/palette.css", import.meta.url));
  const [light, dark] = [...style.matchAll(/:root \{([^}]*)\}/g)].map((block) =>
    new Map([...block[1].matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]))
  );
  assertEquals([light.get("paper"), dark.get("paper")], [papers.light, papers.dark]);
  for (const scheme of [light, dark]) {
    assertNotEquals(scheme.size, 0);
    for (const name of ["ink", "ink-soft", "link", "good", "fair", "bad", "heat"]) {
      const ratio = contrast(scheme.get(name)!, scheme.get("paper")!);
      assert(ratio >= 4.5, `--${name} has contrast ${ratio.toFixed(2)}`);
    }
  }
});

/** Contrast ratio of two colours (WCAG 2.2, relative luminance). */
function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
