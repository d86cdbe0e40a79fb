import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Tensor, tf } from "../../../operators/numerics/tf.ts";
import { growMemory, normals, packTest, stockAndPack } from "../../helpers/builds.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";

const side = fc.integer({ min: 1, max: 70 });
/** One to three sides up to 70, or one to four up to `most`. */
const shapes = (most: number) =>
  fc.oneof(
    fc.array(side, { minLength: 1, maxLength: 3 }),
    fc.array(fc.integer({ min: 1, max: most }), { minLength: 1, maxLength: 4 }),
  );
const told = (tensor: Tensor) => ({ shape: tensor.shape, dtype: tensor.dtype, data: Array.from(tensor.dataSync()) });

packTest("a clone shares its values, and outlives what it was cloned from", () => {
  const x = tf.tensor2d([[1, 2], [3, 5]]);
  const y = x.clone();
  const { numDataBuffers } = tf.memory();
  const z = y.clone();
  assertEquals(tf.memory().numDataBuffers, numDataBuffers);
  x.dispose();
  y.dispose();
  const other = tf.ones([2, 2]); // takes freed memory, if any was freed
  assertEquals([...z.dataSync()], [1, 2, 3, 5]);
  const sum = tf.add(z, other);
  assertEquals([...z.dataSync()], [1, 2, 3, 5]);
  tf.dispose([z, other, sum]);
});

packTest("a variable that moves on leaves its earlier clone as it was", () => {
  tf.tidy(() => {
    const variable = tf.variable(tf.tensor1d([1, 2, 3]));
    const kept = variable.clone();
    variable.assign(tf.tensor1d([5, 7, 11]));
    assertEquals([...kept.dataSync()], [1, 2, 3]);
    assertEquals([...variable.dataSync()], [5, 7, 11]);
    variable.dispose();
  });
});

packTest("gather takes rows of any width and type, by ids of any shape", async (build) => {
  await fc.assert(
    fc.asyncProperty(side, side, side, fc.boolean(), async (rows, width, count, whole) => {
      const run = () =>
        tf.tidy(() => {
          const table = tf.tensor(normals([rows, width], 1, 100), [rows, width]);
          const ids = tf.tensor1d(Array.from({ length: count }, (_, i) => (i * i + 3 * i) % rows), "int32");
          const from = whole ? table.toInt() : table;
          return [ids, ids.reshape([1, count])].map((ids) => told(tf.gather(from, ids as tf.Tensor1D)));
        });
      const { stock, pack } = await stockAndPack(build, run);
      assertEquals(pack, stock);
    }),
    { numRuns: 25 },
  );
});

packTest("gather along another axis, of wide rows, and by ids that are out of range", () => {
  tf.tidy(() => {
    const x = tf.tensor2d([[1, 2, 3], [5, 7, 11]]);
    assertEquals(tf.gather(x, tf.tensor1d([2, 0], "int32"), 1).arraySync(), [[3, 1], [11, 5]]);
    assertEquals(tf.gather(tf.tensor1d([3, 5, 7]), tf.scalar(2, "int32")).dataSync()[0], 7);
    const wide = tf.tensor(normals([3, 1031], 1), [3, 1031]);
    assertEquals(tf.gather(wide, tf.tensor1d([2], "int32")).dataSync(), wide.dataSync().slice(2062));
  });
  for (const wrong of [2, -1]) {
    const tensors = [tf.ones([2, 3]), tf.tensor1d([0, wrong], "int32")];
    const { numTensors, numBytes } = tf.memory();
    assertThrows(
      () => tf.gather(tensors[0], tensors[1] as tf.Tensor1D),
      Error,
      `the index value ${wrong} is not in [0, 1]`,
    );
    assertEquals([tf.memory().numTensors, tf.memory().numBytes], [numTensors, numBytes]);
    tf.dispose(tensors);
  }
});

