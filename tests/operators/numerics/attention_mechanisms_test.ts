import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { countAttention } from "../../../operators/numerics/attention_counting.ts";
import { type AttentionMechanism, checkMechanism } from "../../../operators/numerics/attention_mechanism.ts";
import {
  attentionMechanisms,
  kernelMechanism,
  softmaxMechanism,
} from "../../../operators/numerics/attention_mechanisms.ts";
import { cost } from "../../../operators/numerics/attention_costs.ts";
import { featureMaps } from "../../../operators/numerics/feature_maps.ts";
import { kernelAttention } from "../../../operators/numerics/kernel_attention.ts";
import { kernelState } from "../../../operators/numerics/kernel_state.ts";
import { type Tensor2D, type Tensor4D, tf } from "../../../operators/numerics/tf.ts";
import { InputError } from "../../../operators/records.ts";
import { attentionTensors, drawAttention } from "../../helpers/attention_cases.ts";
import { assertClose } from "../../helpers/close.ts";
import { tensorTest } from "../../helpers/tensors.ts";

const side = fc.integer({ min: 1, max: 9 });
const part = <T extends tf.Tensor>(x: T, from: number, length: number, axis = 2): T =>
  tf.slice(
    x,
    x.shape.map((_, at) => at === axis ? from : 0),
    x.shape.map((size, at) => at === axis ? length : size),
  ) as T;

for (const mechanism of attentionMechanisms) {
  tensorTest(`${mechanism.name}: chunks of any size and single steps give what the whole gives`, () => {
    for (const masking of [0, 1, 2]) {
      const drawn = drawAttention([2, 2, 17, 17, 4, 3], true, masking, 3, 0.6);
      const { q, k, v, mask } = attentionTensors(drawn);
      const whole = mechanism.apply(q, k, v, { causal: true, mask }).dataSync();
      for (const size of [1, 5, 17, 40]) {
        let state = mechanism.state!({ positions: 17 });
        const outputs: Tensor4D[] = [];
        const sizes = new Set<number>();
        for (let from = 0; from < 17; from += size) {
          const length = Math.min(size, 17 - from);
          const own = mask && part(mask as Tensor2D, from, length, 1);
          const { output, next } = state.step(part(q, from, length), part(k, from, length), part(v, from, length), own);
          outputs.push(output);
          state = next.with(next.tensors.map((tensor) => tensor.clone()));
          sizes.add(next.tensors.reduce((sum, tensor) => sum + tensor.size, 0));
        }
        assertEquals(state.position, 17);
        assertClose(tf.concat(outputs, 2).dataSync(), whole, 1e-4, `masking ${masking}, chunk ${size}`);
        if (!mechanism.name.startsWith("softmax")) assertEquals(sizes.size, 1, "the state has one size");
      }
    }
  });

  tensorTest(`${mechanism.name}: operations as executed equal the closed form`, () => {
    fc.assert(
      fc.property(
        side,
        side,
        fc.integer({ min: 1, max: 4 }),
        side,
        fc.integer({ min: 1, max: 2 }),
        (n, half, heads, m, batch) => {
          const d = 2 * half;
          const { q, k, v } = attentionTensors(drawAttention([batch, heads, n, n, d, m], false, 0, 1));
          const dims = { n, d, m, heads, batch };
          // A maximum over B H heads at once is B H times N - 1.
          assertEquals(countAttention(mechanism, q, k, v), mechanism.cost!(dims).operations, JSON.stringify(dims));
          if (mechanism.kernel?.route === "quadratic") return; // its state is the recurrence
          const causal = mechanism.cost!({ ...dims, causal: true }).operations;
          assertEquals(countAttention(mechanism, q, k, v, true), causal, `causal ${JSON.stringify(dims)}`);
        },
      ),
      { numRuns: 12 },
    );
  });
}

