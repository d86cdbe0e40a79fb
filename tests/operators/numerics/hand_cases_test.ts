/**
 * Decoder paths and attentions in cases of two units and two positions that can be worked out on paper. Parameters are
 * chosen so that exponentials come out as fractions: tanh(ln 2) = 3/5, tanh(½ ln 3) = 1/2, softmax(ln 3, 0) = (3/4, 1/4).
 */
import { assertEquals } from "@std/assert";
import { type Attention, global } from "../../../operators/numerics/attention.ts";
import { bahdanauDecoder } from "../../../operators/numerics/bahdanau.ts";
import type { Decoder } from "../../../operators/numerics/decoder.ts";
import { local } from "../../../operators/numerics/local.ts";
import { luongDecoder } from "../../../operators/numerics/luong.ts";
import { monotonic } from "../../../operators/numerics/monotonic.ts";
import { multiHead } from "../../../operators/numerics/multi_head.ts";
import { scores } from "../../../operators/numerics/scores.ts";
import type { TensorMap } from "../../../operators/numerics/shape.ts";
import { type Tensor3D, tf } from "../../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { tensorTest, valuesOf } from "../../helpers/tensors.ts";

const [ln2, ln3] = [Math.log(2), Math.log(3)];
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
/** Two positions, one unit each. */
const UNITS = [[1, 0], [0, 1]];

function over(attention: Attention, params: TensorMap, memory = UNITS) {
  return attention.over(params, { memory: tf.tensor3d([memory]), mask: tf.ones([1, memory.length]) });
}

function assertAttended(
  { context, alignment }: { context: Tensor3D; alignment: Tensor3D },
  weights: number[][],
  contexts: number[][],
) {
  assertClose(valuesOf(alignment), weights.flat(), tolerances.forward, "weights");
  assertClose(valuesOf(context), contexts.flat(), tolerances.forward, "contexts");
}

tensorTest("global attention: a query of (ln 3, 0) takes three quarters of the first position", () => {
  const attend = over(global({ score: scores.dot }), {});
  assertAttended(attend(tf.tensor3d([[[ln3, 0], [0, ln2]]])), [[3 / 4, 1 / 4], [1 / 3, 2 / 3]], [[3 / 4, 1 / 4], [
    1 / 3,
    2 / 3,
  ]]);
});

tensorTest("local-m: windows of three positions move on with t, and stay at the end", () => {
  const attend = over(local({ scope: "monotone", window: 1, score: scores.dot }), {}, [[1, 0], [0, 1], [1, 1]]);
  // Scores ln 3, 0, ln 3: powers 3, 1, 3. Windows 1..2, 1..3, 2..3 (of 2..4), 2..3 (p stays at 3).
  const query = tf.tensor3d([new Array(4).fill([ln3, 0])]);
  const weights = [[3 / 4, 1 / 4, 0], [3 / 7, 1 / 7, 3 / 7], [0, 1 / 4, 3 / 4], [0, 1 / 4, 3 / 4]];
  assertAttended(attend(query), weights, [[3 / 4, 1 / 4], [6 / 7, 4 / 7], [3 / 4, 1], [3 / 4, 1]]);
  // One step at a time it is the same window.
  const one = tf.tensor3d([[[ln3, 0]]]);
  assertAttended(attend(one, { step: 2 }), [weights[2]], [[3 / 4, 1]]);
});

tensorTest("local-p: the Gaussian of σ = D / 2 comes after the softmax, and nothing makes up for it", () => {
  const attention = local({ scope: "predictive", window: 2, score: scores.dot });
  const attend = over(attention, { W_p: tf.tensor2d([[0], [1 / ln3]]), v_p: tf.tensor2d([[ln3 / Math.tanh(1)]]) });
  // Nothing predicted: p = 2 σ(0) = 1, and σ = 1: factors 1 and e^(-1/2). Then tanh(1) v_p = ln 3: p = 2 · 3/4 = 3/2.
  const query = tf.tensor3d([[[ln3, 0], [0, ln3]]]);
  const [far, half] = [Math.exp(-1 / 2), Math.exp(-1 / 8)];
  const weights = [[3 / 4, far / 4], [half / 4, 3 * half / 4]];
  assertAttended(attend(query), weights, weights);
});

