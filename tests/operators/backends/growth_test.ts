/** Kernels after the memory has grown, which detaches every view of it: no kernel may hold one. */
import { assertEquals } from "@std/assert";
import { runKernel } from "../../../operators/numerics/device_kernels.ts";
import { poly2Chunk, poly2State } from "../../../operators/numerics/poly2_attention.ts";
import { softmaxAttention } from "../../../operators/numerics/softmax_attention.ts";
import { type Tensor4D, tf } from "../../../operators/numerics/tf.ts";
import { attentionTensors, drawAttention, runAttention } from "../../helpers/attention_cases.ts";
import { growMemory, normals, packTest } from "../../helpers/builds.ts";
import { run } from "../../helpers/gru_cases.ts";
import { attend, draw, ROUTES } from "../../helpers/poly2_cases.ts";

const sizes = { batch: 5, steps: 4, inputs: 3, units: 9, seed: 3, reverse: true };

/** Kernels by what they do; each gives the values of all its results. */
const kernels: Readonly<Record<string, () => unknown>> = {
  "a recurrent layer and its gradient": () => run(sizes),
  "softmax attention and its gradient": () =>
    runAttention(
      drawAttention([2, 2, 67, 71, 5, 7], true, 1, 3),
      (q, k, v, mask) => softmaxAttention(q, k, v, { causal: true, mask }),
    ),
  "poly-2 attention and its gradient, by both routes": () =>
    ROUTES.map((route) => attend(draw([2, 2, 131, 137, 5, 7], true, 1, 3), route)),
  "poly-2 attention behind a state": () =>
    tf.tidy(() => {
      const { q, k, v } = attentionTensors(draw([1, 2, 11, 11, 5, 7], true, 0, 3));
      const { out, state } = poly2Chunk(poly2State(1, 2, 5, 7) as Tensor4D, q, k, v);
      return [out.dataSync(), state.dataSync()];
    }),
  "segment sums": () =>
    tf.tidy(() => {
      const ids = tf.tensor1d(Array.from({ length: 67 }, (_, row) => row * row % 11), "int32");
      return tf.unsortedSegmentSum(tf.tensor(normals([67, 5], 1), [67, 5]), ids, 11).dataSync();
    }),
  "dropout's factors": () => {
    const state = Int32Array.of(1, 2, 3, 4);
    return tf.tidy(() => {
      const factors = runKernel<Tensor4D>("HeedDropFactors", {}, { shape: [257], state, limit: 2 ** 31, kept: 2 });
      return [factors.dataSync(), state];
    });
  },
};

packTest("each kernel gives the same bits before and after the memory has grown", () => {
  const before = Object.values(kernels).map((run) => run());
  growMemory();
  Object.entries(kernels).forEach(([name, run], at) => assertEquals(run(), before[at], name));
});

packTest("tensors made before the memory grew are read where they lie", () => {
  const drawn = drawAttention([1, 2, 19, 23, 5, 7], false, 0, 3);
  const { q, k, v } = attentionTensors(drawn);
  const forward = () => tf.tidy(() => softmaxAttention(q, k, v).dataSync());
  const before = forward();
  growMemory();
  assertEquals(forward(), before);
  tf.dispose([q, k, v]);
});
