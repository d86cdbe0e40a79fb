import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { packFunctions, type WasmBackend } from "../../../operators/backends/pack.ts";
import { composed } from "../../../operators/numerics/device_kernels.ts";
import { maskedCrossEntropy } from "../../../operators/numerics/loss.ts";
import { type Scalar, type Tensor2D, type Tensor3D, tf } from "../../../operators/numerics/tf.ts";
import { growMemory, normals, packTest } from "../../helpers/builds.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { tapeGradient, tensorDifferenceGradient } from "../../helpers/gradient.ts";
import { rows } from "../../reference/gru.ts";
import { maskedCrossEntropyReference } from "../../reference/loss.ts";

interface Case {
  readonly batch: number;
  readonly steps: number;
  readonly vocabulary: number;
  readonly logits: Float32Array;
  readonly targets: number[];
  readonly mask: number[];
}

function run({ batch, steps, vocabulary, logits, targets, mask }: Case, times = 1) {
  return tf.tidy(() => {
    const f = (x: Tensor3D) =>
      maskedCrossEntropy(
        x,
        tf.tensor2d(targets, [batch, steps], "int32") as Tensor2D,
        tf.tensor2d(mask, [batch, steps]) as Tensor2D,
      ).sum;
    const x = tf.tensor3d(logits, [batch, steps, vocabulary]);
    const gradient = tf.grad((x) => tf.mul(f(x as Tensor3D), times) as Scalar)(x);
    return { sum: f(x).dataSync()[0], gradient: gradient.dataSync() as Float32Array };
  });
}

function caseOf(batch: number, steps: number, vocabulary: number, seed: number, deviation: number): Case {
  const count = batch * steps;
  return {
    ...{ batch, steps, vocabulary },
    logits: normals([count, vocabulary], seed, deviation),
    targets: Array.from({ length: count }, (_, row) => (7 * row + seed) % vocabulary),
    mask: Array.from({ length: count }, (_, row) => (row * row + seed) % 3 === 0 ? 0 : 1),
  };
}

const side = fc.integer({ min: 1, max: 70 });

packTest("the cross-entropy agrees with float64 in value and gradient, for any shape and logits to 1e4", () => {
  fc.assert(
    fc.property(
      ...[side, side, side, fc.nat(1000)] as const,
      fc.constantFrom(0.1, 2, 100, 1e4),
      (batch, steps, vocabulary, seed, deviation) => {
        const drawn = caseOf(batch, steps, vocabulary, seed, deviation);
        const expected = maskedCrossEntropyReference(
          rows(Array.from(drawn.logits), vocabulary),
          drawn.targets,
          drawn.mask,
        );
        const found = run(drawn, 3);
        assertClose([found.sum], [expected.sum], tolerances.forward);
        assertClose(found.gradient.map((value) => value / 3), expected.gradient.flat(), tolerances.forward);
      },
    ),
    { numRuns: 80 },
  );
});

packTest("the cross-entropy's gradient agrees with difference quotients and with the composed form", () => {
  const drawn = caseOf(3, 5, 11, 4, 1);
  const logits = tf.tensor3d(drawn.logits, [3, 5, 11]);
  const f = (x: Tensor3D) =>
    maskedCrossEntropy(x, tf.tensor2d(drawn.targets, [3, 5], "int32"), tf.tensor2d(drawn.mask, [3, 5])).sum;
  const [quotients] = tensorDifferenceGradient((x) => f(x as Tensor3D), [logits]);
  const [gradient] = tapeGradient((x) => f(x as Tensor3D), [logits]);
  assertClose(gradient, quotients, tolerances.differenceQuotient * 5);
  const [stock] = composed(() => tapeGradient((x) => f(x as Tensor3D), [logits]));
  assertClose(gradient, stock, tolerances.gradientAcrossBackends);
  logits.dispose();
});

packTest("a row of nothing but masked positions, whatever it holds, and no row at all, are exactly zero", () => {
  const hidden = [NaN, Infinity, -Infinity, 1e38, NaN];
  const found = run({ batch: 1, steps: 1, vocabulary: 5, logits: Float32Array.from(hidden), targets: [2], mask: [0] });
  assertEquals([found.sum, ...found.gradient], [0, 0, 0, 0, 0, 0]);
});

