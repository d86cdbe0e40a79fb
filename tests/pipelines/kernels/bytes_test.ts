import { assertAlmostEquals } from "@std/assert";
import { from, lastValueFrom, toArray } from "rxjs";
import { measureAttention, useEngine } from "../../../operators/mod.ts";
import { totalBytes } from "../../../pipelines/kernels/bytes.ts";
import { contender, contenderNames } from "../../../pipelines/kernels/contenders.ts";

const engine = await useEngine();

for (const causal of [false, true]) {
  Deno.test(`peak bytes of several heads, sequences, and a width M other than D are the closed form's (causal ${causal})`, async () => {
    const all = contenderNames.map(contender);
    for (const [d, m, heads, batch, lengths] of [[12, 24, 3, 2, [64, 600]], [24, 8, 2, 2, [130]]] as const) {
      const sizes = { d, m, heads, batch, causal };
      const measured = await lastValueFrom(
        from(lengths).pipe(
          measureAttention(() => all.map(({ mechanism }) => mechanism), { engine, ...sizes, repeats: 1, budget: 0 }),
          toArray(),
        ),
      );
      for (const { mechanism, n, peakBytes } of measured.flat()) {
        const predicted = all.find(({ name }) => name === mechanism.name)!.bytes({ n, ...sizes })!;
        assertAlmostEquals(peakBytes / totalBytes(predicted), 1, 0.05, `${mechanism.name}, N ${n}, D ${d}`);
      }
    }
  });
}
