/** The least denominator ε, when it is the caller's own: attention in one pass, in chunks and a step at a time agree on it. */
import { assert } from "@std/assert";
import { featureMaps } from "../../../operators/numerics/feature_maps.ts";
import { kernelMechanism } from "../../../operators/numerics/attention_mechanisms.ts";
import { kernelAttention } from "../../../operators/numerics/kernel_attention.ts";
import { kernelState } from "../../../operators/numerics/kernel_state.ts";
import { type Tensor4D, tf } from "../../../operators/numerics/tf.ts";
import { attentionTensors, drawAttention } from "../../helpers/attention_cases.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { tensorTest } from "../../helpers/tensors.ts";
import { kernelAttentionReference, kernels } from "../../reference/kernel_attention.ts";

const LENGTH = 13;
/** Maps with and without device kernels of their own, positive and not, with factors kept apart and without. */
const maps = [
  { map: featureMaps.poly2(), kernel: kernels.poly2 },
  { map: featureMaps.elu(), kernel: kernels.elu },
  { map: featureMaps.relu(), kernel: kernels.relu },
  { map: featureMaps.favor({ features: 34, seed: 5 }), kernel: kernels.favor("positive", 34, true, 5) },
  { map: featureMaps.taylor(), kernel: kernels.taylor },
  { map: featureMaps.cosine({ positions: LENGTH }), kernel: kernels.cosine(LENGTH) },
];

for (const { map, kernel } of maps) {
  tensorTest(`${map.name}: a state's own eps is that of the whole pass, in chunks of 1, of 5, and at once`, () => {
    const drawn = drawAttention([2, 2, LENGTH, LENGTH, 3, 5], true, 0, 4);
    const { at } = drawn;
    const { q, k, v } = attentionTensors(drawn);
    const part = (x: Tensor4D, from: number, to: number) =>
      tf.slice(x, [0, 0, from, 0], [-1, -1, to - from, -1]) as Tensor4D;
    for (const eps of [3, 0.5]) {
      const whole = kernelAttention(q, k, v, { map, causal: true, eps }).dataSync();
      const { out } = kernelAttentionReference(at, drawn.q, drawn.k, drawn.v, kernel, eps);
      assertClose(whole, out, 1e-5, `eps ${eps}`);
      if (eps === 3) {
        const usual = kernelAttention(q, k, v, { map, causal: true }).dataSync();
        assert(
          usual.some((value, i) => Math.abs(value - whole[i]) > 1e-2),
          "an eps that decides nothing shows nothing",
        );
      }
      const states = {
        plain: () => kernelState({ map, eps, positions: LENGTH }),
        compensated: () => kernelState({ map, eps, positions: LENGTH, compensated: true }),
        mechanism: () => kernelMechanism(map).state!({ eps, positions: LENGTH }),
      };
      for (const [name, begin] of Object.entries(states)) {
        for (const chunk of [1, 5, LENGTH]) {
          let state = begin();
          const outputs: Tensor4D[] = [];
          for (let from = 0; from < LENGTH; from += chunk) {
            const to = Math.min(LENGTH, from + chunk);
            const taken = state.step(part(q, from, to), part(k, from, to), part(v, from, to));
            // A state in other tensors keeps the eps, too.
            state = taken.next.with(taken.next.tensors.map((tensor) => tensor.clone()));
            outputs.push(taken.output);
          }
          const found = tf.concat(outputs, 2).dataSync();
          assertClose(found, whole, tolerances.recurrent, `${name}, chunks of ${chunk}, eps ${eps}`);
        }
      }
    }
  });
}
