import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { useEngine } from "../../../operators/backends/engine.ts";
import { tf } from "../../../operators/numerics/tf.ts";

Deno.test("the gradient of gather sums rows by index, in order", async () => {
  await useEngine();
  const sizes = fc.record({
    segments: fc.integer({ min: 1, max: 70 }),
    width: fc.integer({ min: 1, max: 70 }),
    ids: fc.array(fc.nat(), { minLength: 1, maxLength: 70 }),
  });
  fc.assert(fc.property(sizes, ({ segments, width, ids }) => {
    const indices = ids.map((id) => id % segments);
    const expected = new Float32Array(segments * width);
    indices.forEach((id, row) => {
      for (let column = 0; column < width; column++) {
        expected[id * width + column] += Math.fround(row + column / 7);
      }
    });
    const actual = tf.tidy(() => {
      const dy = tf.tensor2d(indices.flatMap((_, row) => Array.from({ length: width }, (_, c) => row + c / 7)), [
        indices.length,
        width,
      ]);
      const gradient = tf.grad((x) => tf.gather(x, tf.tensor1d(indices, "int32")));
      return gradient(tf.zeros([segments, width]), dy).dataSync();
    });
    assertEquals(actual, expected);
  }));
});

Deno.test("segment sums leave out ids beyond the segments", async () => {
  await useEngine();
  const sums = tf.tidy(() =>
    tf.unsortedSegmentSum(tf.tensor2d([[1, 2], [3, 4], [5, 6]]), tf.tensor1d([1, 7, -1], "int32"), 3).dataSync()
  );
  assertEquals([...sums], [0, 0, 1, 2, 0, 0]);
});

Deno.test("training's operations have their gradients on wasm", async () => {
  await useEngine();
  const x = tf.tensor2d([[0.1, -0.4, 0.7], [1.2, 0.3, -0.9]]);
  const functions: Record<string, (x: tf.Tensor) => tf.Tensor> = {
    gather: (x) => tf.gather(x, tf.tensor1d([1, 0, 1], "int32")),
    gatherAxis1: (x) => tf.gather(x, tf.tensor1d([2, 0], "int32"), 1),
    slice: (x) => tf.slice(x, [0, 1], [2, 2]),
    concat: (x) => tf.concat([x, x], 1),
    stack: (x) => tf.stack([x, x]),
    unstack: (x) => tf.unstack(x)[1],
    split: (x) => tf.split(x, 3, 1)[1],
    tanh: tf.tanh,
    sigmoid: tf.sigmoid,
    softmax: tf.softmax,
    logSoftmax: tf.logSoftmax,
    where: (x) => tf.where(tf.tensor2d([[1, 0, 1], [1, 1, 0]], [2, 3], "bool"), x, tf.mul(x, 2)),
    tile: (x) => tf.tile(x, [2, 3]),
    cumsum: (x) => tf.cumsum(x, 1),
    exp: tf.exp,
    log: (x) => tf.log(tf.add(x, 2)),
    square: tf.square,
    sqrt: (x) => tf.sqrt(tf.add(x, 2)),
    rsqrt: (x) => tf.rsqrt(tf.add(x, 2)),
    pow: (x) => tf.pow(tf.add(x, 2), 3),
    div: (x) => tf.div(1, tf.add(x, 2)),
    max: (x) => tf.max(x, 1),
    min: (x) => tf.min(x, 1),
    mean: (x) => tf.mean(x, 1),
    sum: (x) => tf.sum(x, 0),
    prod: (x) => tf.prod(x, 1),
    relu: tf.relu,
    elu: tf.elu,
    softplus: tf.softplus,
    abs: tf.abs,
    maximum: (x) => tf.maximum(x, 0.2),
    minimum: (x) => tf.minimum(x, 0.2),
    clip: (x) => tf.clipByValue(x, -0.5, 0.5),
    cos: tf.cos,
    sin: tf.sin,
    erf: tf.erf,
    logSumExp: (x) => tf.logSumExp(x, 1),
    transpose: (x) => tf.transpose(x),
    reverse: (x) => tf.reverse(x, 1),
    pad: (x) => tf.pad(x, [[1, 0], [0, 2]]),
    expandDims: (x) => tf.expandDims(x, 1),
    norm: (x) => tf.norm(x),
    oneHotProduct: (x) => tf.matMul(tf.oneHot(tf.tensor1d([1, 0], "int32"), 2).toFloat(), x),
  };
  const step = 1e-2, failures: string[] = [];
  for (const [name, f] of Object.entries(functions)) {
    try {
      tf.tidy(() => {
        const weighted = (x: tf.Tensor) => {
          const y = f(x);
          return tf.sum(tf.mul(y, tf.reshape(tf.range(1, y.size + 1), y.shape)));
        };
        const actual = tf.grad(weighted)(x).dataSync();
        const values = x.dataSync();
        for (let index = 0; index < values.length; index++) {
          const at = (offset: number) =>
            weighted(tf.tensor(values.map((v, i) => i === index ? v + offset : v), [2, 3])).dataSync()[0];
          const quotient = (at(step) - at(-step)) / (2 * step);
          if (!(Math.abs(quotient - actual[index]) < 2e-2 * Math.max(1, Math.abs(quotient)))) {
            failures.push(`${name} at ${index}: ${actual[index]}, quotient ${quotient}`);
          }
        }
      });
    } catch (error) {
      failures.push(`${name}: ${(error as Error).message.slice(0, 160)}`);
    }
  }
  x.dispose();
  assertEquals(failures, []);
});