tensorTest("local-p: what lies outside the window has no part in the softmax", () => {
  const attend = over(local({ scope: "predictive", window: 1, score: scores.dot }), {
    W_p: tf.zeros([2, 1]),
    v_p: tf.zeros([1, 1]),
  }, [[1, 0], [0, 1], [1, 1], [0, 0]]);
  // p = 4 · 1/2 = 2, σ = 1/2: positions 1 to 3, powers 3, 1, 3, factors e^-2, 1, e^-2.
  const edge = Math.exp(-2);
  const query = tf.tensor3d([[[ln3, 0]]]);
  assertAttended(attend(query), [[3 * edge / 7, 1 / 7, 3 * edge / 7, 0]], [[6 * edge / 7, (1 + 3 * edge) / 7]]);
});

tensorTest("monotonic attention: the place moves forward by the chances of stopping, and may run off the end", () => {
  const attend = over(monotonic({ score: scores.dot }), { r: tf.tensor1d([0]) });
  // Chances of stopping: σ(ln 3) = 3/4 and σ(0) = 1/2.
  const query = tf.tensor3d([[[ln3, 0], [ln3, 0]]]);
  const first = [3 / 4, 1 / 2 * (1 / 4)];
  const second = [3 / 4 * first[0], 1 / 2 * (first[1] + first[0] / 4)];
  assertEquals([first, second], [[3 / 4, 1 / 8], [9 / 16, 5 / 32]]);
  assertAttended(attend(query), [first, second], [first, second]);
  // A bias of -ln 3 makes the chances 1/2 and 1/4.
  const shy = over(monotonic({ score: scores.dot }), { r: tf.tensor1d([-ln3]) });
  assertAttended(shy(tf.tensor3d([[[ln3, 0]]])), [[1 / 2, 1 / 8]], [[1 / 2, 1 / 8]]);
});

tensorTest("two heads look at two places, and their values are joined and mixed", () => {
  const eye = tf.tensor2d(UNITS);
  const swap = tf.tensor2d([[0, 1], [1, 0]]);
  const attend = over(multiHead({ heads: 2, width: 2 }), { W_q: eye, W_k: eye, W_v: eye, W_o: swap });
  // Heads of width 1, so the scale is 1: weights (3/4, 1/4) and (1/3, 2/3), values 3/4 and 2/3; the swap comes last.
  const weights = [(3 / 4 + 1 / 3) / 2, (1 / 4 + 2 / 3) / 2];
  assertAttended(attend(tf.tensor3d([[[ln3, ln2]]])), [weights], [[2 / 3, 3 / 4]]);
  // One head of width 2: (ln 3 √2, 0) · k / √2.
  const one = over(multiHead({ heads: 1, width: 2 }), { W_q: eye, W_k: eye, W_v: eye, W_o: eye });
  const wide = tf.tensor3d([[[Math.SQRT2 * ln3, 0]]]);
  assertAttended(one(wide), [[3 / 4, 1 / 4]], [[3 / 4, 1 / 4]]);
});

/** Two steps with everything given; embeddings are all 1, of width 1. */
function taught(
  decoder: Decoder,
  params: TensorMap,
  attention: Attention,
  attentionParams: TensorMap,
  begins: { readonly final: number[]; readonly backward: number[] },
) {
  const initial = decoder.initial(params, {
    final: tf.tensor2d([begins.final]),
    backward: tf.tensor2d([begins.backward]),
  });
  return decoder.teacher(
    params,
    over(attention, attentionParams),
    initial,
    tf.tensor2d([[0, 0]], [1, 2], "int32"),
    tf.tensor1d([2], "int32"),
  );
}

/** Luong's: a GRU that halves its state, and what its path adds. */
const luongParams = (inputs: number[][]): TensorMap => ({
  "embedding/table": tf.ones([3, 1]),
  "gru/kernel": tf.tensor2d(inputs),
  "gru/recurrent": tf.zeros([2, 6]),
  "gru/bias": tf.zeros([6]),
  "gru/recurrentBias": tf.zeros([6]),
  // Rows c_1, c_2, h_1, h_2: h̃ = tanh(h_1 / 2, 4 ln 2 · c_2).
  "combine/kernel": tf.tensor2d([[0, 0], [0, 4 * ln2], [1 / 2, 0], [0, 0]]),
  "output/kernel": tf.tensor2d([[1, 0, 2], [0, 1, -1]]),
});
/** What Luong's path begins with; the other state is not its business. */
const FINAL = { final: [2 * ln3, 0], backward: [7, 7] };
const NOTHING = new Array(6).fill(0);
const said = ([a, b]: number[]) => [a, b, 2 * a - b];

