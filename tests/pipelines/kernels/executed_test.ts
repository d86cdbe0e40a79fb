import { assert, assertEquals } from "@std/assert";
import { cost } from "../../../operators/mod.ts";
import { executedCrossover, executedPoly2, executedSoftmax } from "../../../pipelines/kernels/executed.ts";

Deno.test("what is executed is the closed form, but for exponentials and chunks", () => {
  const dims = { n: 100, d: 16, m: 16 };
  assertEquals(executedSoftmax(dims, "forward"), cost.softmax(dims).operations + 19 * 100 ** 2);
  assertEquals(executedPoly2(dims, "forward"), cost.kernel(dims).operations + 100 * 16);
  // One chunk is all pairs.
  const causal = { ...dims, causal: true };
  assertEquals(executedPoly2(causal, "forward"), cost.kernel({ ...causal, route: "quadratic" }).operations + 100 * 16);
});

Deno.test("the crossover as executed is the last length at which counts change their order, for both passes", () => {
  for (const causal of [false, true]) {
    for (const d of [16, 32, 64]) {
      for (const pass of ["forward", "training"] as const) {
        const n = executedCrossover({ d, causal }, pass);
        const lead = (n: number) => {
          const dims = { n, d, m: d, causal };
          return executedSoftmax(dims, pass) / executedPoly2(dims, pass);
        };
        if (n === 0) {
          for (const length of [1, 64, 128, 256, 1024, 2 ** 17]) assert(lead(length) > 1, `${d} ${pass}: N ${length}`);
          continue;
        }
        const chunk = n > 128 ? 128 : 1, below = Math.floor(n / chunk) * chunk;
        assert(lead(below) <= 1 && lead(below + chunk) >= 1, `${pass} D ${d} causal ${causal}: ${n}`);
        assert(lead(1024 * Math.ceil(n / 128)) > 1);
        const { operations, training } = cost.crossover({ d, m: d, causal });
        assert(n < (pass === "forward" ? operations : training), "an exponential is dearer than 1");
      }
    }
  }
  assertEquals(executedCrossover({ d: 8, causal: true }), 0);
});
