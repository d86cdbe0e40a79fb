import { assertEquals, assertThrows } from "@std/assert";
import { runKernel } from "../../../operators/numerics/device_kernels.ts";
import { flatten, FLATTEN_KERNEL, unflatten } from "../../../operators/numerics/flat.ts";
import { type Tensor, tf } from "../../../operators/numerics/tf.ts";
import { growMemory, normals, packTest, stockAndPack } from "../../helpers/builds.ts";

const SHAPES = [[3, 5], [], [0, 4], [7], [2, 1, 6]] as const;
const COUNT = 3 * 5 + 1 + 0 + 7 + 2 * 6;

packTest("tensors reach a row in shared memory and come back, as on the stock backend", async (build) => {
  const values = normals([COUNT], 1);
  values.set([NaN, Infinity, -0, 1e-42], 3);
  const run = async () => {
    const row = new Float32Array(new SharedArrayBuffer(4 * (COUNT + 2)));
    row.set(values);
    const tensors = unflatten(row, SHAPES);
    assertEquals(tensors.map(({ shape }) => shape), SHAPES as unknown as number[][]);
    row.fill(-7);
    await flatten(tensors, row);
    tf.dispose(tensors);
    return [...row];
  };
  const { stock, pack } = await stockAndPack(build, run);
  assertEquals(await stock, [...values, -7, -7]);
  assertEquals(await pack, [...values, -7, -7]);
});

packTest("a row and its tensors stay right when the memory grows between them", async () => {
  const values = normals([COUNT], 2);
  const tensors: Tensor[] = unflatten(values, SHAPES);
  growMemory();
  const row = new Float32Array(COUNT);
  await flatten(tensors, row);
  tf.dispose(tensors);
  assertEquals(row, values);
});

packTest("what isn't float32 isn't flattened", () => {
  const wrong = tf.tensor([1, 2], [2], "int32");
  assertThrows(
    () => runKernel(FLATTEN_KERNEL, { wrong }, { row: new Float32Array(2) }),
    Error,
    "Cannot flatten as tensors must be float32: current value is int32",
  );
  wrong.dispose();
});