tensorTest("poly-2 without a scale executes exactly THEORY.md 6.3's operations, causal or not", () => {
  const mechanism = kernelMechanism(featureMaps.poly2({ scale: 1 }));
  const { q, k, v } = attentionTensors(drawAttention([1, 1, 13, 13, 5, 7], false, 0, 1));
  const [n, d, m] = [13, 5, 7], c = 21;
  const closed = n * (4 * c * m + 5 * c - 3) - c * (m + 1);
  assertEquals(countAttention(mechanism, q, k, v), closed);
  assertEquals(countAttention(mechanism, q, k, v, true), closed);
  assertEquals(cost.kernel({ n, d, m }).operations, closed);
  const softmax = softmaxMechanism();
  assertEquals(countAttention(softmax, q, k, v), n * n * (2 * d + 2 * m + 3) + n * (d - 2));
  assertEquals(countAttention(softmax, q, k, v, true), n * (n + 1) / 2 * (2 * d + 2 * m + 3) + n * (d - 2));
  const quadratic = kernelMechanism(featureMaps.poly2({ scale: 1 }), { route: "quadratic" });
  assertEquals(countAttention(quadratic, q, k, v), n * n * (2 * d + 2 * m + 2) - n);
});

tensorTest("a user's own mechanism is counted and checked like the others", () => {
  const mean: AttentionMechanism = {
    name: "mean",
    citation: "nobody",
    apply: (q, _k, v) => tf.tile(tf.mean(v, 2, true), [1, 1, q.shape[2], 1]) as Tensor4D,
    refuses: ({ d }) => d % 2 ? `the width must be even: current value is ${d}` : undefined,
  };
  const { q, k, v } = attentionTensors(drawAttention([1, 1, 5, 5, 3, 2], false, 0, 1));
  assertEquals(countAttention(mean, q, k, v), 10);
  assertThrows(() => countAttention(mean, q, k, v, true), RangeError, '"mean" has no state');
  const refusal = 'Cannot use the attention "mean" as the width must be even: current value is 3';
  assertThrows(() => checkMechanism(mean, { n: 1, d: 3, m: 1 }), InputError, refusal);
  checkMechanism(mean, { n: 1, d: 4, m: 1 });
});

tensorTest("every state refuses chunks whose sides don't fit, and empty ones", () => {
  const { q, k, v, mask } = attentionTensors(drawAttention([2, 1, 3, 3, 4, 5], true, 1, 1));
  const none = part(q, 0, 0);
  const refused: [Parameters<ReturnType<NonNullable<AttentionMechanism["state"]>>["step"]>, string][] = [
    [[none, none, part(v, 0, 0)], "a chunk must have at least one position: current value is 0"],
    [[q, part(k, 0, 2), v], "Cannot use k of shape [2, 1, 2, 4]: expected [2, 1, 3, 4]"],
    [[q, k, part(v, 0, 2)], "Cannot use v of shape [2, 1, 2, 5]: expected [2, 1, 3, any]"],
    [[q, k, v, part(mask!, 0, 2, 1)], "Cannot use mask of shape [2, 2]: expected [2, 3]"],
  ];
  for (const mechanism of attentionMechanisms) {
    for (const [chunk, message] of refused) {
      assertThrows(() => mechanism.state!({ positions: 9 }).step(...chunk), Error, message, mechanism.name);
    }
  }
});

tensorTest("names are unique, and everybody is cited", () => {
  assertEquals(new Set(attentionMechanisms.map(({ name }) => name)).size, attentionMechanisms.length);
  assert(attentionMechanisms.every(({ citation, scaling }) => citation && scaling));
});

tensorTest("a compensated state is the same state, more exact", () => {
  const drawn = drawAttention([1, 1, 30, 30, 3, 2], true, 1, 5);
  const { q, k, v, mask } = attentionTensors(drawn);
  for (const map of [featureMaps.elu(), featureMaps.favor({ features: 6 })]) {
    const whole = kernelAttention(q, k, v, { map, causal: true, mask }).dataSync();
    let state = kernelState({ map, compensated: true });
    const outputs: Tensor4D[] = [];
    for (let from = 0; from < 30; from += 6) {
      const own = part(mask!, from, 6, 1);
      const { output, next } = state.step(part(q, from, 6), part(k, from, 6), part(v, from, 6), own);
      outputs.push(output);
      state = next;
    }
    assertClose(tf.concat(outputs, 2).dataSync(), whole, 1e-5, map.name);
  }
});
