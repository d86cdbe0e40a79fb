/**
 * Long prefix sums in float32. At N = 2^20 with keys uniform in ±1/2, against float64: added up position by position z is
 * off by 9e-5 of itself; by chunks of 128, as the linear route and a state do, by 6e-7; compensated every 2,048, by 2.4e-9.
 */
import { assert } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import type { AttentionState } from "../../../operators/numerics/attention_mechanism.ts";
import { featuresOf } from "../../../operators/numerics/feature_map.ts";
import { featureMaps } from "../../../operators/numerics/feature_maps.ts";
import { CAUSAL_CHUNK } from "../../../operators/numerics/kernel_rows.ts";
import { kernelState } from "../../../operators/numerics/kernel_state.ts";
import { addKeys, joinCompensated, type Sums } from "../../../operators/numerics/kernel_sums.ts";
import { randomFrom } from "../../../operators/numerics/random.ts";
import { type Tensor, tf } from "../../../operators/numerics/tf.ts";

Deno.test("prefix sums by chunks stay near float64, compensated ones nearer", async () => {
  await useEngine();
  const length = 2 ** 16, chunk = 2048, random = randomFrom(1);
  const keys = Float32Array.from({ length }, () => random.uniform() - 0.5);
  const exact = keys.reduce((sum, x) => sum + (x > 0 ? x + 1 : Math.exp(x)), 0);
  const errorOf = (compensated: boolean): number => {
    const [z] = tf.tidy(() => {
      let state: AttentionState = kernelState({ map: featureMaps.elu(), compensated });
      for (let at = 0; at < length; at += chunk) {
        const x = tf.tensor4d(keys.subarray(at, at + chunk), [1, 1, chunk, 1]);
        state = state.step(x, x, x).next;
      }
      return state.tensors[1].dataSync();
    });
    return Math.abs(z / exact - 1);
  };
  const [blocked, compensated] = [errorOf(false), errorOf(true)];
  assert(blocked < 2e-6, `${blocked}`);
  assert(compensated < 1.2e-7, `${compensated}`); // half a unit in float32's last place is 6e-8
});

Deno.test("at N = 2^20 the sums themselves: by chunks of 128, compensated, and position by position, against float64", async () => {
  await useEngine();
  const length = 2 ** 20, random = randomFrom(1), map = featureMaps.elu();
  const keys = Float32Array.from({ length }, () => random.uniform() - 0.5);
  const features = Float32Array.from(keys, (x) => x > 0 ? x + 1 : Math.exp(x));
  const exact = keys.reduce((sum, x) => sum + (x > 0 ? x + 1 : Math.exp(x)), 0);
  const off = (z: number) => Math.abs(z / exact - 1);
  const added = (sums: Sums, from: number, to: number) => {
    const x = tf.tensor4d(keys.subarray(from, to), [1, 1, to - from, 1]);
    return addKeys(sums, featuresOf(map, x, { side: "key" }), x, undefined);
  };
  const blocked = tf.tidy(() => {
    let sums: Sums = [];
    for (let at = 0; at < length; at += CAUSAL_CHUNK) sums = tf.tidy(() => [...added(sums, at, at + CAUSAL_CHUNK)]);
    return off(sums[1].dataSync()[0]);
  });
  const compensated = tf.tidy(() => {
    let kept: Tensor[] = [];
    for (let at = 0; at < length; at += 2048) {
      const before = kept;
      kept = tf.tidy(() => joinCompensated(before.slice(0, 2), before.slice(2), added([], at, at + 2048)));
    }
    return off(kept[1].dataSync()[0]);
  });
  const single = off(features.reduce((sum, each) => Math.fround(sum + each), 0));
  assert(blocked < 1e-6, `${blocked}`);
  assert(compensated < 1e-8, `${compensated}`);
  assert(single > 2e-5 && single < 2e-4, `${single}`);
});
