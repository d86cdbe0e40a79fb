import { assertEquals, assertThrows } from "@std/assert";
import { attend } from "../../../operators/numerics/attention.ts";
import type { Score } from "../../../operators/numerics/score.ts";
import { scores } from "../../../operators/numerics/scores.ts";
import { type Scalar, type Tensor, type Tensor2D, type Tensor3D, tf } from "../../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { differenceGradient, tapeGradient } from "../../helpers/gradient.ts";
import { primeDims } from "../../helpers/score_cases.ts";
import { randomTensor, tensorTest, toTensors, valuesOf } from "../../helpers/tensors.ts";
import { pairScores, referenceAttention } from "../../reference/scores.ts";

/** The same masks for every score: nothing masked, padding, holes, one whole row, everything. */
const masks: Record<string, (keys: number) => number[]> = {
  "no mask": (keys) => Array(2 * keys).fill(1),
  "padding": (keys) => Array.from({ length: 2 * keys }, (_, i) => i < keys || i % keys < Math.ceil(keys / 2) ? 1 : 0),
  "holes": (keys) => Array.from({ length: 2 * keys }, (_, i) => i % 2 === 0 ? 1 : 0),
  "a whole row masked": (keys) => Array.from({ length: 2 * keys }, (_, i) => i < keys ? 0 : 1),
  "everything masked": (keys) => Array(2 * keys).fill(0),
};

for (const score of Object.values(scores) as Score[]) {
  tensorTest(
    `attend() with ${score.name}: context, alignment and every gradient agree with float64, for every mask`,
    () => {
      for (const [queries, keys] of [[3, 5], [5, 3], [1, 5], [3, 1], [1, 1]]) {
        for (const [name, maskOf] of Object.entries(masks)) {
          const dims = { ...primeDims(score.name), queries, keys, hidden: 3, positions: 7 };
          const params = toTensors(score.parameters(dims, 11));
          const query = randomTensor<Tensor3D>([2, queries, dims.query], 12);
          const memory = randomTensor<Tensor3D>([2, keys, dims.key], 13);
          const mask = maskOf(keys);
          const maskTensor = tf.tensor2d(mask, [2, keys]);
          const where = `T ${queries}, S ${keys}, ${name}`;
          const { context, alignment } = attend(score, params, memory, maskTensor)(query);
          const names = Object.keys(params);
          const inputs = [...names.map((key) => params[key]), query, memory];
          const flat = inputs.map(valuesOf);
          const reference = (values: number[][]) =>
            referenceAttention(
              pairScores[score.name],
              Object.fromEntries(names.map((key, i) => [key, values[i]])),
              values[names.length],
              values[names.length + 1],
              mask,
              dims,
            );
          const expected = reference(flat);
          assertClose(valuesOf(context), expected.context, tolerances.forward, where);
          assertClose(valuesOf(alignment), expected.alignment, tolerances.forward, where);
          if (queries === 5) continue; // the gradients of the other shapes cover both routes

          const upstream = randomTensor([2, queries, dims.key], 14);
          const weights = valuesOf(upstream);
          const loss = (...tensors: Tensor[]) => {
            const learnt = Object.fromEntries(names.map((key, i) => [key, tensors[i]]));
            const [q, m] = tensors.slice(names.length) as Tensor3D[];
            return attend(score, learnt, m, maskTensor)(q).context.mul(upstream).sum() as Scalar;
          };
          const gradients = tapeGradient(loss, inputs);
          gradients.forEach((gradient, which) => {
            const numeric = differenceGradient((at) =>
              reference(flat.map((values, i) => i === which ? at : values))
                .context.reduce((sum, value, i) => sum + value * weights[i], 0), flat[which]);
            assertClose(gradient, numeric, tolerances.gradientAgainstFloat64, `${where}, gradient ${which}`);
          });
        }
      }
    },
  );

  tensorTest(`attend() with ${score.name}: padding the memory changes nothing, whatever the padding holds`, () => {
    const dims = primeDims(score.name);
    const params = toTensors(score.parameters(dims, 15));
    const query = randomTensor<Tensor3D>([2, 3, dims.query], 16);
    const memory = randomTensor<Tensor3D>([2, 5, dims.key], 17);
    const padded = tf.concat([memory, randomTensor<Tensor3D>([2, 4, dims.key], 18, 100)], 1);
    const mask = tf.ones([2, 5]) as Tensor2D;
    const short = attend(score, params, memory, mask)(query);
    const long = attend(score, params, padded, mask.pad([[0, 0], [0, 4]]))(query);
    assertClose(valuesOf(long.context), valuesOf(short.context), tolerances.forward);
    assertClose(valuesOf(long.alignment.slice([0, 0, 0], [2, 3, 5])), valuesOf(short.alignment), tolerances.forward);
    assertEquals(valuesOf(long.alignment.slice([0, 0, 5], [2, 3, 4])), Array(24).fill(0));
  });

  tensorTest(`attend() with ${score.name}: one step at a time equals all steps together`, () => {
    const dims = primeDims(score.name);
    const params = toTensors(score.parameters(dims, 19));
    const query = randomTensor<Tensor3D>([2, 3, dims.query], 20);
    const look = attend(score, params, randomTensor([2, 5, dims.key], 21), tf.ones([2, 5]));
    const steps = [0, 1, 2].map((t) => look(query.slice([0, t, 0], [2, 1, dims.query])).context);
    assertClose(valuesOf(tf.concat(steps, 1)), valuesOf(look(query).context), tolerances.recurrent);
  });
}

tensorTest("attend() prepares the memory once, however many queries follow", () => {
  let prepared = 0;
  const counting: Score = {
    ...scores.concat,
    prepare(params, keys) {
      prepared++;
      return scores.concat.prepare!(params, keys);
    },
  };
  const dims = primeDims("concat");
  const look = attend(counting, toTensors(counting.parameters(dims, 1)), tf.zeros([2, 5, 11]), tf.ones([2, 5]));
  look(tf.zeros([2, 1, 7]));
  look(tf.zeros([2, 3, 7]));
  assertEquals(prepared, 1);
});

tensorTest("attend() says which shapes don't fit together", () => {
  const memory = tf.zeros([2, 5, 7]) as Tensor3D;
  assertThrows(
    () => attend(scores.dot, {}, memory, tf.ones([2, 3])),
    RangeError,
    "mask of shape [2, 3]: expected [2, 5]",
  );
  const look = attend(scores.dot, {}, memory, tf.ones([2, 5]));
  assertThrows(() => look(tf.zeros([3, 1, 7])), RangeError, "query of shape [3, 1, 7]");
});
