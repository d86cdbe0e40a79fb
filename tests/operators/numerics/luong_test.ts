import { assertEquals, assertThrows } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import { attend } from "../../../operators/numerics/attention.ts";
import { attendFromBeams, luongDecoder } from "../../../operators/numerics/luong.ts";
import { normal, randomFrom } from "../../../operators/numerics/random.ts";
import { scores } from "../../../operators/numerics/scores.ts";
import { type InitialValues, sizeOf, type TensorMap } from "../../../operators/numerics/shape.ts";
import { type Scalar, type Tensor, type Tensor1D, type Tensor2D, tf } from "../../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { differenceGradient, tapeGradient } from "../../helpers/gradient.ts";
import { rows } from "../../reference/gru.ts";
import { luongReference } from "../../reference/luong.ts";

const V = 13, E = 3, U = 7, B = 3, S = 5, T = 11;
const SOURCE_LENGTHS = [5, 2, 3];
const LENGTHS = [11, 4, 7];
const random = randomFrom(2);
const INPUTS = Array.from({ length: B * T }, () => random.integer(V));
const MEMORY = normal([B, S, U], 1, 3).values;
const H0 = normal([B, U], 0.5, 5).values;

const tensors = (made: InitialValues): TensorMap =>
  Object.fromEntries(Object.entries(made).map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]));

/** Attention with the dot score over the fixed memory. */
function dotAttend() {
  const mask = SOURCE_LENGTHS.map((length) => Array.from({ length: S }, (_, s) => s < length ? 1 : 0));
  return attend(scores.dot, {}, tf.tensor3d(MEMORY, [B, S, U]), tf.tensor2d(mask));
}

/** Biases start at zero: other values, so that no term is missed. */
function parameters(): InitialValues {
  const made = luongDecoder({ units: U, embedding: E }).parameters(
    { vocabulary: V, memoryWidth: U, encoderFinal: U },
    7,
  );
  return {
    ...made,
    "gru/bias": normal([3 * U], 0.3, 1),
    "gru/recurrentBias": normal([3 * U], 0.3, 2),
  };
}

function reference(made: InitialValues, values: (name: string) => ArrayLike<number>) {
  const p = {
    table: rows(values("embedding/table"), E),
    gru: {
      kernel: rows(values("gru/kernel"), 3 * U),
      recurrent: rows(values("gru/recurrent"), 3 * U),
      bias: Array.from(values("gru/bias")),
      recurrentBias: Array.from(values("gru/recurrentBias")),
    },
    combine: rows(values("combine/kernel"), made["combine/kernel"].shape[1]),
    output: rows(values("output/kernel"), V),
  };
  return Array.from({ length: B }, (_, b) =>
    luongReference(
      p,
      rows(MEMORY.slice(b * S * U, (b + 1) * S * U), U),
      SOURCE_LENGTHS[b],
      Array.from(H0.slice(b * U, (b + 1) * U)),
      INPUTS.slice(b * T, b * T + LENGTHS[b]),
    ));
}

const decoder = luongDecoder({ units: U, embedding: E });

for (const backend of ["cpu", "wasm"] as const) {
  Deno.test(`luongDecoder().teacher() equals the float64 loop on ${backend}`, async () => {
    await useEngine({ backend });
    tf.tidy(() => {
      const made = parameters();
      const { logits, alignment, queries } = decoder.teacher(
        tensors(made),
        dotAttend(),
        { state0: tf.tensor2d(H0, [B, U]) },
        tf.tensor2d(INPUTS, [B, T], "int32"),
        tf.tensor1d(LENGTHS, "int32"),
      );
      assertEquals(logits.shape, [B, T, V]);
      assertEquals(alignment.shape, [B, T, S]);
      assertEquals(queries.shape, [B, T, U]);
      const expected = reference(made, (name) => made[name].values);
      const found = { logits: logits.arraySync(), alignment: alignment.arraySync() };
      expected.forEach(({ logits, weights }, b) => {
        assertClose(found.logits[b].slice(0, LENGTHS[b]).flat(), logits.flat(), tolerances.forward, "logits");
        assertClose(found.alignment[b].slice(0, LENGTHS[b]).flat(), weights.flat(), tolerances.forward, "alignment");
      });
    });
  });

  Deno.test(`luongDecoder().step() repeated equals teacher() on ${backend}`, async () => {
    await useEngine({ backend });
    tf.tidy(() => {
      const params = tensors(parameters());
      const attending = dotAttend();
      const inputs = tf.tensor2d(INPUTS, [B, T], "int32");
      const full = tf.fill([B], T, "int32") as Tensor1D;
      const whole = decoder.teacher(params, attending, { state0: tf.tensor2d(H0, [B, U]) }, inputs, full);
      let state: TensorMap = { state0: tf.tensor2d(H0, [B, U]) };
      const steps = tf.unstack(inputs, 1).map((tokens) => {
        const next = decoder.step(params, attending, state, tokens as Tensor1D);
        state = next.state;
        return next;
      });
      const stacked = (name: "logits" | "alignment" | "state") =>
        tf.stack(steps.map((step) => name === "state" ? step.state.state0 : step[name]), 1).dataSync();
      assertClose(stacked("logits"), whole.logits.dataSync(), tolerances.recurrent);
      assertClose(stacked("alignment"), whole.alignment.dataSync(), tolerances.recurrent);
      assertClose(stacked("state"), whole.queries.dataSync(), tolerances.recurrent);
    });
  });
}

