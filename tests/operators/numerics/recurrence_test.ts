import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type EngineOptions, useEngine } from "../../../operators/backends/engine.ts";
import { normal, seedFrom } from "../../../operators/numerics/random.ts";
import { gru, gruCost, gruParameters, gruStep } from "../../../operators/numerics/recurrence.ts";
import { sizeOf, type TensorMap } from "../../../operators/numerics/shape.ts";
import {
  type Scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tf,
} from "../../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { differenceGradient, tapeGradient, tensorDifferenceGradient } from "../../helpers/gradient.ts";
import { gruReference, rows } from "../../reference/gru.ts";

const B = 3, T = 7, I = 5, U = 11;
const LENGTHS = [7, 2, 5];
const NAMES = ["kernel", "recurrent", "bias", "recurrentBias"] as const;

/** Values of every parameter, biases included, so that no term of the equations is zero. */
function values(inputs = I, units = U): Record<string, { shape: number[]; values: Float32Array }> {
  const made = gruParameters(inputs, units, 3);
  return Object.fromEntries(NAMES.map((name) => {
    const { shape } = made[name];
    return [name, { shape: [...shape], values: normal(shape, 0.4, seedFrom(3, `test/${name}`)).values }];
  }));
}

const asTensors = (made: ReturnType<typeof values>): TensorMap =>
  Object.fromEntries(Object.entries(made).map(([name, { shape, values }]) => [name, tf.tensor(values, shape)]));

const X = normal([B, T, I], 1, 17).values;
const H0 = normal([B, U], 0.7, 19).values;

function referenceOutputs(
  made: ReturnType<typeof values>,
  x: ArrayLike<number>,
  h0: ArrayLike<number>,
  reverse: boolean,
) {
  const p = {
    kernel: rows(made.kernel.values, 3 * U),
    recurrent: rows(made.recurrent.values, 3 * U),
    bias: Array.from(made.bias.values),
    recurrentBias: Array.from(made.recurrentBias.values),
  };
  return LENGTHS.map((length, b) => {
    const xs = rows(Array.from({ length: T * I }, (_, i) => x[b * T * I + i]), I);
    return gruReference(p, xs, length, Array.from({ length: U }, (_, u) => h0[b * U + u]), reverse);
  });
}

/** The composed layer (cpu, and wasm as it comes) and, where the pack has one, the device kernel. */
const ENGINES: Record<string, EngineOptions> = {
  cpu: { backend: "cpu" },
  wasm: { backend: "wasm", pack: true },
  "wasm without the pack": { backend: "wasm", pack: false },
};

for (const [backend, engine] of Object.entries(ENGINES)) {
  for (const reverse of [false, true]) {
    Deno.test(`gru() equals the float64 loop on ${backend}${reverse ? " in reverse" : ""}`, async () => {
      await useEngine(engine);
      tf.tidy(() => {
        const made = values();
        const { outputs, final } = gru(asTensors(made), tf.tensor3d(X, [B, T, I]), {
          lengths: tf.tensor1d(LENGTHS, "int32"),
          initial: tf.tensor2d(H0, [B, U]),
          reverse,
        });
        assertEquals(outputs.shape, [B, T, U]);
        assertEquals(final.shape, [B, U]);
        const expected = referenceOutputs(made, X, H0, reverse);
        assertClose(outputs.dataSync(), expected.flatMap((e) => e.outputs.flat()), tolerances.forward);
        assertClose(final.dataSync(), expected.flatMap((e) => e.final), tolerances.forward);
      });
    });

    Deno.test(`gru() has the float64 loop's gradient on ${backend}${reverse ? " in reverse" : ""}`, async () => {
      await useEngine(engine);
      const made = values();
      // Weights of the outputs in the scalar: without them a wrong order of positions could hide in a sum.
      const outWeights = normal([B, T, U], 1, 29).values;
      const finalWeights = normal([B, U], 1, 31).values;
      const shapes = [...NAMES.map((name) => made[name].shape), [B, T, I], [B, U]];
      const at = [...NAMES.map((name) => made[name].values), X, H0];
      const inputs = at.map((data, i) => tf.tensor(data, shapes[i]));
      const gradients = tapeGradient((kernel, recurrent, bias, recurrentBias, x, initial) => {
        const lengths = tf.tensor1d(LENGTHS, "int32");
        const params = { kernel, recurrent, bias, recurrentBias };
        const { outputs, final } = gru(params, x as Tensor3D, { lengths, initial: initial as Tensor2D, reverse });
        return tf.add(
          tf.sum(tf.mul(outputs, tf.tensor(outWeights, [B, T, U]))),
          tf.sum(tf.mul(final, tf.tensor(finalWeights, [B, U]))),
        ) as Scalar;
      }, inputs);
      tf.dispose(inputs);
      at.forEach((data, which) => {
        const f = (changed: number[]) => {
          const made64 = Object.fromEntries(NAMES.map((name, i) => [name, {
            shape: shapes[i],
            values: which === i ? changed : Array.from(at[i]),
          }])) as unknown as ReturnType<typeof values>;
          const expected = referenceOutputs(made64, which === 4 ? changed : X, which === 5 ? changed : H0, reverse);
          return expected.reduce(
            (sum, { outputs, final }, b) =>
              sum + outputs.flat().reduce((s, value, i) => s + value * outWeights[b * T * U + i], 0) +
              final.reduce((s, value, i) => s + value * finalWeights[b * U + i], 0),
            0,
          );
        };
        assertClose(gradients[which], differenceGradient(f, data), tolerances.gradientAgainstFloat64, `input ${which}`);
      });
    });
  }

  Deno.test(`gru() leaves padding without a trace, bit for bit, on ${backend}`, async () => {
    await useEngine(engine);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 6 }),
        fc.boolean(),
        fc.integer(),
        (lengths, padding, reverse, seed) =>
          tf.tidy(() => {
            const params = asTensors(values());
            const batch = lengths.length, steps = 5;
            const x = tf.tensor3d(normal([batch, steps, I], 1, seed).values, [batch, steps, I]);
            const tail = tf.tensor3d(normal([batch, padding, I], 1e3, seed ^ 1).values, [batch, padding, I]);
            const options = { lengths: tf.tensor1d(lengths, "int32"), reverse };
            const short = gru(params, x, options);
            const long = gru(params, padding === 0 ? x : tf.concat([x, tail], 1), options);
            assertEquals(long.final.dataSync(), short.final.dataSync());
            const cut = tf.slice(long.outputs, [0, 0, 0], [batch, steps, U]);
            assertEquals(cut.dataSync(), short.outputs.dataSync());
            const rest = tf.slice(long.outputs, [0, steps, 0], [batch, padding, U]);
            assert(rest.dataSync().every((value) => value === 0));
          }),
      ),
      { numRuns: 13 },
    );
  });

  Deno.test(`gruStep() repeated equals gru() on ${backend}`, async () => {
    await useEngine(engine);
    tf.tidy(() => {
      const params = asTensors(values());
      const x = tf.tensor3d(X, [B, T, I]);
      const whole = gru(params, x, { lengths: tf.fill([B], T, "int32") as Tensor1D });
      let state = tf.zeros([B, U]) as Tensor2D;
      const states = tf.unstack(x, 1).map((at) => state = gruStep(params, at as Tensor2D, state));
      assertClose(tf.stack(states, 1).dataSync(), whole.outputs.dataSync(), tolerances.recurrent);
      assertClose(state.dataSync(), whole.final.dataSync(), tolerances.recurrent);
    });
  });
}

