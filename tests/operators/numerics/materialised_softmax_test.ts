import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { softmaxAttention } from "../../../operators/numerics/softmax_attention.ts";
import { tf } from "../../../operators/numerics/tf.ts";
import { InputError } from "../../../operators/records.ts";
import { attentionTensors, drawAttention, runAttention } from "../../helpers/attention_cases.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { tensorTest } from "../../helpers/tensors.ts";
import { attentionGradientReference, attentionReference } from "../../reference/softmax_attention.ts";

const side = fc.integer({ min: 1, max: 70 });
const cases = fc.tuple(
  fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 }), side, side, side, side),
  fc.boolean(),
  fc.integer({ min: 0, max: 2 }),
  fc.nat(1000),
);

tensorTest("materialised softmax attention and its gradient agree with float64", () => {
  fc.assert(
    fc.property(cases, ([sizes, causal, masking, seed]) => {
      const drawn = drawAttention(sizes, causal, masking, seed);
      const { at, q, k, v, dOut } = drawn;
      const found = runAttention(
        drawn,
        (q, k, v, mask) => softmaxAttention(q, k, v, { causal, mask, route: "materialised" }),
      );
      const wanted = [attentionReference(at, q, k, v), ...attentionGradientReference(at, q, k, v, dOut)];
      const bounds = [4 * tolerances.forward, ...new Array(3).fill(2 * tolerances.gradientAgainstFloat64)];
      ["out", "dQ", "dK", "dV"].forEach((name, i) => assertClose(found[i], wanted[i], bounds[i], name));
    }),
    { numRuns: 20 },
  );
});

tensorTest("materialised rows that see nothing are zeros, forwards and backwards", () => {
  const drawn = drawAttention([2, 1, 5, 7, 3, 2], false, 2, 5);
  for (
    const values of runAttention(drawn, (q, k, v, mask) => softmaxAttention(q, k, v, { mask, route: "materialised" }))
  ) {
    assert(values.subarray(0, values.length / 2).every((value) => value === 0));
  }
});

tensorTest("both routes take the same options, scores up to ±1e4 among them", () => {
  const drawn = drawAttention([1, 2, 13, 13, 3, 5], true, 1, 8, 58);
  const { q, k, v, mask } = attentionTensors(drawn);
  const whole = [tf.round(q), tf.round(k), v] as [typeof q, typeof k, typeof v];
  const options = { causal: true, mask, scale: 1 };
  const [one, other] = (["materialised", "streaming"] as const).map((route) =>
    softmaxAttention(...whole, { ...options, route }).dataSync()
  );
  assertClose(one, other, 2 * tolerances.forward);
  assertEquals(one.length, 130);
  const refusal = "Cannot attend as route must be streaming or materialised: current value is quick";
  assertThrows(() => softmaxAttention(...whole, { route: "quick" as "streaming" }), InputError, refusal);
});
