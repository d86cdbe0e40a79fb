import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { countOperations, countScore } from "../../../operators/numerics/counting.ts";
import { registerKernelCost } from "../../../operators/numerics/kernel_costs.ts";
import type { Score } from "../../../operators/numerics/score.ts";
import { scores } from "../../../operators/numerics/scores.ts";
import { type Tensor3D, tf } from "../../../operators/numerics/tf.ts";
import { lowRank } from "../../helpers/score_cases.ts";
import { randomTensor, tensorTest, toTensors } from "../../helpers/tensors.ts";

const size = fc.integer({ min: 1, max: 7 });
const anyDims = fc.record({
  batch: size,
  queries: size,
  keys: size,
  query: size,
  key: size,
  hidden: size,
  spare: fc.nat({ max: 3 }),
});

for (const score of [...Object.values(scores), lowRank] as Score[]) {
  tensorTest(`${score.name}: parameters, operations, activations and bytes as executed equal the closed form`, () => {
    fc.assert(
      fc.property(anyDims, (drawn) => {
        const equal = ["dot", "scaledDot", "cosine"].includes(score.name);
        const dims = { ...drawn, key: equal ? drawn.query : drawn.key, positions: drawn.keys + drawn.spare };
        const query = randomTensor<Tensor3D>([dims.batch, dims.queries, dims.query], 1);
        const keys = randomTensor<Tensor3D>([dims.batch, dims.keys, dims.key], 2);
        const counted = countScore(score, toTensors(score.parameters(dims, 3)), query, keys);
        const { parameters, operations, activations, bytes } = counted;
        assertEquals({ parameters, operations, activations, bytes }, score.cost(dims));
        if (score.name !== "scaledDot") assertEquals(counted.folded, 0);
      }),
      { numRuns: 60 },
    );
  });
}

Deno.test("parameter counts are the ones that the papers' sizes give", () => {
  const at = { hidden: 1000, positions: 50, queries: 1, keys: 1 };
  assertEquals(scores.concat.cost({ ...at, query: 1000, key: 2000 }).parameters, 3_001_000);
  const luong = { ...at, query: 1000, key: 1000 };
  assertEquals(scores.general.cost(luong).parameters, 1_000_000);
  assertEquals(scores.concat.cost(luong).parameters, 2_001_000);
  assertEquals(scores.location.cost(luong).parameters, 50_000);
  assertEquals([scores.dot.cost(luong).parameters, scores.scaledDot.cost(luong).parameters], [0, 0]);
});

Deno.test("costs are the closed forms, worked out by hand", () => {
  const dims = { query: 3, key: 5, hidden: 7, positions: 13, queries: 2, keys: 11, batch: 17 };
  assertEquals(scores.dot.cost({ ...dims, key: 3 }).operations, 17 * 2 * 3 * 22);
  assertEquals(scores.general.cost(dims).operations, 17 * (2 * 15 * 2 + 2 * 5 * 22)); // queries projected, l = l_e
  assertEquals(scores.general.cost({ ...dims, queries: 12 }).operations, 17 * (2 * 15 * 11 + 2 * 3 * 132)); // l = l_d
  assertEquals(scores.concat.cost(dims).operations, 17 * (14 * (3 * 2 + 5 * 11) + 22 * 27));
  assertEquals(scores.location.cost(dims).operations, 17 * 2 * 13 * 3 * 2);
  assertEquals(scores.concat.cost(dims).activations, 17 * 7 * 22);
  assertEquals(scores.concat.cost(dims).bytes, 4 * 17 * 7 * 22);
});

tensorTest("countOperations() counts products, element-wise work and sums, kernel by kernel", () => {
  const a = tf.ones([2, 3]);
  const b = tf.ones([5, 3]);
  const { operations, folded, kernels } = countOperations(() => a.matMul(b as never, false, true).tanh().sum().mul(2));
  assertEquals(operations, 2 * 2 * 3 * 5 + 10 + 9);
  assertEquals(folded, 1);
  const counted = kernels.filter((kernel) => kernel.operations > 0).map(({ name, operations }) => [name, operations]);
  assertEquals(counted, [["BatchMatMul", 60], ["Tanh", 10], ["Sum", 9]]);
  // A transposed left operand must not change the count.
  const transposed = () => tf.matMul(tf.ones([2, 3, 7]), tf.ones([2, 3, 5]), true, false);
  assertEquals(countOperations(transposed).operations, 2 * 2 * 7 * 5 * 3);
});

tensorTest("countOperations() names a kernel that it doesn't know, and leaves the engine as it was", () => {
  const { runKernel } = tf.engine();
  assertThrows(() => countOperations(() => tf.ones([3]).cumprod()), RangeError, '"Cumprod"');
  assertThrows(
    () =>
      countOperations(() => {
        throw new TypeError("from within");
      }),
    TypeError,
    "from within",
  );
  assertEquals(tf.engine().runKernel, runKernel);
  registerKernelCost("Cumsum", { operations: ({ outputs }) => outputs[0].shape[0] - 1, keeps: "nothing" });
  assertEquals(countOperations(() => tf.ones([3]).cumsum()).operations, 2);
});