Deno.test("luongDecoder().teacher() has the float64 loop's gradient at every parameter", async () => {
  await useEngine({ backend: "wasm" });
  const made = parameters();
  const names = Object.keys(made);
  const weights = normal([B, T, V], 1, 11).values;
  const present = LENGTHS.map((length) => Array.from({ length: T }, (_, t) => t < length ? 1 : 0));
  const inputs: Tensor[] = Object.values(tensors(made));
  const gradients = tapeGradient((...values) => {
    const params = Object.fromEntries(names.map((name, i) => [name, values[i]]));
    const { logits } = decoder.teacher(
      params,
      dotAttend(),
      { state0: tf.tensor2d(H0, [B, U]) },
      tf.tensor2d(INPUTS, [B, T], "int32"),
      tf.tensor1d(LENGTHS, "int32"),
    );
    const counted = tf.mul(tf.tensor3d(weights, [B, T, V]), tf.expandDims(tf.tensor2d(present), 2));
    return tf.sum(tf.mul(logits, counted)) as Scalar;
  }, inputs);
  tf.dispose(inputs);
  names.forEach((name, which) => {
    const f = (changed: number[]) =>
      reference(made, (other) => other === name ? changed : made[other].values).reduce(
        (sum, { logits }, b) =>
          sum + logits.reduce((all, row, t) =>
            all + row.reduce((s, value, v) => s + value * weights[(b * T + t) * V + v], 0), 0),
        0,
      );
    assertClose(gradients[which], differenceGradient(f, made[name].values), tolerances.gradientAgainstFloat64, name);
  });
});

Deno.test("attendFromBeams() asks K queries of one memory as if it were copied K times", async () => {
  await useEngine({ backend: "wasm" });
  tf.tidy(() => {
    const K = 4;
    const queries = tf.tensor3d(normal([B * K, 1, U], 1, 13).values, [B * K, 1, U]);
    const found = attendFromBeams(dotAttend(), K)(queries);
    assertEquals(found.context.shape, [B * K, 1, U]);
    assertEquals(found.alignment.shape, [B * K, 1, S]);
    const attending = dotAttend();
    for (let k = 0; k < K; k++) {
      const mine = tf.range(0, B, 1, "int32").mul(tf.scalar(K, "int32")).add(tf.scalar(k, "int32")) as Tensor1D;
      const expected = attending(tf.gather(queries, mine));
      assertClose(tf.gather(found.context, mine).dataSync(), expected.context.dataSync(), tolerances.forward);
      assertClose(tf.gather(found.alignment, mine).dataSync(), expected.alignment.dataSync(), tolerances.forward);
    }
  });
});

Deno.test("luongDecoder() bridges an encoder of another width, and cost() counts what there is", async () => {
  await useEngine({ backend: "cpu" });
  for (const encoderFinal of [U, 2 * U]) {
    const dims = { vocabulary: V, memoryWidth: 2 * U, encoderFinal };
    const made = decoder.parameters(dims, 3);
    assertEquals("bridge/kernel" in made, encoderFinal !== U);
    const count = Object.values(made).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    assertEquals(decoder.cost({ ...dims, batch: B, steps: T }).parameters, count);
  }
  tf.tidy(() => {
    const params = {
      "bridge/kernel": tf.concat([tf.eye(U), tf.eye(U)], 0) as Tensor2D, // adds the two directions
      "bridge/bias": tf.fill([U], 0.5),
    };
    const final = tf.tile(tf.tensor2d([[0.25]]), [1, 2 * U]) as Tensor2D;
    assertClose(
      decoder.initial(params, { final }).state0.dataSync(),
      new Array(U).fill(Math.tanh(1)),
      tolerances.forward,
    );
    const same = tf.tensor2d(H0, [B, U]);
    assertEquals(decoder.initial({}, { final: same }).state0.dataSync(), same.dataSync());
    assertThrows(() => decoder.initial({}, { final }), RangeError, "encoderFinal of shape [1, 14]");
  });
});

Deno.test("luongDecoder().cost() by hand", () => {
  const tiny = luongDecoder({ units: 2, embedding: 3 });
  // A step: GRU 6·2·5 + 16·2 = 92; W_c 2·(4+2)·2 = 24; tanh 2; W_s 2·2·5 = 20. The bridge once: 2·4·2 + 2·2 = 20.
  const cost = tiny.cost({ vocabulary: 5, memoryWidth: 4, encoderFinal: 4, batch: 7, steps: 11 });
  assertEquals(cost.operations, 7 * (11 * (92 + 24 + 2 + 20) + 20));
  assertEquals(cost.bytes, 4 * cost.activations);
});
