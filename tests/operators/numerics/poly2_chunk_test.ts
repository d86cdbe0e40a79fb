import { assert, assertEquals } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import { countOperations } from "../../../operators/numerics/counting.ts";
import { poly2Attention, poly2Chunk, poly2State, poly2Width } from "../../../operators/numerics/poly2_attention.ts";
import { normal } from "../../../operators/numerics/random.ts";
import { type Tensor, type Tensor2D, type Tensor4D, tf } from "../../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { ENGINES } from "../../helpers/builds.ts";
import { attend, draw } from "../../helpers/poly2_cases.ts";
import { poly2FeaturesReference, poly2Recurrence } from "../../reference/poly2_attention.ts";

for (const pack of ENGINES) {
  Deno.test(`${pack}: chunks of any length give what the whole gives, and the state of the recurrence`, async () => {
    await useEngine({ pack });
    const [heads, length, depth, width] = [2, pack === "off" ? 71 : 139, 4, 3];
    const { at, q, k, v, dOut } = draw([1, heads, length, length, depth, width], true, 1, 10);
    const whole = attend({ at, q, k, v, dOut }, "quadratic")[0];
    const plain = { ...at, mask: undefined };
    tf.tidy(() => {
      const tensors = [[q, depth], [k, depth], [v, width]].map(([values, last]) =>
        tf.tensor4d(values as Float32Array, [1, heads, length, last as number])
      );
      const hidden = tf.tensor2d(Array.from(at.mask!), [1, length]);
      for (const chunk of [1, 7, 64, 128, 139, 500]) {
        for (const [mask, compensated] of [[hidden, false], [undefined, false], [undefined, true]] as const) {
          let state = poly2State(1, heads, depth, width, { compensated });
          const parts: Tensor4D[] = [];
          for (let top = 0; top < length; top += chunk) {
            const rows = Math.min(chunk, length - top);
            const [q, k, v] = tensors.map((of) => of.slice([0, 0, top, 0], [-1, -1, rows, -1]));
            const step = poly2Chunk(state, q, k, v, { mask: mask?.slice([0, top], [-1, rows]) as Tensor2D });
            parts.push(step.out), state = step.state;
          }
          const out = tf.concat(parts, 2).dataSync();
          const wanted = mask ? whole : attend({ at: plain, q, k, v, dOut }, "linear")[0];
          assertClose(out, wanted, tolerances.recurrent, `chunk ${chunk}`);
          if (mask) continue;
          assertEquals(state.shape, [1, heads, poly2Width(depth) * (compensated ? 2 : 1), width + 1]);
          const found = state.dataSync();
          const rows = (values: Float32Array, last: number) =>
            Array.from({ length }, (_, i) => Array.from(values.subarray(i * last, i * last + last)));
          const expected = poly2Recurrence(rows(q, depth), rows(k, depth), rows(v, width));
          assertClose(out.slice(0, length * width), expected.out.flat(), tolerances.recurrent);
          assertClose(found.slice(0, poly2Width(depth) * (width + 1)), expected.state.flat(), tolerances.recurrent);
        }
      }
    });
  });
}