Deno.test("gruStep() by hand: one unit, one input", async () => {
  await useEngine({ backend: "cpu" });
  tf.tidy(() => {
    // r = σ(0) = 1/2, z = σ(ln 3) = 3/4, n = tanh(1 + 1/2 · (2 · 1 + 0)) = tanh 2, h = n / 4 + 3/4.
    const params = {
      kernel: tf.tensor2d([[0, Math.log(3), 1]]),
      recurrent: tf.tensor2d([[0, 0, 2]]),
      bias: tf.zeros([3]),
      recurrentBias: tf.zeros([3]),
    };
    const h = gruStep(params, tf.tensor2d([[1]]), tf.tensor2d([[1]]));
    assertClose(h.dataSync(), [Math.tanh(2) / 4 + 0.75], tolerances.forward);
  });
});

Deno.test("gru() in float32 has the gradient of its own difference quotients", async () => {
  await useEngine({ backend: "cpu" });
  const made = values(2, 3);
  const inputs: Tensor[] = [...Object.values(asTensors(made)), tf.tensor(normal([2, 3, 2], 1, 5).values, [2, 3, 2])];
  const f = (...[kernel, recurrent, bias, recurrentBias, x]: Tensor[]) => {
    const { outputs } = gru({ kernel, recurrent, bias, recurrentBias }, x as Tensor3D, {
      lengths: tf.tensor1d([3, 1], "int32"),
    });
    return tf.sum(tf.square(outputs)) as Scalar;
  };
  const byTape = tapeGradient(f, inputs);
  tensorDifferenceGradient(f, inputs).forEach((expected, i) =>
    assertClose(byTape[i], expected, tolerances.differenceQuotient * 3, `input ${i}`)
  );
  tf.dispose(inputs);
});

Deno.test("gruParameters() are orthogonal per gate, seeded, and as many as gruCost() says", async () => {
  await useEngine({ backend: "cpu" });
  const made = gruParameters(I, U, 41);
  assertEquals(made, gruParameters(I, U, 41));
  const count = Object.values(made).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  assertEquals(count, gruCost({ inputs: I, units: U, batch: 1, steps: 1 }).parameters);
  tf.tidy(() => {
    for (const gate of tf.split(tf.tensor2d(made.recurrent.values, [U, 3 * U]), 3, 1)) {
      assertClose(tf.matMul(gate, gate, true).dataSync(), tf.eye(U).dataSync(), 1e-6);
    }
  });
});

Deno.test("gruCost() by hand", () => {
  // I = 2, U = 3: weights 3·3·(2+3) + biases 2·9; a position: 6·3·5 + 6·3 + 10·3.
  assertEquals(gruCost({ inputs: 2, units: 3, batch: 5, steps: 7 }), {
    parameters: 63,
    operations: 35 * 138,
    activations: 35 * 15,
    bytes: 4 * 35 * 15,
  });
});

Deno.test("gru() names the tensor whose shape doesn't fit", async () => {
  await useEngine({ backend: "cpu" });
  tf.tidy(() => {
    const params = asTensors(values());
    const lengths = tf.tensor1d([1], "int32");
    assertThrows(
      () => gru(params, tf.zeros([1, 2, 3]) as Tensor3D, { lengths }),
      RangeError,
      "kernel of shape [5, 33]",
    );
    assertThrows(() => gru(params, tf.zeros([2, 2, I]) as Tensor3D, { lengths }), RangeError, "lengths of shape [1]");
  });
});
