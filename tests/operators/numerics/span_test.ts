import { assertEquals } from "@std/assert";
import { chosenSpectrum } from "../../../operators/numerics/chosen_spectrum.ts";
import { spanOf } from "../../../operators/numerics/span.ts";

const named = (rows: number[][]) => rows.map((values, at) => ({ id: `${at}`, values: Float32Array.from(values) }));

Deno.test("the span of a chosen spectrum is the number of its singular values", () => {
  for (const [rank, size] of [[0, 5], [1, 5], [3, 7], [11, 11]]) {
    const sigma = Array.from({ length: size }, (_, at) => at < rank ? size - at : 0);
    assertEquals(spanOf(chosenSpectrum(sigma, 5), size), rank);
    assertEquals(spanOf(chosenSpectrum(sigma, 5), 2), Math.min(2, rank), "it stops when it knows enough");
  }
});

Deno.test("centred vectors span their differences; zeros and repetitions add nothing", () => {
  assertEquals(spanOf(named([]), 3), 0);
  assertEquals(spanOf(named([[0, 0], [0, 0]]), 3), 0);
  assertEquals(spanOf(named([[2, 1, 0]]), 3, true), 0);
  assertEquals(spanOf(named([[1, 0, 0], [0, 1, 0], [0, 0, 1]]), 3), 3);
  assertEquals(spanOf(named([[1, 0, 0], [0, 1, 0], [0, 0, 1]]), 3, true), 2);
  assertEquals(spanOf(named([[1, 2, 3], [2, 4, 6], [1, 2, 3]]), 3), 1);
});
