/**
 * chrF against figures that sacreBLEU's own tests and README publish.
 *
 * Source of the published figures: github.com/mjpost/sacrebleu, README.md and test/test_chrf.py.
 */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { sumStatistics } from "../../../operators/numerics/bootstrap.ts";
import { chrfOf, type ChrfOptions, chrfStatistics } from "../../../operators/numerics/chrf.ts";

const corpus = (hypotheses: string[], references: string[][], options: ChrfOptions = {}) =>
  chrfOf(
    sumStatistics(hypotheses.map((hypothesis, at) => chrfStatistics(hypothesis, references[at], options))),
    options,
  );

Deno.test("chrf equals sacreBLEU's figures on its own examples", () => {
  const said = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."];
  const wanted = [
    ["The dog bit the man.", "The dog had bit the man."],
    ["It was not unexpected.", "No one was surprised."],
    ["The man bit him first.", "The man had bitten the dog."],
  ];
  assertAlmostEquals(corpus(said, wanted), 59.73, 5e-3);
  const beta = 3;
  const cases: [string[], string[], number][] = [
    [["a"], ["a"], 100],
    [[""], ["reference"], 0],
    [["a b c"], ["abc"], 100],
    [["a", "b"], ["a", "c"], 50],
    [["aa"], ["ab"], 25],
    [["abcdefg"], ["hijklmnop"], 0],
  ];
  for (const [hypotheses, references, score] of cases) {
    assertAlmostEquals(corpus(hypotheses, references.map((reference) => [reference]), { beta }), score, 1e-4);
  }
});

Deno.test("chrf of long sentences equals sacreBLEU's, where every order is there", () => {
  const cases: [string, string, ChrfOptions, number][] = [
    [
      " risk assessment must be made of those who are qualified and expertise in the sector - these are the scientists .",
      "risk assessment has to be undertaken by those who are qualified and expert in that area - that is the scientists .",
      { beta: 3 },
      63.361730,
    ],
    [
      " Die    Beziehung zwischen  Obama und Netanjahu ist nicht gerade  freundlich. ",
      "Das Verhältnis zwischen Obama und Netanyahu ist nicht gerade freundschaftlich.",
      { beta: 3 },
      64.1302698,
    ],
    [
      "Co nás nejvíc trápí, protože lékaři si vybírají, kdo bude žít a kdo zemře.",
      "Nejvíce smutní jsme z toho, že musíme rozhodovat o tom, kdo bude žít a kdo zemře.",
      {},
      39.14078509,
    ],
    [
      "Nebo prostě nemají vybavení, které by jim pomohlo, uvedli lékaři.",
      "A někdy nemáme ani potřebný materiál, abychom jim pomohli, popsali lékaři.",
      {},
      31.22557079,
    ],
  ];
  for (const [hypothesis, reference, options, score] of cases) {
    assertAlmostEquals(corpus([hypothesis], [[reference]], options), score, 1e-4);
  }
});

Deno.test("chrf++ adds words, with one mark taken off either end", () => {
  // Words: said (hi ) there, wanted (hi ) you: 2 of 3 single words and 1 of 2 pairs match, on both sides.
  const options = { characters: 1, words: 2 };
  const letters = 4; // ( h i ) against (hi)there / (hi)you: no letter beside them is shared
  const sums = chrfStatistics("(hi) tr", ["(hi) you"], options);
  assertEquals(sums, [6, 7, letters, 3, 3, 2, 2, 2, 1]);
  assertAlmostEquals(corpus(["same words here"], [["same words here"]], { words: 2 }), 100, 1e-9);
});

Deno.test("chrf takes the reference that is best for a segment, and counts code points", () => {
  assertEquals(corpus(["abc"], [["xyz", "abc"]]), 100);
  assertEquals(chrfStatistics("🙂", ["🙂"]).slice(0, 6), [1, 1, 1, 0, 0, 0]);
  assertThrows(() => chrfStatistics("a", []), RangeError, "at least one reference");
});
