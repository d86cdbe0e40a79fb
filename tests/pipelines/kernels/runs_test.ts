/** What a kernel comparison reads off its rows, on made-up times: the overhead region is left out of a fitted exponent. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { KernelRuns } from "../../../pipelines/kernels/runs.ts";
import { exponent } from "../../../reports/mod.ts";

const SETTING = { d: 8, causal: false };

/** Runs in which each mechanism's least time at N is what its function says; quartiles are longer. */
function runsOf(times: Record<string, (n: number) => number>, lengths: readonly number[]): KernelRuns {
  const rows = Object.entries(times).flatMap(([mechanism, time]) =>
    lengths.flatMap((n) =>
      [0, 0.25, 0.5, 0.75].map((quantile) => ({
        trial: "t",
        metric: "time",
        step: n,
        value: time(n) * (1 + quantile),
        unit: "s",
        labels: { mechanism, d: SETTING.d, causal: 0, quantile },
      }))
    )
  );
  return new KernelRuns(
    { rows, trials: [], profile: "quick", command: "", machines: [] } as ConstructorParameters<typeof KernelRuns>[0],
  );
}

const lengths = [16, 64, 256, 1024, 2048, 4096, 8192, 16384];

Deno.test("an exponent is fitted where a pass takes four times the shortest, overhead excluded", () => {
  const [overhead, quadratic, linear] = [1e-3, (n: number) => 1e-9 * n * n, (n: number) => 1e-6 * n];
  const runs = runsOf({
    softmax: (n) => overhead + quadratic(n),
    elu: (n) => overhead + linear(n),
    pure: quadratic,
  }, lengths);
  const [softmax, elu, pure] = ["softmax", "elu", "pure"].map((name) => runs.fit(SETTING, name)!);
  // 1e-9 N² is three times the overhead from N = 1,732 on; 1e-6 N, from N = 3,000.
  assertEquals([softmax.from, softmax.to, softmax.count], [2048, 16384, 4]);
  assertEquals([elu.from, elu.to, elu.count], [4096, 16384, 3]);
  const points = lengths.filter((n) => n >= 2048).map((n) => ({ x: n, y: overhead + quadratic(n) }));
  assertEquals(softmax, exponent(points));
  assert(softmax.mean > 1.85 && softmax.mean < 2, `${softmax.mean}`);
  // With the overhead in it a square looks like less than a line.
  const all = exponent(lengths.map((n) => ({ x: n, y: overhead + quadratic(n) })))!;
  assert(all.mean < 1, `${all.mean}`);
  // A law without overhead loses only what lies below four times its shortest.
  assertEquals([pure.from, pure.count], [64, 7]);
  assertAlmostEquals(pure.mean, 2, 1e-9);
});

Deno.test("nothing is fitted where overhead is all there is, or a long pass is as short as a short one", () => {
  const flat = runsOf({ softmax: (n) => 1e-3 + 1e-8 * n }, lengths);
  assertEquals(flat.fit(SETTING, "softmax"), undefined);
  assertEquals(flat.fit(SETTING, "unknown"), undefined);
  // A single quick pass at the end: all before it may be overhead, too.
  const dip = runsOf({ softmax: (n) => n === 16384 ? 1e-3 : 1e-3 + 1e-9 * n * n }, lengths);
  assertEquals(dip.fit(SETTING, "softmax"), undefined);
  // Two points behind the overhead are no line.
  const short = runsOf({ softmax: (n) => 1e-3 + 1e-9 * n * n }, lengths.slice(0, 6));
  assertEquals(short.fit(SETTING, "softmax"), undefined);
});
