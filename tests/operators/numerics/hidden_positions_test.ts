/**
 * NaN and infinity at positions that a mask hides, in every attention: no output, no weight and no gradient is another than
 * with anything else there (0 · NaN is NaN, so weights of 0 alone would not do).
 */
import { assert, assertEquals } from "@std/assert";
import { softmaxMechanism } from "../../../operators/numerics/attention_mechanisms.ts";
import { normal } from "../../../operators/numerics/random.ts";
import type { TensorMap } from "../../../operators/numerics/shape.ts";
import { softmaxAttention } from "../../../operators/numerics/softmax_attention.ts";
import { type Tensor, type Tensor2D, type Tensor3D, type Tensor4D, tf } from "../../../operators/numerics/tf.ts";
import { drawAttention, runAttention } from "../../helpers/attention_cases.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { attentions, shaken, sizes, sourceLengths } from "../../helpers/path_cases.ts";
import { randomTensor, tensorTest, toTensors } from "../../helpers/tensors.ts";

const SPECIALS = [NaN, Infinity, -Infinity];

/** Values with something that no sum can hold in the rows of `width` that a mask hides. */
function poisoned(values: Float32Array, width: number, hidden: (row: number) => boolean): Float32Array {
  return values.map((value, i) => {
    const row = Math.floor(i / width);
    return hidden(row) ? SPECIALS[row % 3] : value;
  });
}

for (const route of ["streaming", "materialised"] as const) {
  for (const causal of [false, true]) {
    tensorTest(`softmax attention, ${route}${causal ? ", causal" : ""}: hidden NaN changes nothing, both ways`, () => {
      const [batch, heads, keys, depth, width] = [2, 2, 71, 3, 5];
      const clean = drawAttention([batch, heads, keys, keys, depth, width], causal, 1, 6);
      const hidden = (row: number) => !clean.at.mask![Math.floor(row / keys / heads) * keys + row % keys];
      const run = (k: Float32Array, v: Float32Array) =>
        runAttention({ ...clean, k, v }, (q, k, v, mask) => softmaxAttention(q, k, v, { causal, mask, route }));
      const before = run(clean.k, clean.v);
      const after = run(poisoned(clean.k, depth, hidden), poisoned(clean.v, width, hidden));
      assertEquals(after.slice(0, 2), before.slice(0, 2));
      [depth, width].forEach((each, i) => {
        const [found, wanted] = [after[2 + i], before[2 + i]];
        assertClose(found, wanted, tolerances.forward);
        assert(found.every((value, at) => !hidden(Math.floor(at / each)) || value === 0), "nothing flows back");
      });
    });
  }
}

tensorTest("softmax attention, a chunk at a time: hidden NaN that is kept changes nothing", () => {
  const clean = drawAttention([2, 2, 9, 9, 3, 5], true, 1, 6);
  const hidden = (row: number) => !clean.at.mask![Math.floor(row / 9 / 2) * 9 + row % 9];
  const run = (k: Float32Array, v: Float32Array) => {
    let state = softmaxMechanism().state!();
    const given = [clean.q, k, v].map((values) => tf.tensor4d(values, [2, 2, 9, values.length / 36]));
    const mask = tf.tensor2d(Array.from(clean.at.mask!), [2, 9]);
    const outputs: Tensor4D[] = [];
    for (let from = 0; from < 9; from += 4) {
      const size = Math.min(4, 9 - from);
      const [q, k, v] = given.map((x) => tf.slice(x, [0, 0, from, 0], [-1, -1, size, -1]) as Tensor4D);
      const taken = state.step(q, k, v, tf.slice(mask, [0, from], [-1, size]) as Tensor2D);
      state = taken.next;
      outputs.push(taken.output);
    }
    return tf.concat(outputs, 2).dataSync();
  };
  assertEquals(run(poisoned(clean.k, 3, hidden), poisoned(clean.v, 5, hidden)), run(clean.k, clean.v));
});

for (const [attention] of attentions.filter(([{ name }]) => name !== "none")) {
  tensorTest(`${attention.name}: padding of NaN changes no weight, no context and no gradient`, () => {
    const { B, S, T, U, M, hidden, positions } = sizes;
    const params = toTensors(shaken(attention.parameters({ query: U, key: M, hidden, positions }, 7), 200));
    const names = Object.keys(params);
    const mask = tf.tensor2d(sourceLengths.map((length) => Array.from({ length: S }, (_, s) => Number(s < length))));
    const query = randomTensor([B, T, U], 1);
    const memory = normal([B, S, M], 1, 3).values as Float32Array;
    const [onContext, onWeights] = [randomTensor([B, T, M], 5), randomTensor([B, T, S], 7)];
    const run = (memory: Float32Array) => {
      const said: Tensor[] = [];
      const loss = (...[query, memory, ...values]: Tensor[]) => {
        const own: TensorMap = Object.fromEntries(names.map((name, i) => [name, values[i]]));
        const asked = attention.over(own, { memory: memory as Tensor3D, mask })(query as Tensor3D);
        said.push(asked.context, asked.alignment);
        // A score that looks at places alone still has its keys in the loss, with weight 0.
        return tf.add(tf.sum(tf.mul(asked.context, onContext)), tf.sum(tf.mul(asked.alignment, onWeights)));
      };
      const inputs = [query, tf.tensor3d(memory, [B, S, M]), ...Object.values(params)];
      const { grads } = tf.valueAndGrads((...all) => {
        const value = loss(...all);
        said.forEach((tensor) => tf.keep(tensor));
        return value;
      })(inputs);
      const found = [...said, ...grads].map((tensor) => tensor.dataSync());
      tf.dispose(said);
      return found;
    };
    const after = run(poisoned(memory, M, (row) => row % S >= sourceLengths[Math.floor(row / S)]));
    assertEquals(after, run(memory));
    const atMemory = after[3];
    atMemory.forEach((value, i) => {
      const row = Math.floor(i / M);
      if (row % S >= sourceLengths[Math.floor(row / S)]) assertEquals(Math.abs(value), 0);
    });
  });
}
