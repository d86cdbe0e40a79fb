import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { useEngine } from "../../../operators/backends/engine.ts";
import { type Tensor, tf } from "../../../operators/numerics/tf.ts";
import { BUILDS } from "../../helpers/builds.ts";
import { type Dense, product } from "../../reference/product.ts";

/** Values that float32 holds exactly, from a small generator, so that a failing case is its seed and sizes. */
function dense(shape: readonly number[], seed: number): Dense {
  let state = seed >>> 0 || 1;
  const values = Array.from({ length: shape.reduce((product, side) => product * side, 1) }, () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 >>> 0;
    return Math.fround(state / 2 ** 31 - 1);
  });
  return { shape, values };
}

const toTensor = ({ shape, values }: Dense) => tf.tensor(Float32Array.from(values), [...shape]);

/** Holds a float32 product against float64, within the bound of rounding to the last bit of every partial sum. */
function assertProduct(actual: Tensor, a: Dense, b: Dense, transposeA: boolean, transposeB: boolean): void {
  const expected = product(a, b, transposeA, transposeB);
  assertEquals(actual.shape, [...expected.shape]);
  const depth = transposeA ? a.shape.at(-2)! : a.shape.at(-1)!;
  const values = actual.dataSync();
  for (let index = 0; index < values.length; index++) {
    const bound = (depth + 1) * 2 ** -24 * expected.magnitude[index] + 1e-37;
    const error = Math.abs(values[index] - expected.values[index]);
    assert(error <= bound, `at ${index}: ${values[index]}, expected ${expected.values[index]} within ${bound}`);
  }
}

const side = fc.integer({ min: 1, max: 70 });
const flags = [fc.boolean(), fc.boolean()] as const;
const laid = (rows: number, columns: number, transposed: boolean) => transposed ? [columns, rows] : [rows, columns];