for (const pack of ENGINES.slice(1)) {
  Deno.test(`${pack}: sums over 131,072 keys stay as near to float64 as sums over a tile`, async () => {
    await useEngine({ pack });
    const [length, depth, width] = [131072, 3, 1];
    const q = normal([length * depth], 0.25, 1).values, k = normal([length * depth], 1, 2).values;
    const v = normal([length], 1, 3).values.map((value) => value + 0.5);
    const out = tf.tidy(() => {
      const of = (values: Float32Array, last: number) => tf.tensor4d(values, [1, 1, length, last]);
      return poly2Attention(of(q, depth), of(k, depth), of(v, width), { causal: true, route: "linear" }).dataSync();
    });
    const state = Array.from({ length: poly2Width(depth) }, () => [0, 0]);
    for (let i = 0; i < length; i++) {
      poly2FeaturesReference(k.subarray(3 * i, 3 * i + 3)).forEach((feature, c) => {
        state[c][0] += feature * v[i], state[c][1] += feature;
      });
      if (i % 1021) continue;
      const sums = [0, 0];
      poly2FeaturesReference(q.subarray(3 * i, 3 * i + 3)).forEach((feature, c) => {
        sums[0] += feature * state[c][0], sums[1] += feature * state[c][1];
      });
      // Measured: 1.8e-7 at most, over 2^20 keys, too.
      assertClose([out[i]], [sums[0] / sums[1]], tolerances.forward);
    }
  });

  Deno.test(`${pack}: memory beyond inputs and outputs doesn't grow with the length`, async () => {
    const beyond = async (length: number, backward: boolean) => {
      await useEngine({ pack: false });
      const engine = await useEngine({ pack }); // a fresh arena
      const [heads, depth] = [2, 32];
      const inputs = [1, 2, 3].map((seed) =>
        tf.tensor4d(normal([heads * length * depth], 0.3, seed).values, [1, heads, length, depth])
      );
      const above = tf.ones([1, heads, length, depth]);
      const forward = (q: Tensor, k: Tensor, v: Tensor) =>
        poly2Attention(q as Tensor4D, k as Tensor4D, v as Tensor4D, { causal: true, route: "linear" });
      engine.resetPeak();
      const before = engine.peakBytes();
      const made = tf.tidy(() =>
        backward ? tf.grads(forward)(inputs, above) : [forward(...inputs as [Tensor, Tensor, Tensor])]
      );
      const bytes = engine.peakBytes() - before - made.reduce((sum, { size }) => sum + 4 * size, 0);
      tf.dispose([...inputs, above, ...made]);
      // Denominators, and in a tape the output.
      return bytes - 4 * heads * length * (backward ? 1 + depth : 1);
    };
    // Twice the state (sums and what rounding took), once more turned for the way back, and blocks.
    const state = 4 * poly2Width(32) * 33;
    assert(await beyond(1000, false) < 2 * state + 400_000);
    assert(await beyond(1000, true) < 3 * state + 900_000);
    assertEquals(await beyond(5000, false), await beyond(1000, false));
    assertEquals(await beyond(5000, true), await beyond(1000, true));
  });
}

for (const pack of ENGINES) {
  Deno.test(`${pack}: a compensated state loses nothing over many small chunks`, async () => {
    await useEngine({ pack });
    const [length, depth, width, chunk] = [pack === "off" ? 2048 : 16384, 2, 1, 8];
    const k = normal([length * depth], 1, 2).values, v = normal([length], 1, 3).values.map((value) => value + 0.5);
    const wanted = Array.from({ length: 2 * poly2Width(depth) }, () => 0);
    for (let i = 0; i < length; i++) {
      poly2FeaturesReference(k.subarray(2 * i, 2 * i + 2)).forEach((feature, c) => {
        wanted[2 * c] += feature * v[i], wanted[2 * c + 1] += feature;
      });
    }
    const lossOf = (compensated: boolean) => {
      let state = poly2State(1, 1, depth, width, { compensated });
      for (let top = 0; top < length; top += chunk) {
        const before = state;
        state = tf.tidy(() => {
          const own = tf.tensor4d(k.subarray(2 * top, 2 * (top + chunk)), [1, 1, chunk, depth]);
          return poly2Chunk(before, own, own, tf.tensor4d(v.subarray(top, top + chunk), [1, 1, chunk, width])).state;
        });
        before.dispose();
      }
      const values = state.dataSync();
      state.dispose();
      return Math.max(
        ...wanted.map((value, i) => Math.abs(values[i] - value) / Math.max(Math.sqrt(length), Math.abs(value))),
      );
    };
    const [plain, compensated] = [lossOf(false), lossOf(true)];
    // A half of the last digit of the sums, and rounding inside chunks.
    assert(compensated < 5e-7, `${compensated}`);
    assert(compensated < plain, `${compensated}, ${plain}`);
  });
}

Deno.test("operations as executed are the closed form's, and one comparison a query for the guard", async () => {
  await useEngine();
  for (const [length, depth, width] of [[11, 3, 5], [7, 5, 2], [1, 1, 1], [67, 13, 17]]) {
    const features = poly2Width(depth);
    const exact = tf.tidy(() => {
      const x = tf.ones([1, 1, length, depth]) as Tensor4D, v = tf.ones([1, 1, length, width]) as Tensor4D;
      return countOperations(() => poly2Attention(x, x, v, { route: "linear" })).exact;
    });
    const closed = length * (4 * features * width + 5 * features - 3) - features * (width + 1);
    assertEquals(exact, closed + length);
  }
});