tensorTest("Luong's path: the new state asks, and context and state make what is said", () => {
  const decoder = luongDecoder({ units: 2, embedding: 1 });
  const { logits, alignment, queries } = taught(
    decoder,
    luongParams([NOTHING]),
    global({ score: scores.dot }),
    {},
    FINAL,
  );
  // States halve: (ln 3, 0), then (½ ln 3, 0), whose powers are √3 and 1.
  assertClose(valuesOf(queries), [ln3, 0, ln3 / 2, 0], tolerances.forward);
  const last = 1 / (1 + Math.sqrt(3));
  assertClose(valuesOf(alignment), [3 / 4, 1 / 4, 1 - last, last], tolerances.forward);
  const first = [1 / 2, 3 / 5]; // tanh(½ ln 3), tanh(4 ln 2 / 4)
  const second = [(Math.sqrt(3) - 1) / (Math.sqrt(3) + 1), Math.tanh(4 * ln2 * last)];
  assertClose(valuesOf(logits), [...said(first), ...said(second)], tolerances.forward);
});

tensorTest("input feeding: what was said joins the next step's input, behind the embedding", () => {
  const decoder = luongDecoder({ units: 2, embedding: 1, inputFeeding: true });
  // Rows E y, h̃_1, h̃_2; columns r, z, n of two units each: candidate 1 is tanh(2 ln 2 · h̃_1).
  const kernel = [NOTHING, [0, 0, 0, 0, 2 * ln2, 0], NOTHING];
  const { logits, queries } = taught(decoder, luongParams(kernel), global({ score: scores.dot }), {}, FINAL);
  const state = ln3 / 2 + 3 / 10; // half of the old state, and half of tanh(ln 2) = 3/5
  assertClose(valuesOf(queries), [ln3, 0, state, 0], tolerances.forward);
  const second = [Math.tanh(state / 2), Math.tanh(4 * ln2 * sigmoid(-state))];
  assertClose(valuesOf(logits), [...said([1 / 2, 3 / 5]), ...said(second)], tolerances.forward);
});

for (const begins of ["backward", "final"] as const) {
  tensorTest(
    `Bahdanau's path, from the ${begins} state: the old state asks, the context enters the cell, maxout says`,
    () => {
      for (const reads of ["previous", "current"] as const) {
        const decoder = bahdanauDecoder({ units: 2, embedding: 1, memoryWidth: 2, maxout: 2, reads, begins });
        const params: TensorMap = {
          "embedding/table": tf.ones([3, 1]),
          // Rows E y, c_1, c_2; columns z, r, n of two units each.
          "gru/kernel": tf.tensor2d([NOTHING, [0, 0, 0, 0, 4 / 3 * ln2, 0], [0, 0, 0, 0, 0, 2 * ln3]]),
          // The candidate of unit 2 sees unit 1, after its reset to a half.
          "gru/recurrent": tf.tensor2d([[0, 0, 0, 0, 0, 2 * ln3], NOTHING]),
          "gru/bias": tf.zeros([6]),
          "bridge/kernel": tf.tensor2d(UNITS),
          // Rows s_1, s_2, E y, c_1, c_2: pairs (2 s_1, c_1) and (-E y, c_2).
          "readout/kernel": tf.tensor2d([[2, 0, 0, 0], [0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]),
          "output/kernel": tf.tensor2d([[1, 0, 2], [0, 1, -1]]),
        };
        const { logits, alignment, queries } = taught(
          decoder,
          params,
          global({ score: scores.general }),
          { W_a: tf.tensor2d([[2 * ln3, 0], [0, 2 * ln3]]) },
          { final: [7, 7], backward: [7, 7], [begins]: [ln3 / 2, 0] },
        );
        // s_0 = tanh(½ ln 3, 0) = (1/2, 0): scores ln 3 and 0. Candidates tanh(ln 2) = 3/5 and tanh(½ ln 3 + ½ ln 3) = 4/5.
        const states = [[1 / 2, 0], [1 / 4 + 3 / 10, 2 / 5]];
        assertClose(valuesOf(queries), states.flat(), tolerances.forward);
        const share = sigmoid(2 * ln3 * (states[1][0] - states[1][1]));
        assertClose(valuesOf(alignment), [3 / 4, 1 / 4, share, 1 - share], tolerances.forward);
        if (reads === "previous") {
          const best = [[1, 1 / 4], [Math.max(1.1, share), 1 - share]];
          assertClose(valuesOf(logits), best.flatMap(said), tolerances.forward);
        } else {
          assertClose(valuesOf(logits).slice(0, 3), said([1.1, 1 / 4]), tolerances.forward);
        }
      }
    },
  );
}
