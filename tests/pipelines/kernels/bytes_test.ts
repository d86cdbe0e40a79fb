import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { from, lastValueFrom, of, toArray } from "rxjs";
import { measureAttention, measureDecoding, useEngine } from "../../../operators/mod.ts";
import { totalBytes } from "../../../pipelines/kernels/bytes.ts";
import { contender, contenderNames } from "../../../pipelines/kernels/contenders.ts";
import { decodeTable } from "../../../pipelines/kernels/decode_table.ts";
import { decodeFigure } from "../../../pipelines/kernels/figures.ts";
import { memoryTable } from "../../../pipelines/kernels/memory_table.ts";
import { KernelRuns } from "../../../pipelines/kernels/runs.ts";
import { rowsOf } from "../../../pipelines/rows.ts";

const engine = await useEngine({ pack: true });

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

Deno.test("a state that is filled by chunks holds what the closed form says, behind any number of positions", async () => {
  const names = ["softmax", "elu", "taylor", "cosformer"], [d, m] = [6, 10];
  const mechanisms = names.map((name) => contender(name).mechanism);
  const [times] = await lastValueFrom(of(1100).pipe(measureDecoding(mechanisms, { d, m, repeats: 2 }), toArray()));
  assertEquals(
    times.map(({ stateBytes }) => stateBytes),
    mechanisms.map((each) => 4 * each.cost!({ n: 1100, d, m, causal: true }).decode.state(1100)),
  );
});

Deno.test("a user's own attention is drawn in decoding whatever its name, and memory crossovers are those of the rows", () => {
  const row = rowsOf("t", { d: 16, causal: 1 });
  const decode = (mechanism: string) => (slope: number) =>
    [64, 128, 256].map((n) => row("decode", 1e-5 + slope * n, "s", n, { mechanism, quantile: 0.5 }));
  const bytes = (mechanism: string, of: (n: number) => number) =>
    [64, 128, 256].map((n) => row("bytes", of(n), "bytes", n, { mechanism, kind: "measured" }));
  const runs = new KernelRuns({
    rows: [
      row("time", 1, "s", 64, { mechanism: "softmax", quantile: 0.5 }),
      ...decode("softmax")(1e-7),
      ...decode("my-own")(1e-8),
      ...bytes("softmax-materialised", (n) => n * n),
      ...bytes("softmax", (n) => n),
      ...bytes("poly2", () => 128 ** 2),
    ],
    trials: [],
    profile: "quick",
    command: "c",
    machines: [],
  });
  assert(decodeFigure(runs)!.summary.includes("my-own"));
  assertEquals(decodeTable(runs)!.rows.map(({ mechanism, predicted, measured }) => [mechanism, predicted, measured]), [
    ["my-own", null, { sign: "<", value: 64 }],
  ]);
  const [found] = memoryTable(runs)!.rows;
  assertAlmostEquals(Number(found["Materialised measured"]), 128, 1e-6);
  assertEquals(found["Streaming measured"], { sign: ">", value: 256 });
  assertEquals(Math.round(Number(found["Streaming theory"])), 2601);
});