packTest("joining and cutting along any axis are what stock gives, and their gradients too", async (build) => {
  await fc.assert(
    fc.asyncProperty(
      shapes(19),
      fc.nat(3),
      fc.array(fc.integer({ min: 0, max: 11 }), { minLength: 2, maxLength: 4 }),
      fc.boolean(),
      async (shape, drawn, sides, whole) => {
        const axis = drawn % shape.length;
        const shapes = sides.map((side) => shape.with(axis, side + (shape.length === 1 ? 1 : 0)));
        const run = () =>
          tf.tidy(() => {
            const parts = shapes.map((shape, i) => {
              const part = tf.tensor(normals(shape, i, 100), shape);
              return whole ? part.toInt() : part;
            });
            const joined = tf.concat(parts, axis);
            const cut = tf.split(joined, shapes.map((shape) => shape[axis]), axis);
            return [joined, ...cut].map(told);
          });
        const { stock, pack } = await stockAndPack(build, run);
        assertEquals(pack, stock);
      },
    ),
    { numRuns: 40 },
  );
  tf.tidy(() => {
    const [a, b] = [tf.ones([2, 3]), tf.ones([2, 5])];
    const weights = tf.tensor(normals([2, 8], 3), [2, 8]);
    const [da, db] = tf.grads((a, b) => tf.concat([a, b], 1).mul(weights).sum())([a, b]);
    assertEquals(da.dataSync(), weights.slice([0, 0], [2, 3]).dataSync());
    assertEquals(db.dataSync(), weights.slice([0, 3], [2, 5]).dataSync());
    assertEquals(tf.concat([tf.tensor1d([true, false], "bool"), tf.tensor1d([true], "bool")]).arraySync(), [1, 0, 1]);
  });
});

packTest("sums over any axes have stock's shape and float64's values", async (build) => {
  await fc.assert(
    fc.asyncProperty(
      shapes(23),
      fc.nat(15),
      fc.boolean(),
      async (shape, bits, keepDims) => {
        const axes = shape.map((_, axis) => axis).filter((axis) => bits >> axis & 1);
        const data = normals(shape, 7);
        const run = () => tf.tidy(() => told(tf.sum(tf.tensor(data, shape), axes.length ? axes : undefined, keepDims)));
        const { stock, pack } = await stockAndPack(build, run);
        assertEquals([pack.shape, pack.dtype], [stock.shape, stock.dtype]);
        const exact = new Float64Array(pack.data.length), magnitude = new Float64Array(pack.data.length);
        const kept = shape.map((_, axis) => axes.length > 0 && !axes.includes(axis));
        data.forEach((value, flat) => {
          let to = 0, stride = 1;
          for (let axis = shape.length - 1; axis >= 0; axis--) {
            if (kept[axis]) to += (flat % shape[axis]) * stride, stride *= shape[axis];
            flat = Math.floor(flat / shape[axis]);
          }
          exact[to] += value, magnitude[to] += Math.abs(value);
        });
        const terms = data.length / pack.data.length;
        pack.data.forEach((value, i) =>
          assert(Math.abs(value - exact[i]) <= (terms + 1) * 2 ** -24 * magnitude[i] + 1e-37)
        );
      },
    ),
    { numRuns: 60 },
  );
});

packTest("sums of large matrices, of nothing, of whole numbers, and of NaN", () => {
  tf.tidy(() => {
    for (const [rows, columns] of [[70, 67], [1, 131], [131, 1], [3, 32], [257, 36]]) {
      const x = tf.tensor(normals([rows, columns], 1), [rows, columns]);
      const by = (axis: number) => {
        const out = new Float64Array(axis === 0 ? columns : rows);
        x.dataSync().forEach((value, i) => out[axis === 0 ? i % columns : Math.floor(i / columns)] += value);
        return out;
      };
      assertClose(tf.sum(x, 0).dataSync(), by(0), 1e-5);
      assertClose(tf.sum(x, 1).dataSync(), by(1), 1e-5);
    }
    assertEquals(tf.sum(tf.zeros([0, 3]), 0).arraySync(), [0, 0, 0]);
    assertEquals(tf.sum(tf.tensor1d([2, 3, 5], "int32")).arraySync(), 10);
    assertEquals(tf.sum(tf.tensor2d([[NaN, 1], [2, Infinity]]), 0).arraySync(), [NaN, Infinity]);
    assertEquals(tf.sum(tf.tensor2d([[Infinity, -Infinity], [2, 1e-40]]), 1).arraySync(), [NaN, 2]);
    assertEquals(tf.sum(tf.scalar(7)).arraySync(), 7);
  });
});