packTest("the cross-entropy of NaN, infinity and denormals is what the composed form gives", () => {
  const odd = [NaN, Infinity, -Infinity, 1e-40, -1e-40, 1e4, -1e4, 0];
  for (let first = 0; first < odd.length; first++) {
    for (let second = 0; second < odd.length; second++) {
      for (const target of [0, 1, 4]) {
        const logits = Float32Array.of(odd[first], odd[second], 0.5, -1, 2, 0);
        const drawn = { batch: 1, steps: 1, vocabulary: 6, logits, targets: [target], mask: [1] };
        const found = run(drawn), expected = composed(() => run(drawn));
        [found.sum, ...found.gradient].forEach((value, index) => {
          const wanted = [expected.sum, ...expected.gradient][index];
          const told = `${odd[first]}, ${odd[second]}, target ${target}`;
          if (Number.isFinite(wanted)) assertClose([value], [wanted], tolerances.forward, told);
          else assertEquals(value, wanted, told);
        });
      }
    }
  }
  const dead = new Float32Array(3).fill(-Infinity);
  const drawn = { batch: 1, steps: 1, vocabulary: 3, logits: dead, targets: [1], mask: [1] };
  assertEquals(run(drawn).sum, composed(() => run(drawn)).sum);
  // A probability of 0 beside the target is no NaN, on either route.
  const beside = { ...drawn, logits: Float32Array.of(0, 0, -Infinity), targets: [0] };
  assertClose([run(beside).sum, composed(() => run(beside)).sum], [Math.LN2, Math.LN2], tolerances.forward);
});

packTest("the cross-entropy is right after the memory has grown", () => {
  const drawn = caseOf(3, 7, 43, 1, 1);
  const before = run(drawn);
  growMemory();
  assertEquals(run(drawn), before);
});

/** The greatest error of a function of the pack over blocks of bit patterns, in units of float64's last float32 place. */
function worst(
  run: (from: number, to: number, count: number) => void,
  exact: (x: number) => number,
  ranges: readonly (readonly [first: number, last: number, stride: number])[],
): { most: number; at: number } {
  const { wasm } = tf.backend() as unknown as WasmBackend;
  const count = 1 << 16, from = wasm._malloc(8 * count), to = from + 4 * count;
  let most = 0, at = 0;
  for (const [start, last, stride] of ranges) {
    for (let first = start; first + (count - 1) * stride <= last; first += count * stride) {
      const bits = new Uint32Array(wasm.asm.memory.buffer, from, count);
      for (let i = 0; i < count; i++) bits[i] = first + i * stride;
      run(from, to, count);
      const x = new Float32Array(wasm.asm.memory.buffer, from, count);
      const y = new Float32Array(wasm.asm.memory.buffer, to, count);
      for (let i = 0; i < count; i++) {
        const wanted = exact(x[i]);
        const exponent = Math.max(Math.floor(Math.log2(Math.abs(wanted) || 1)), -126);
        const error = Math.abs(y[i] - wanted) / 2 ** (exponent - 23);
        if (!(error <= most)) most = error, at = x[i];
      }
    }
  }
  wasm._free(from);
  return { most, at };
}

packTest("the logarithm is within 2 ulp of float64", () => {
  // Every float32 of [1, 2), where the result goes through zero, then the whole range in steps.
  const { logarithms } = packFunctions()!;
  const { most, at } = worst(logarithms, Math.log, [[0x3f800000, 0x3fffffff, 1], [0x00800000, 0x7f7fffff, 997]]);
  assert(most <= 2, `${most} ulp at ${at}`);
  tf.tidy(() => {
    const x = tf.tensor1d([NaN, 1, 1, 1]), y = tf.tensor1d([0, 0, 0, 0]);
    const { dataIdMap } = tf.backend() as unknown as WasmBackend;
    logarithms(dataIdMap.get(x.dataId).memoryOffset, dataIdMap.get(y.dataId).memoryOffset, 4);
    assertEquals([...y.dataSync()], [NaN, 0, 0, 0]);
  });
});

packTest("the exponential under a softmax is within 2 ulp of float64 for every float32 of two octaves", () => {
  const every = [[0xbf000000, 0xbf7fffff, 1], [0xc1000000, 0xc17fffff, 1]] as const; // [-1/2, -1), [-8, -16)
  const { most, at } = worst((from, to, count) => packFunctions()!.apply(0, from, to, count), Math.exp, every);
  assert(most <= 2, `${most} ulp at ${at}`);
});
