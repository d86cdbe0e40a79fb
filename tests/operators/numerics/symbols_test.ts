import { assertEquals, assertThrows } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import { cells, runLayer } from "../../../operators/numerics/cell.ts";
import { countOperations } from "../../../operators/numerics/counting.ts";
import { composed } from "../../../operators/numerics/device_kernels.ts";
import { embeddingParameters } from "../../../operators/numerics/embedding.ts";
import type { TensorMap } from "../../../operators/numerics/shape.ts";
import {
  type Scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tf,
} from "../../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";

const B = 3, T = 7, E = 5, U = 6;
const IDS = Array.from({ length: B * T }, (_, place) => (place * place + 3) % 4); // 4 symbols of those that there are

const tensors = (made: Record<string, { shape: readonly number[]; values: Float32Array }>): TensorMap =>
  Object.fromEntries(Object.entries(made).map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]));

for (const backend of ["cpu", "wasm"] as const) {
  for (const cell of Object.values(cells)) {
    Deno.test(`${cell.name}: symbols are read as their embeddings are, with the same gradients (${backend})`, async () => {
      await useEngine({ backend });
      // Fewer symbols than places, as many, and more: the table is projected in the first case alone.
      for (const vocabulary of [4, B * T, B * T + 9]) {
        tf.tidy(() => {
          const params = tensors(cell.parameters(E, U, 3));
          const { table } = tensors(embeddingParameters(vocabulary, E, 4)) as { table: Tensor2D };
          const ids = tf.tensor2d(IDS, [B, T], "int32");
          const lengths = tf.tensor1d([7, 2, 5], "int32");
          const options = { lengths: lengths as Tensor1D, reverse: true };
          const lookedUp = (table: Tensor) => tf.gather(table as Tensor2D, ids) as Tensor as Tensor3D;
          const names = Object.keys(params);
          const slopes = (x: (table: Tensor) => Parameters<typeof runLayer>[2]) =>
            tf.grads((table, ...values) => {
              const { outputs, final } = runLayer(
                cell,
                Object.fromEntries(names.map((name, at) => [name, values[at]])),
                x(table),
                options,
              );
              return tf.add(tf.sum(tf.square(outputs)), tf.sum(final[0])) as Scalar;
            })([table, ...names.map((name) => params[name])]);
          const found = runLayer(cell, params, { table, ids }, options);
          const expected = runLayer(cell, params, lookedUp(table), options);
          assertClose(found.outputs.dataSync(), expected.outputs.dataSync(), tolerances.forward);
          const gradients = slopes((table) => ({ table: table as Tensor2D, ids }));
          slopes(lookedUp).forEach((gradient, at) =>
            assertClose(
              gradients[at].dataSync(),
              gradient.dataSync(),
              tolerances.gradientAcrossBackends,
              ["table", ...names][at],
            )
          );
        });
      }
    });
  }
}

Deno.test("a table of few symbols is projected in place of their places, and counting sees the plain form", async () => {
  await useEngine();
  tf.tidy(() => {
    const params = tensors(cells.gru.parameters(E, U, 3));
    const { table } = tensors(embeddingParameters(4, E, 4)) as { table: Tensor2D };
    const ids = tf.tensor2d(IDS, [B, T], "int32");
    const x = tf.gather(table, ids) as Tensor as Tensor3D;
    const rows: number[] = [];
    const kernel = tf.getKernel("_FusedMatMul", "wasm")!;
    tf.unregisterKernel("_FusedMatMul", "wasm");
    tf.registerKernel({
      ...kernel,
      setupFunc: undefined,
      kernelFunc: (call) => {
        rows.push(call.inputs.a!.shape.at(-2)!);
        return kernel.kernelFunc(call);
      },
    });
    try {
      runLayer(cells.gru, params, { table, ids }, {});
      runLayer(cells.gru, params, x, {});
    } finally {
      tf.unregisterKernel("_FusedMatMul", "wasm");
      tf.registerKernel({ ...kernel, setupFunc: undefined });
    }
    assertEquals(rows, [4, B * T]);
    const counted = (input: Parameters<typeof runLayer>[2]) =>
      countOperations(() => composed(() => runLayer(cells.gru, params, input, {}).outputs)).exact;
    assertEquals(counted({ table, ids }), counted(x));
    assertThrows(() => runLayer(cells.gru, params, { table: table.slice([0, 1]) as Tensor2D, ids }, {}), RangeError);
  });
});
