/**
 * BLEU against figures that sacreBLEU's own tests and README publish, and against hand arithmetic.
 *
 * Source of the published figures: github.com/mjpost/sacrebleu, README.md and test/test_bleu.py.
 */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { bleuOf, bleuStatistics, tokens13a } from "../../../operators/numerics/bleu.ts";
import { sumStatistics } from "../../../operators/numerics/bootstrap.ts";

const words = (text: string) => text.split(" ").filter((word) => word !== "");
const corpus = (hypotheses: string[], references: string[][], tokenise?: typeof words) =>
  bleuOf(sumStatistics(hypotheses.map((hypothesis, at) => bleuStatistics(hypothesis, references[at], tokenise))));

const said = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."];
const wanted = [
  ["The dog bit the man.", "The dog had bit the man."],
  ["It was not unexpected.", "No one was surprised."],
  ["The man bit him first.", "The man had bitten the dog."],
];

Deno.test("bleu equals sacreBLEU's figures on its own examples", () => {
  assertAlmostEquals(corpus(said, wanted), 48.530827009929865, 1e-9);
  assertAlmostEquals(corpus(said, wanted, words), 49.1919566, 1e-6);
  assertEquals(corpus(["", "", ""], wanted), 0);
});

Deno.test("bleu counts what sacreBLEU counts", () => {
  const sums = sumStatistics(said.map((hypothesis, at) => bleuStatistics(hypothesis, wanted[at])));
  // 82.4/50.0/45.5/37.5, hyp_len = 17, ref_len = 18
  assertEquals(sums, [14, 7, 5, 3, 17, 14, 11, 8, 17, 18]);
  const letters = (text: string) => Array.from(text.replaceAll(" ", ""));
  const counted = bleuStatistics("am I am a character sequence", ["I am a symbol string sequence a a"], words);
  assertEquals(counted.slice(0, 8), [4, 2, 1, 0, 6, 5, 4, 3]);
  assertEquals(bleuStatistics("ab", ["ab"], letters).slice(0, 8), [2, 1, 0, 0, 2, 1, 0, 0]);
});

Deno.test("bleu is 83.76 for the counts 9/10 7/8 5/6 3/4 at equal length", () => {
  assertAlmostEquals(bleuOf([9, 7, 5, 3, 10, 8, 6, 4, 11, 11]), 83.75922397, 1e-6);
});

Deno.test("bleu smooths orders without a match by halves, and is 0 without any match or any 4-gram", () => {
  // p = 3/4, 1/3, then half a match of 2 and a quarter of a match of 1.
  const by = (75 * 100 / 3 * 25 * 25) ** 0.25;
  assertAlmostEquals(bleuOf([3, 1, 0, 0, 4, 3, 2, 1, 4, 4]), by, 1e-9);
  assertEquals(bleuOf([0, 0, 0, 0, 4, 3, 2, 1, 4, 4]), 0);
  assertEquals(bleuOf([3, 2, 1, 0, 3, 2, 1, 0, 3, 3]), 0);
});

Deno.test("bleu takes the nearest reference's length, the shorter of two as near", () => {
  assertEquals(bleuStatistics("a b c", ["a b", "a b c d"], words).at(-1), 2);
  assertEquals(bleuStatistics("a b c", ["a b c d e f", "a b c d"], words).at(-1), 4);
});

Deno.test("tokens13a parts marks from words but not inside numbers, and resolves entities", () => {
  assertEquals(tokens13a("Hello, world! It's 3.14, or 1,000."), words("Hello , world ! It's 3.14 , or 1,000 ."));
  assertEquals(tokens13a("state-of-the-art 1990-2000 (a)"), words("state-of-the-art 1990 - 2000 ( a )"));
  assertEquals(tokens13a("&quot;x&quot; &amp; &lt;y&gt;"), words('" x " & < y >'));
  assertEquals(tokens13a("a\u0085b\u3000c"), ["a", "b", "c"]);
  assertEquals(tokens13a(" "), []);
  assertEquals(tokens13a("50% {0} a/b"), words("50 % { 0 } a / b"));
});

Deno.test("bleu refuses to measure against nothing", () => {
  assertThrows(() => bleuStatistics("a", []), RangeError, "at least one reference");
});