packTest("all of them are right after the memory has grown", () => {
  const run = () =>
    tf.tidy(() => {
      const x = tf.tensor(normals([7, 13], 1), [7, 13]);
      const joined = tf.concat([x.clone(), tf.gather(x, tf.tensor1d([1, 3, 1], "int32"))]);
      return [...tf.split(joined, 2), tf.sum(joined, 0), tf.tanh(x), tf.sigmoid(x), tf.exp(x)].map(told);
    });
  const before = run();
  growMemory();
  assertEquals(run(), before);
});

packTest("tanh, sigmoid and exp of a tensor agree with float64, and of odd values with stock", async (build) => {
  tf.tidy(() => {
    for (const size of [1, 2, 3, 5, 67, 1031]) {
      const data = normals([size], size, 3), x = tf.tensor1d(data);
      assertClose(tf.tanh(x).dataSync(), data.map(Math.tanh), tolerances.forward);
      assertClose(tf.sigmoid(x).dataSync(), data.map((value) => 1 / (1 + Math.exp(-value))), tolerances.forward);
      assertClose(tf.exp(x).dataSync(), data.map(Math.exp), tolerances.forward);
    }
  });
  const { stock, pack } = await stockAndPack(build, () =>
    tf.tidy(() => {
      const x = tf.tensor1d([NaN, Infinity, -Infinity, 0, -1e4, 1e4]);
      return [tf.tanh(x), tf.sigmoid(x), tf.exp(x), tf.exp(tf.tensor1d([0, 1], "int32"))].flatMap((
        y,
      ) => [...y.dataSync()]);
    }));
  pack.forEach((value, i) =>
    Number.isFinite(stock[i]) ? assertClose([value], [stock[i]], 1e-6) : assertEquals(value, stock[i])
  );
});

packTest("slice takes a range of any axis, of any type", async (build) => {
  await fc.assert(
    fc.asyncProperty(
      shapes(9),
      fc.nat(3),
      fc.nat(8),
      fc.nat(8),
      fc.boolean(),
      async (shape, which, from, most, whole) => {
        const axis = which % shape.length, begin = from % shape[axis];
        const size = most % (shape[axis] - begin + 1);
        const count = shape.reduce((product, side) => product * side, 1);
        const run = () =>
          tf.tidy(() => {
            const x = tf.tensor(Array.from({ length: count }, (_, at) => at - 7), shape, whole ? "int32" : "float32");
            const cut = <A>(own: A, other: (side: number) => A) =>
              shape.map((side, at) => at === axis ? own : other(side));
            return [
              told(tf.slice(x, cut(begin, () => 0), cut(size, (side) => side))),
              told(tf.slice(x, shape.map((side) => side >> 1))), // all axes at once
              told(x.slice(shape.map(() => 0), shape)),
            ];
          });
        const { stock, pack } = await stockAndPack(build, run);
        assertEquals(pack, stock);
      },
    ),
    { numRuns: 40 },
  );
});

packTest(
  "repeating along any axes is what stock gives, for numbers and truths, in blocks of any length",
  async (build) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 37 })), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.constantFrom("float32", "int32", "bool"),
        async (axes, dtype) => {
          const shape = axes.map(([side]) => side), reps = axes.map(([, times]) => times);
          const run = () =>
            tf.tidy(() => {
              const values = normals(shape, 3, 100);
              const x = tf.tensor(dtype === "bool" ? values.map((value) => Number(value > 0)) : values, shape);
              return told(tf.tile(tf.cast(x, dtype as "bool"), reps));
            });
          const { stock, pack } = await stockAndPack(build, run);
          assertEquals(pack, stock);
        },
      ),
      { numRuns: 20 },
    );
    tf.tidy(() => {
      assertEquals(tf.tile(tf.ones([2, 0, 3]), [1, 5, 2]).shape, [2, 0, 6]);
      assertEquals(tf.tile(tf.tensor1d([1, 2]), [1]).arraySync(), [1, 2]);
    });
  },
);
