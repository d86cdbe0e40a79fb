import { assertEquals } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import { countOperations } from "../../../operators/numerics/counting.ts";
import { normal } from "../../../operators/numerics/random.ts";
import { gru, gruCost, gruStep } from "../../../operators/numerics/recurrence.ts";
import { type Scalar, type Tensor, type Tensor2D, type Tensor3D, tf } from "../../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { tapeGradient } from "../../helpers/gradient.ts";
import { registerGruKernels } from "../../reference/gru_kernels.ts";

const B = 3, T = 5, I = 2, U = 7;
const SHAPES = [[I, 3 * U], [U, 3 * U], [3 * U], [3 * U], [B, T, I], [B, U]];

const inputs = () => SHAPES.map((shape, i) => tf.tensor(normal(shape, 0.6, i).values, shape));

function layer([kernel, recurrent, bias, recurrentBias, x, initial]: Tensor[], reverse: boolean) {
  const lengths = tf.tensor1d([5, 0, 3], "int32");
  return gru({ kernel, recurrent, bias, recurrentBias }, x as Tensor3D, {
    lengths,
    initial: initial as Tensor2D,
    reverse,
  });
}

/** Scalars that need both outputs, and one of them alone (the other's gradient then never arrives). */
const SCALARS: Record<string, (states: ReturnType<typeof gru>) => Tensor> = {
  both: ({ outputs, final }) => tf.add(tf.sum(tf.square(outputs)), tf.sum(tf.mul(final, 3))),
  outputs: ({ outputs }) => tf.sum(tf.square(outputs)),
  final: ({ final }) => tf.sum(tf.square(final)),
};

Deno.test("gru() through a device kernel gives the composed values and gradients, and leaves no tensor", async () => {
  await useEngine({ backend: "cpu" });
  const before = tf.memory().numTensors;
  const at = inputs();
  for (const reverse of [false, true]) {
    for (const [name, scalar] of Object.entries(SCALARS)) {
      const run = () => ({
        values: tf.tidy(() => {
          const { outputs, final } = layer(at, reverse);
          return [...outputs.dataSync(), ...final.dataSync()];
        }),
        gradients: tapeGradient((...tensors) => scalar(layer(tensors, reverse)) as Scalar, at),
      });
      const composed = run();
      const kernels = registerGruKernels();
      let fused;
      try {
        fused = run();
      } finally {
        kernels.remove();
      }
      assertEquals(kernels.calls, { forward: 2, backward: 1 });
      assertClose(fused.values, composed.values, tolerances.forward);
      composed.gradients.forEach((expected, i) =>
        assertClose(fused.gradients[i], expected, tolerances.gradientAgainstFloat64, `${name}, input ${i}`)
      );
    }
  }
  tf.dispose(at);
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("gruCost() counts what a step executes", async () => {
  await useEngine({ backend: "cpu" });
  tf.tidy(() => {
    const [kernel, recurrent, bias, recurrentBias] = inputs();
    const params = { kernel, recurrent, bias, recurrentBias };
    const counted = countOperations(() => gruStep(params, tf.ones([B, I]) as Tensor2D, tf.ones([B, U]) as Tensor2D));
    assertEquals(counted.operations, gruCost({ inputs: I, units: U, batch: B, steps: 1 }).operations);
  });
});
