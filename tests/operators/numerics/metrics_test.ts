import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  alignmentEntropy,
  countErrors,
  editDistance,
  nearestReference,
  noErrors,
  per,
  perplexity,
  wer,
} from "../../../operators/numerics/metrics.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { referenceEditDistance } from "../../reference/edit_distance.ts";

const sequence = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 13 });

Deno.test("editDistance() counts insertions, deletions and substitutions", () => {
  assertEquals(editDistance("kitten", "sitting"), 3);
  assertEquals(editDistance("flaw", "lawn"), 2);
  assertEquals(editDistance("", "abc"), 3);
  assertEquals(editDistance("abc", ""), 3);
  assertEquals(editDistance("", ""), 0);
  assertEquals(editDistance(["K", "AE", "T"], ["K", "AH", "T", "S"]), 2);
  assertEquals(editDistance(Int32Array.of(1, 2, 3), Int32Array.of(3, 2, 1)), 2);
  // A common beginning and a common end that overlap must not be counted twice.
  assertEquals(editDistance("aa", "aaa"), 1);
  assertEquals(editDistance("abab", "ab"), 2);
});

Deno.test("editDistance() agrees with the recursion on any two sequences", () => {
  fc.assert(
    fc.property(sequence, sequence, (a, b) => {
      assertEquals(editDistance(a, b), referenceEditDistance(a, b));
    }),
    { numRuns: 500 },
  );
});

Deno.test("editDistance() is a metric", () => {
  fc.assert(fc.property(sequence, sequence, sequence, (a, b, c) => {
    assertEquals(editDistance(a, a), 0);
    assertEquals(editDistance(a, b), editDistance(b, a));
    assertEquals(editDistance(a, c) <= editDistance(a, b) + editDistance(b, c), true);
  }));
});

Deno.test("nearestReference() takes the nearest, and the first of equally near ones", () => {
  assertEquals(nearestReference("abc", ["xyz", "abd", "abcd"]), { index: 1, distance: 1, length: 3 });
  assertEquals(nearestReference("abc", ["abcd", "abd"]), { index: 0, distance: 1, length: 4 });
  assertEquals(nearestReference("", ["", "a"]), { index: 0, distance: 0, length: 0 });
  assertThrows(() => nearestReference("abc", []), RangeError, "at least one reference: current value is 0");
});

Deno.test("nearestReference() skips nothing that it shouldn't", () => {
  fc.assert(fc.property(sequence, fc.array(sequence, { minLength: 1, maxLength: 5 }), (hypothesis, references) => {
    const distances = references.map((reference) => referenceEditDistance(hypothesis, reference));
    const index = distances.indexOf(Math.min(...distances));
    assertEquals(nearestReference(hypothesis, references), {
      index,
      distance: distances[index],
      length: references[index].length,
    });
  }));
});

Deno.test("per() divides all edits by all reference symbols, wer() wrong words by words", () => {
  const counts = [
    { hypothesis: ["K", "AE", "T"], references: [["K", "AE", "T"]] }, // right: 0 of 3
    { hypothesis: ["D", "AO"], references: [["D", "AO", "G"], ["D", "AA", "G", "Z"]] }, // 1 of 3
    { hypothesis: [], references: [["AY"]] }, // 1 of 1
  ].reduce((sum, { hypothesis, references }) => countErrors(sum, hypothesis, references), noErrors);
  assertEquals(counts, { words: 3, wrongWords: 2, edits: 2, symbols: 7 });
  assertEquals(per(counts), 2 / 7);
  assertEquals(wer(counts), 2 / 3);
  assertEquals(per(noErrors), NaN);
  assertEquals(noErrors.words, 0);
});

Deno.test("perplexity() of uniform guesses among V is V", () => {
  assertClose([perplexity(Math.log(39)), perplexity(0)], [39, 1], tolerances.float64);
});

Deno.test("alignmentEntropy() is 0 for sharp rows and ln S for uniform ones", () => {
  const sharp = alignmentEntropy([Float32Array.of(0, 1, 0), Float32Array.of(1)]);
  assertEquals(sharp, { nats: 0, normalised: 0 });
  const uniform = alignmentEntropy([[0.25, 0.25, 0.25, 0.25], [0.5, 0.5]]);
  assertClose([uniform.nats, uniform.normalised], [(Math.log(4) + Math.log(2)) / 2, 1], tolerances.float64);
});

Deno.test("alignmentEntropy() leaves out rows that attend to nothing, and refuses to average none", () => {
  assertEquals(alignmentEntropy([[0, 0], [0.5, 0.5]]), alignmentEntropy([[0.5, 0.5]]));
  assertThrows(() => alignmentEntropy([[0, 0]]), RangeError, "current value is 0 rows");
});
