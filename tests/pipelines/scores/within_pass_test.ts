import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { lastValueFrom, of, toArray } from "rxjs";
import { Parameters, tf, useEngine } from "../../../operators/mod.ts";
import { marksWithin, Snapshots } from "../../../pipelines/scores/within_pass.ts";

await useEngine();

Deno.test("few passes are scored within, many at their ends alone", () => {
  assertEquals(marksWithin(1), [0.2, 0.4, 0.6, 0.8]);
  assertEquals([2, 3, 4].map(marksWithin), [[0.5], [0.5], [0.5]]);
  assertEquals([5, 11, 1000].map(marksWithin), [[], [], []]);
});

Deno.test("each copy holds what the batches up to its mark left, whatever the batches, and no tensor stays", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 });
  await fc.assert(fc.asyncProperty(sizes, fc.constantFrom(1, 2), async (sizes, passes) => {
    const before = tf.memory().numTensors;
    const total = sizes.reduce((sum, size) => sum + size, 0), marks = marksWithin(passes);
    const parameters = new Parameters(7);
    const learnt = (of: Parameters) => of.group("group", () => ({ x: { shape: [1], values: new Float32Array(1) } })).x;
    const snapshots = new Snapshots(parameters, total, marks);
    // What is learnt is the number of examples seen.
    let seen = 0;
    for (const size of sizes) {
      snapshots.before({ size });
      parameters.assign(seen, (learnt(parameters), Float32Array.of(seen += size)));
    }
    const told = await lastValueFrom(
      snapshots.each((mark, copy) => of([mark, learnt(copy).dataSync()[0]])).pipe(toArray()),
    );
    let at = 0;
    const ends = sizes.map((size) => at += size).slice(0, -1);
    const expected = marks.flatMap((mark, index) => {
      const reached = ends.find((end) => end >= mark * total);
      const next = marks[index + 1];
      return reached === undefined || (next !== undefined && reached >= next * total) ? [] : [[mark, reached]];
    });
    assertEquals(told, expected);
    assertEquals(learnt(parameters).dataSync()[0], total);
    parameters.unsubscribe();
    assertEquals(tf.memory().numTensors, before);
  }));
});
