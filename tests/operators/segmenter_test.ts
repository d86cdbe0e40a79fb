/** Segmenters lose nothing; byte pairs are those of a slow reading of the algorithm. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { bytePairs, learnMerges } from "../../operators/byte_pairs.ts";
import { words } from "../../operators/segmenter.ts";

const tidy = (text: string) => text.replaceAll("▁", "_").trim().replace(/\s+/gu, " ");

Deno.test("words parts words, numbers, marks and placeholders, and remembers blanks", () => {
  assertEquals(words.split("Port weiterleiten!"), ["▁Port", "▁weiterleiten", "!"]);
  assertEquals(words.split("Can't open '{0}' (2.5 MB)"), [
    ..."▁Can't|▁open|▁'|{0}|'|▁(|2|.|5|▁MB|)".split("|"),
  ]);
  assertEquals([words.split(""), words.split("  ")], [[], []]);
});

Deno.test("segmenters give the text back", () => {
  const segmenter = bytePairs(learnMerges(["low lower lowest", "new newer newest", "größer größte"], 30));
  const texts = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), fc.lorem());
  fc.assert(fc.property(texts, (text) => {
    if (!text.isWellFormed()) return;
    for (const each of [words, segmenter]) {
      assertEquals(each.join(each.split(text)), tidy(text), JSON.stringify(text));
    }
  }));
});

/** Algorithm 1 as it is printed: count all pairs, merge the commonest, begin again. */
function slowMerges(texts: readonly string[], merges: number): [string, string][] {
  let all = texts.flatMap((text) => words.split(text)).map((word) => Array.from(word));
  const learnt: [string, string][] = [];
  while (learnt.length < merges) {
    const counts = new Map<string, number>();
    for (const pieces of all) {
      pieces.slice(1).forEach((piece, at) => {
        const pair = pieces[at] + "\u0000" + piece;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      });
    }
    const best = [...counts].filter(([, count]) => count > 1)
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0].split("\u0000");
    if (!best) break;
    learnt.push([best[0], best[1]]);
    all = all.map((pieces) => {
      const merged: string[] = [];
      for (const piece of pieces) {
        if (merged.at(-1) === best[0] && piece === best[1]) merged.push(merged.pop()! + piece);
        else merged.push(piece);
      }
      return merged;
    });
  }
  return learnt;
}

Deno.test("learnMerges() learns what the printed algorithm learns", () => {
  const texts = fc.array(fc.stringMatching(/^[abc ]{0,24}$/), { maxLength: 8 });
  fc.assert(fc.property(texts, (some) => {
    // A run of one letter merges from the left in both, but the printed loop counts overlapping pairs alike.
    assertEquals(learnMerges(some, 12), slowMerges(some, 12));
  }));
});

Deno.test("bytePairs() cuts words by the merges, in their order", () => {
  const merges = learnMerges(["low low low low low lower lower newest newest newest widest widest"], 100);
  const segmenter = bytePairs(merges);
  assertEquals(segmenter.split("low"), ["▁low"]);
  assertEquals(segmenter.split("lowest").join(" "), "▁low est");
  assertEquals(segmenter.split("zoo"), ["▁", "z", "o", "o"]);
  assert(segmenter.split("a widest").includes("▁widest"));
});
