/**
 * The public functions on webgpu, against cpu. A host without an adapter can't run them and leaves these tests out; a
 * software adapter is enough (Debian: mesa-vulkan-drivers).
 */
import { assert, assertEquals } from "@std/assert";
import { pipe } from "rxjs";
import {
  adam,
  bahdanau,
  batch,
  constantRate,
  decode,
  decoder,
  encode,
  global,
  local,
  luong,
  meanSequenceLoss,
  multiHead,
  Parameters,
  pull,
  recurrentEncoder,
  scores,
  tf,
  tokenize,
  train,
  useEngine,
} from "../../../operators/mod.ts";
import { attentionMechanisms } from "../../../operators/numerics/attention_mechanisms.ts";
import { cells } from "../../../operators/numerics/cell.ts";
import { normal } from "../../../operators/numerics/random.ts";
import type { Tensor4D } from "../../../operators/numerics/tf.ts";
import { assertClose } from "../../helpers/close.ts";
import { alphabet, outcomeOf, someWords } from "../../helpers/streams.ts";

const adapter = await globalThis.navigator?.gpu?.requestAdapter().catch(() => null);

/** What `f` gives on each of the two backends; both end with as many tensors as they began with. */
async function onBoth<T>(f: () => Promise<T>): Promise<[T, T]> {
  const found: T[] = [];
  for (const backend of ["cpu", "webgpu"] as const) {
    await useEngine({ backend });
    assertEquals(tf.getBackend(), backend);
    const before = tf.memory().numTensors;
    found.push(await f());
    assertEquals(tf.memory().numTensors, before);
  }
  return found as [T, T];
}

const attentions = {
  dot: [luong(), global({ score: scores.dot })],
  concat: [bahdanau({ begins: "final" }), global({ score: scores.concat })],
  "local-p": [luong({ inputFeeding: true }), local({ scope: "predictive", window: 2, score: scores.general })],
  heads: [luong(), multiHead({ heads: 2 })],
} as const;

for (const [name, [path, attention]] of Object.entries(attentions)) {
  Deno.test({ name: `webgpu: training with ${name} goes cpu's way`, ignore: !adapter }, async () => {
    const cell = name === "concat" ? cells.lstm : cells.gru;
    const [cpu, gpu] = await onBoth(async () => {
      const model = pipe(
        encode(recurrentEncoder({ units: 4, embedding: 5, cell, layers: 2 }), alphabet.source),
        decode(decoder({ path, attention, cell, units: 8, embedding: 5 }), alphabet.target),
      );
      const parameters = new Parameters(3);
      const { values, error } = await outcomeOf(
        pull(Array.from({ length: 4 }, () => someWords).flat()).pipe(
          tokenize(alphabet),
          batch({ size: someWords.length }),
          // A clipped step needs the norm of more gradients than a device binds at once.
          train(model, {
            parameters,
            optimiser: adam({ epsilon: 1e-3 }),
            learningRate: constantRate(0.01),
            loss: meanSequenceLoss,
            clip: 0.1,
          }),
        ),
      );
      parameters.unsubscribe();
      if (error) throw error;
      return values.flatMap(({ loss, gradientNorm }) => [loss, gradientNorm]);
    });
    assert(cpu.every((value) => value > 0), `${cpu}`);
    assertClose(gpu, cpu, 1e-3);
  });
}

Deno.test({ name: "webgpu: every attention mechanism gives what cpu gives", ignore: !adapter }, async () => {
  for (const mechanism of attentionMechanisms) {
    for (const causal of [false, true]) {
      const [cpu, gpu] = await onBoth(async () => {
        const [q, k, v] = [1, 2, 3].map((seed) => normal([1, 2, 9, 4], 1, seed).values);
        const out = tf.tidy(() => {
          const [query, key, value] = [q, k, v].map((values) => tf.tensor4d(values, [1, 2, 9, 4]) as Tensor4D);
          return mechanism.apply(query, key, value, { causal });
        });
        const values = await out.data();
        out.dispose();
        return values;
      });
      assertClose(gpu, cpu, 1e-4, `${mechanism.name}${causal ? ", causal" : ""}`);
    }
  }
});
