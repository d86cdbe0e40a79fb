/** Combinations that only sizes or a user's own text can make are refused in one line. */
import { assertEquals, assertThrows } from "@std/assert";
import { pipe } from "rxjs";
import { mean } from "simple-statistics";
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
  location,
  luong,
  meanSequenceLoss,
  monotonic,
  multiHead,
  Parameters,
  pull,
  recurrentEncoder,
  type Score,
  scores,
  tf,
  tokenize,
  train,
} from "../../../operators/mod.ts";
import { useEngine } from "../../../operators/mod.ts";
import { InputError } from "../../../operators/records.ts";
import { cells } from "../../../operators/numerics/cell.ts";
import { attend } from "../../../operators/numerics/attention.ts";
import { alphabet, outcomeOf, someWords } from "../../helpers/streams.ts";

Deno.test("local() and monotonic() refuse a score that looks at positions, and windows that are none", () => {
  const score = scores.location as Score as typeof scores.general;
  assertThrows(
    () => local({ scope: "monotone", window: 2, score }),
    InputError,
    'Cannot use the score "location" in local attention as it must look at content',
  );
  assertThrows(() => monotonic({ score }), InputError, "in monotonic attention as it must look at content");
  for (const window of [0, -1, 1.5, NaN]) {
    assertThrows(
      () => local({ scope: "monotone", window, score: scores.dot }),
      InputError,
      `window must be a positive integer: current value is ${window}`,
    );
  }
  assertThrows(() => multiHead({ heads: 0 }), InputError, "heads must be a positive integer: current value is 0");
});

Deno.test("location({ beyond: ignore }) gives weight 0 from S_max on, and the default refuses", async () => {
  await useEngine({ backend: "wasm" });
  tf.tidy(() => {
    const params = { W_a: tf.tensor2d([[1, 2, 3], [0, 1, 0]]) };
    const query = tf.tensor3d([[[1, 1]]]);
    const memory = tf.ones([1, 5, 2]) as ReturnType<typeof tf.tensor3d>;
    const mask = tf.ones([1, 5]) as ReturnType<typeof tf.tensor2d>;
    const weights = [...attend(location({ beyond: "ignore" }), params, memory, mask)(query).alignment.dataSync()];
    const powers = [1, 3, 3].map(Math.exp);
    const total = powers[0] + powers[1] + powers[2];
    weights.forEach((weight, s) => {
      if (s < 3) assertEquals(Math.abs(weight - powers[s] / total) < 1e-6, true);
      else assertEquals(weight, 0);
    });
    assertThrows(() => attend(scores.location, params, memory, mask)(query), RangeError, "at most 3 positions");
  });
});

async function messageOf(model: ReturnType<typeof modelOf>): Promise<string | undefined> {
  const parameters = new Parameters(1);
  try {
    const { error } = await outcomeOf(
      pull(someWords).pipe(
        tokenize(alphabet),
        batch({ size: 4 }),
        train(model, { parameters, optimiser: adam(), learningRate: constantRate(1e-3), loss: meanSequenceLoss }),
      ),
    );
    return error?.message;
  } finally {
    parameters.unsubscribe();
  }
}

function modelOf(composition: ReturnType<typeof decoder>, direction: "unidirectional" | "bidirectional") {
  return pipe(
    encode(recurrentEncoder({ units: 3, embedding: 2, direction }), alphabet.source),
    decode(composition, alphabet.target),
  );
}

Deno.test("a model whose parts don't fit says so in one line, and leaves no tensor", async () => {
  await useEngine({ backend: "wasm" });
  const before = tf.memory().numTensors;
  const dot = decoder({ path: luong(), attention: global({ score: scores.dot }), units: 3, embedding: 2 });
  assertEquals(
    await messageOf(modelOf(dot, "bidirectional")),
    'Cannot use the attention "global(dot)" as query and key widths must be equal: current value is 3 and 6',
  );
  const first = decoder({ path: bahdanau(), attention: global({ score: scores.concat }), units: 3, embedding: 2 });
  assertEquals(
    await messageOf(modelOf(first, "unidirectional")),
    'Cannot use the path "bahdanau" as it begins with the encoder\'s backward state and so needs a bidirectional encoder: ' +
      "current value is unidirectional",
  );
  const heads = decoder({ path: luong(), attention: multiHead({ heads: 2 }), units: 3, embedding: 2 });
  assertEquals(
    await messageOf(modelOf(heads, "bidirectional")),
    'Cannot use the attention "heads(2)" as 3 columns must be a multiple of 2 heads: current value is 3',
  );
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("every path learns a small task with every cell, dropout and layers included", async () => {
  await useEngine({ backend: "wasm" });
  const before = tf.memory().numTensors;
  for (const path of [luong(), luong({ inputFeeding: true }), bahdanau()]) {
    for (const cell of Object.values(cells)) {
      const composition = decoder({
        path,
        attention: local({ scope: "predictive", window: 2, score: scores.general }),
        cell,
        layers: 2,
        units: 8,
        embedding: 8,
        dropout: 0.1,
        variational: true,
      });
      const model = pipe(
        encode(
          recurrentEncoder({ units: 8, embedding: 8, layers: 2, cell, dropout: 0.1, variational: true }),
          alphabet.source,
        ),
        decode(composition, alphabet.target),
      );
      const parameters = new Parameters(3);
      const again = Array.from({ length: 160 }, () => someWords).flat();
      const { values, error } = await outcomeOf(
        pull(again).pipe(
          tokenize(alphabet),
          batch({ size: someWords.length }),
          train(model, { parameters, optimiser: adam(), learningRate: constantRate(0.02), loss: meanSequenceLoss }),
        ),
      );
      if (error) throw error;
      // Batches hold words of like length, and short words are learnt first: one step's loss says little.
      const [first, last] = [values.slice(0, 25), values.slice(-25)].map((steps) =>
        mean(steps.map(({ loss }) => loss))
      );
      if (!(last < 0.6 * first)) throw new Error(`${composition.name} with ${cell.name}: ${first} to ${last}`);
      parameters.unsubscribe();
    }
  }
  assertEquals(tf.memory().numTensors, before);
});