for (const build of BUILDS) {
  Deno.test(`${build}: products of any size and transpose agree with float64`, async () => {
    assertEquals((await useEngine({ pack: build })).pack, build);
    fc.assert(
      fc.property(side, side, side, ...flags, fc.nat(), (m, n, k, transposeA, transposeB, seed) => {
        const a = dense(laid(m, k, transposeA), seed), b = dense(laid(k, n, transposeB), seed + 1);
        tf.tidy(() =>
          assertProduct(tf.matMul(toTensor(a), toTensor(b), transposeA, transposeB), a, b, transposeA, transposeB)
        );
      }),
      { numRuns: 150 },
    );
  });

  Deno.test(`${build}: sides beyond every block of the product agree with float64`, async () => {
    await useEngine({ pack: build });
    for (
      const [m, n, k] of [
        [97, 11, 523],
        [101, 389, 13],
        [5, 397, 259],
        [193, 7, 257],
        [1, 401, 3],
        [1, 67, 41],
        [67, 1, 41],
        [67, 41, 1],
        [1, 1, 97],
      ]
    ) {
      for (const [transposeA, transposeB] of [[false, false], [true, false], [false, true], [true, true]]) {
        const a = dense(laid(m, k, transposeA), m), b = dense(laid(k, n, transposeB), n);
        tf.tidy(() =>
          assertProduct(tf.matMul(toTensor(a), toTensor(b), transposeA, transposeB), a, b, transposeA, transposeB)
        );
      }
    }
  });

  Deno.test(`${build}: batches broadcast`, async () => {
    await useEngine({ pack: build });
    const outer = fc.constantFrom<[number[], number[]]>(
      [[3], [3]],
      [[1], [5]],
      [[5], [1]],
      [[2, 3], [2, 3]],
      [[2, 1], [1, 3]],
      [[2, 3], [1, 3]],
      [[3], [2, 3]],
      [[2, 3], [1]],
      [[1], [1, 2]],
    );
    fc.assert(
      fc.property(outer, side, side, side, ...flags, fc.nat(), (outer, m, n, k, tA, tB, seed) => {
        const a = dense([...outer[0], ...laid(m, k, tA)], seed), b = dense([...outer[1], ...laid(k, n, tB)], seed + 1);
        tf.tidy(() => assertProduct(tf.matMul(toTensor(a), toTensor(b), tA, tB), a, b, tA, tB));
      }),
      { numRuns: 120 },
    );
  });

  Deno.test(`${build}: bias and activations agree with the stock kernel`, async () => {
    const activations = ["linear", "relu", "relu6", "sigmoid", "elu", "leakyrelu", "prelu"] as const;
    for (const [m, n, k] of [[7, 13, 5], [29, 3, 17], [2, 8, 1]]) {
      for (const activation of activations) {
        const run = () =>
          tf.tidy(() =>
            tf.fused.matMul({
              a: tf.mul(toTensor(dense([m, k], 3)), 4) as tf.Tensor2D,
              b: toTensor(dense([k, n], 5)) as tf.Tensor2D,
              bias: toTensor(dense([n], 7)),
              activation,
              leakyreluAlpha: 0.3,
              preluActivationWeights: activation === "prelu" ? toTensor(dense([1, n], 11)) : undefined,
            }).dataSync()
          );
        await useEngine({ pack: false });
        const expected = run();
        await useEngine({ pack: build });
        const actual = run();
        for (let index = 0; index < expected.length; index++) {
          const error = Math.abs(actual[index] - expected[index]);
          assert(error < 3e-6, `${activation} at ${index}: ${actual[index]}, expected ${expected[index]}`);
        }
      }
    }
  });

  Deno.test(`${build}: NaN, infinity and denormals come out as stock gives them`, async () => {
    const a = [NaN, 1, 2, Infinity, 0, 1, -Infinity, 0, 3, 1e-40, 2e-45, 0, 0, 0, 0];
    const b = [1, 0, 2, 0, 1, -1, 1, Infinity, 0, 5, -Infinity, 1];
    const run = () => tf.tidy(() => tf.matMul(tf.tensor(a, [5, 3]), tf.tensor(b, [3, 4])).dataSync());
    await useEngine({ pack: false });
    const expected = run();
    await useEngine({ pack: build });
    assertEquals([...run()], [...expected]);
    assert([...expected].some(Number.isNaN) && [...expected].includes(Infinity) && [...expected].includes(-Infinity));
  });

  Deno.test(`${build}: gradients of every transpose agree with float64`, async () => {
    await useEngine({ pack: build });
    const check = (m: number, n: number, k: number, tA: boolean, tB: boolean, seed: number) => {
      const a = dense(laid(m, k, tA), seed), b = dense(laid(k, n, tB), seed + 1), dy = dense([m, n], seed + 2);
      tf.tidy(() => {
        const gradients = tf.grads((a, b) => tf.matMul(a, b, tA, tB));
        const [da, db] = gradients([toTensor(a), toTensor(b)], toTensor(dy));
        if (tA) assertProduct(da, b, dy, tB, true);
        else assertProduct(da, dy, b, false, !tB);
        if (tB) assertProduct(db, dy, a, true, tA);
        else assertProduct(db, a, dy, !tA, false);
      });
    };
    for (const [tA, tB] of [[false, false], [true, false], [false, true], [true, true]]) check(13, 11, 17, tA, tB, 1);
    fc.assert(fc.property(side, side, side, ...flags, fc.nat(), check), { numRuns: 60 });
  });

  Deno.test(`${build}: no product leaves a tensor or scratch behind`, async () => {
    const engine = await useEngine({ pack: build });
    const before = tf.memory();
    engine.resetPeak();
    const start = engine.peakBytes();
    const a = tf.ones([2, 37, 41]), b = tf.ones([2, 41, 43]);
    for (let round = 0; round < 20; round++) {
      tf.matMul(a, b).dispose();
      tf.fused.matMul({ a, b, activation: "sigmoid" }).dispose();
    }
    tf.dispose([a, b]);
    assertEquals(tf.memory().numTensors, before.numTensors);
    assertEquals(tf.memory().numBytes, before.numBytes);
    assert(engine.peakBytes() > start);
    await useEngine({ pack: false });
    const bare = await useEngine({ pack: false });
    assertEquals(bare.peakBytes(), tf.memory().numBytes, "scratch is freed with the pack");
  });

  Deno.test(`${build}: products are right after the memory has grown`, async () => {
    await useEngine({ pack: build });
    tf.tidy(() => {
      const a = dense([31, 29], 1), b = dense([29, 23], 2);
      const left = toTensor(a), right = toTensor(b);
      tf.matMul(left, right);
      const memory = (tf.backend() as unknown as { wasm: { asm: { memory: WebAssembly.Memory } } }).wasm.asm.memory;
      const bytes = memory.buffer.byteLength;
      tf.zeros([bytes / 4 + 1]);
      assert(memory.buffer.byteLength > bytes);
      assertProduct(tf.matMul(left, right), a, b, false, false);
    });
  });
}

Deno.test("a product by hand, and one with an empty side", async () => {
  const { pack } = await useEngine();
  tf.tidy(() => {
    assertEquals([...tf.matMul([[1, 2], [3, 4]], [[5, 6], [7, 8]]).dataSync()], [19, 22, 43, 50]);
    assertEquals(tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 2])).shape, [0, 2]);
    // The stock kernel leaves memory as it finds it when nothing is summed.
    if (pack !== "off") assertEquals([...tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 2])).dataSync()], [0, 0, 0, 0]);
  });
});
