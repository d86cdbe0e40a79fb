/**
 * Long prefix sums in float32. At N = 2^20 with keys uniform in ±1/2, against float64: added up position by position z is
 * off by 9e-5 of itself; by chunks of 128, as the linear route and a state do, by 6e-7; compensated, by 3e-9.
 */
import { assert } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import type { AttentionState } from "../../../operators/numerics/attention_mechanism.ts";
import { featureMaps } from "../../../operators/numerics/feature_maps.ts";
import { kernelState } from "../../../operators/numerics/kernel_state.ts";
import { randomFrom } from "../../../operators/numerics/random.ts";
import { tf } from "../../../operators/numerics/tf.ts";

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
