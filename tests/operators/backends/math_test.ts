import { assert, assertEquals } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import { packFunctions, type WasmBackend } from "../../../operators/backends/pack.ts";
import { tf } from "../../../operators/numerics/tf.ts";
import { BUILDS } from "../../helpers/builds.ts";

const COUNT = 1 << 16;

/** The distance between float32 numbers at |x|. */
function ulp(x: number): number {
  return 2 ** Math.max(Math.floor(Math.log2(Math.abs(x))) - 23, -149);
}

/** Runs a function of the pack over blocks of values, and hands every pair to `check`. */
function sweep(kind: number, blocks: Iterable<Float32Array>, check: (x: number, y: number) => void): void {
  const { wasm } = tf.backend() as unknown as WasmBackend;
  const from = wasm._malloc(8 * COUNT), to = from + 4 * COUNT;
  for (const block of blocks) {
    const { buffer } = wasm.asm.memory;
    new Float32Array(buffer, from, block.length).set(block);
    packFunctions()!.apply(kind, from, to, block.length);
    const result = new Float32Array(buffer, to, block.length);
    for (let i = 0; i < block.length; i++) check(block[i], result[i]);
  }
  wasm._free(from);
}

/** Every `stride`-th float32 between two bit patterns, in blocks. */
function* floats(first: number, last: number, stride: number): Generator<Float32Array> {
  const bits = new Uint32Array(COUNT);
  let count = 0;
  for (let pattern = first; pattern <= last; pattern += stride) {
    bits[count++] = pattern;
    if (count === COUNT) {
      yield new Float32Array(bits.buffer.slice(0));
      count = 0;
    }
  }
  if (count) yield new Float32Array(bits.buffer.slice(0, 4 * count));
}

const bitsOf = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0];

for (const build of BUILDS) {
  const worst = (kind: number, expected: (x: number) => number, ranges: [number, number, number][], least = 0) => {
    let most = 0, at = 0;
    for (const [first, last, stride] of ranges) {
      sweep(kind, floats(first, last, stride), (x, y) => {
        const exact = expected(x);
        const error = Math.abs(y - exact) / ulp(Math.max(Math.abs(exact), least));
        if (!(error <= most)) most = error, at = x;
      });
    }
    return { most, at };
  };

  Deno.test(`${build}: exp is within 2 ulp of float64`, async () => {
    await useEngine({ pack: build });
    // Every float32 of one octave, [1/4, 1/2] of both signs in steps of 7; then the whole range, denormal results included.
    const { most, at } = worst(0, Math.exp, [
      [bitsOf(0.25), bitsOf(0.5), 7],
      [bitsOf(-0.25), bitsOf(-0.5), 7],
      [bitsOf(1e-30), bitsOf(88.72283), 997],
      [bitsOf(-1e-30), bitsOf(-103.9), 997],
      [bitsOf(-86), bitsOf(-103.9), 3],
      [bitsOf(88), bitsOf(88.72283), 1],
    ]);
    assert(most <= 2, `${most} ulp at ${at}`);
  });

  Deno.test(`${build}: exp beyond its range, at zero and of NaN`, async () => {
    await useEngine({ pack: build });
    const at = [0, -0, Infinity, -Infinity, NaN, 88.73, 1e4, -104.5, -1e4, 3e38, -3e38, 1e-45];
    const found: number[] = [];
    sweep(0, [Float32Array.from(at)], (_, y) => found.push(y));
    assertEquals(found, [1, 1, Infinity, 0, NaN, Infinity, Infinity, 0, 0, Infinity, 0, 1]);
  });

  Deno.test(`${build}: sigmoid and tanh are within 3 ulp of float64`, async () => {
    await useEngine({ pack: build });
    const sigmoid = worst(1, (x) => 1 / (1 + Math.exp(-x)), [
      [bitsOf(1e-30), bitsOf(100), 1999],
      [bitsOf(-1e-30), bitsOf(-87), 1999],
    ]);
    assert(sigmoid.most <= 3, `sigmoid: ${sigmoid.most} ulp at ${sigmoid.at}`);
    const tanh = worst(2, Math.tanh, [
      [bitsOf(1e-30), bitsOf(100), 1999],
      [bitsOf(-1e-30), bitsOf(-100), 1999],
      [bitsOf(0.5), bitsOf(0.7), 3],
    ]);
    assert(tanh.most <= 3, `tanh: ${tanh.most} ulp at ${tanh.at}`);
    const edges: number[] = [];
    for (const kind of [1, 2]) {
      sweep(kind, [Float32Array.of(0, Infinity, -Infinity, NaN, 1e4, -1e4)], (_, y) => edges.push(y));
    }
    assertEquals(edges, [0.5, 1, 0, NaN, 1, 0, 0, 1, -1, NaN, 1, -1]);
  });
}
