/**
 * Operations a second (of processor time) of every kernel of the pack against what this machine can do at most, a loop of multiply-adds in
 * registers that is timed beside each repetition. Median share of the peak, with its range.
 *
 *     deno run --allow-read --allow-env tests/bench/engine_bench.ts [--json] [--rounds N]
 *
 * A multiply-add is 2 operations, any other result of arithmetic 1; the exponential, the logistic function and tanh count
 * as 1 result, so that kernels made of them show low shares: what bounds them is said by the kind. "memory" kernels do
 * little arithmetic a byte; their bytes a second are given, too.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import process from "node:process";
import { useEngine } from "../../operators/backends/engine.ts";
import { packFunctions } from "../../operators/backends/pack.ts";
import { runKernel } from "../../operators/numerics/device_kernels.ts";
import { normal } from "../../operators/numerics/random.ts";
import { type Tensor, tf } from "../../operators/numerics/tf.ts";
import { spread } from "./ratio.ts";

/** What bounds a kernel. */
type Kind = "products" | "functions" | "memory";

interface Case {
  readonly name: string;
  readonly kind: Kind;
  readonly operations: number;
  /** Bytes read and written, once each. */
  readonly bytes: number;
  run(): Tensor | Tensor[];
}

const PEAK_ROUNDS = 20000;
const held: Tensor[] = [];

function values(...shape: number[]): Tensor {
  const tensor = tf.tensor(normal(shape, 1, held.length + 1).values, shape);
  held.push(tensor);
  return tensor;
}

function constant(value: number, shape: number[], dtype: "float32" | "int32" = "float32"): Tensor {
  const tensor = tf.fill(shape, value, dtype);
  held.push(tensor);
  return tensor;
}

const run = <R extends Tensor | Tensor[]>(name: string, inputs: Record<string, Tensor>, attributes = {}) =>
  runKernel<R>(name, inputs, attributes);

function products(): Case[] {
  const sides = [[64, 64, 64], [65, 67, 71], [128, 128, 128], [256, 256, 256], [512, 512, 512], [1280, 64, 384]];
  return sides.flatMap(([m, k, n]) =>
    [[false, false], [true, false], [false, true], [true, true]].map(([transposeA, transposeB]) => {
      const a = transposeA ? values(k, m) : values(m, k), b = transposeB ? values(n, k) : values(k, n);
      return {
        name: `BatchMatMul ${m}x${k}x${n} ${transposeA ? "T" : "N"}${transposeB ? "T" : "N"}`,
        kind: "products" as const,
        operations: 2 * m * k * n,
        bytes: 4 * (m * k + k * n + m * n),
        run: () => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, transposeA, transposeB),
      };
    })
  );
}

function attention(): Case[] {
  const [heads, length, depth] = [8, 512, 64];
  const [q, k, v, dOut] = [0, 1, 2, 3].map(() => values(1, heads, length, depth));
  const settings = { causal: false, scale: 1 / Math.sqrt(depth) };
  const pairs = heads * length * length, size = heads * length * depth;
  const [out, maxima, totals] = run<Tensor[]>("HeedAttention", { q, k, v }, settings);
  held.push(out, maxima, totals);
  return [{
    name: `HeedAttention H ${heads}, N ${length}, D ${depth}`,
    kind: "products",
    operations: pairs * 4 * depth,
    bytes: 16 * size,
    run: () => run("HeedAttention", { q, k, v }, settings),
  }, {
    name: `HeedAttentionGrad H ${heads}, N ${length}, D ${depth}`,
    kind: "products",
    operations: pairs * 10 * depth,
    bytes: 32 * size,
    run: () => run("HeedAttentionGrad", { q, k, v, out, maxima, totals, dOut }, settings),
  }];
}

function layer(): Case[] {
  const [batch, steps, units] = [128, 10, 128];
  const inputs = {
    projected: values(batch, steps, 3 * units),
    recurrent: values(units, 3 * units),
    recurrentBias: values(3 * units),
    initial: values(batch, units),
    lengths: constant(steps, [batch], "int32"),
  };
  const [outputs, final, saved0] = run<Tensor[]>("HeedGru", inputs, { reverse: false });
  held.push(outputs, final, saved0);
  const given = { ...inputs, outputs, saved0, dOutputs: values(batch, steps, units), dFinal: values(batch, units) };
  const cell = batch * steps * units;
  return [{
    name: `HeedGru batch ${batch}, units ${units}`,
    kind: "products",
    operations: cell * (6 * units + 16),
    bytes: 4 * cell * 8,
    run: () => run("HeedGru", inputs, { reverse: false }),
  }, {
    name: `HeedGruGrad batch ${batch}, units ${units}`,
    kind: "products",
    operations: cell * 12 * units,
    bytes: 4 * cell * 12,
    run: () => run("HeedGruGrad", given, { reverse: false }),
  }];
}

function losses(): Case[] {
  const [rows, vocabulary] = [1280, 43];
  const logits = values(rows, vocabulary), targets = constant(3, [rows], "int32"), mask = constant(1, [rows]);
  const [sum, maxima, totals] = run<Tensor[]>("HeedCrossEntropy", { logits, targets, mask });
  const dy = constant(1, []);
  held.push(sum, maxima, totals);
  const size = rows * vocabulary;
  const scores = values(512, 512), seen = constant(1, [1, 512]);
  const weights = run<Tensor>("HeedMaskedSoftmax", { logits: scores, mask: seen }, { repeat: 512 });
  const dWeights = values(512, 512);
  held.push(weights);
  return [
    {
      name: "HeedCrossEntropy",
      kind: "functions",
      operations: 4 * size,
      bytes: 4 * size,
      run: () => run("HeedCrossEntropy", { logits, targets, mask }),
    },
    {
      name: "HeedCrossEntropyGrad",
      kind: "functions",
      operations: 3 * size,
      bytes: 8 * size,
      run: () => run("HeedCrossEntropyGrad", { logits, targets, mask, maxima, totals, dy }),
    },
    {
      name: "HeedMaskedSoftmax 512x512",
      kind: "functions",
      operations: 5 * 512 * 512,
      bytes: 8 * 512 * 512,
      run: () => run("HeedMaskedSoftmax", { logits: scores, mask: seen }, { repeat: 512 }),
    },
    {
      name: "HeedMaskedSoftmaxGrad 512x512",
      kind: "memory",
      operations: 4 * 512 * 512,
      bytes: 12 * 512 * 512,
      run: () => run("HeedMaskedSoftmaxGrad", { weights, dWeights }),
    },
  ];
}

function scores(): Case[] {
  const [batch, length, width] = [32, 10, 128];
  const query = values(batch, length, width), keys = values(batch, length, width), v = values(width);
  const dy = values(batch, length, length);
  const size = batch * length * length * width;
  return [{
    name: "HeedConcatScore",
    kind: "functions",
    operations: 4 * size,
    bytes: 8 * batch * length * width,
    run: () => run("HeedConcatScore", { query, keys, v }),
  }, {
    name: "HeedConcatScoreGrad",
    kind: "functions",
    operations: 10 * size,
    bytes: 16 * batch * length * width,
    run: () => run("HeedConcatScoreGrad", { query, keys, v, dy }),
  }];
}

function elements(): Case[] {
  const size = 1 << 16;
  const x = values(size), gradient = values(size), m = values(size), v = constant(1, [size]);
  const table = values(64, 128), ids = constant(5, [1280], "int32"), rows = values(1280, 128);
  const adam = { beta1: 0.9, beta2: 0.999, rate: 1e-3, floor: 1e-8 };
  const unary = (name: string, kernel: () => Tensor): Case => (
    { name, kind: "functions", operations: size, bytes: 8 * size, run: kernel }
  );
  return [
    {
      name: "HeedAdam",
      kind: "memory",
      operations: 13 * size,
      bytes: 28 * size,
      run: () => run("HeedAdam", { value: x, gradient, m, v }, adam),
    },
    {
      name: "HeedGlobalNorm",
      kind: "memory",
      operations: 2 * size,
      bytes: 4 * size,
      run: () => run("HeedGlobalNorm", { x }),
    },
    unary("Exp", () => tf.exp(x)),
    unary("Sigmoid", () => tf.sigmoid(x)),
    unary("Tanh", () => tf.tanh(x)),
    {
      name: "GatherV2 1280 of 64x128",
      kind: "memory",
      operations: 0,
      bytes: 8 * 1280 * 128,
      run: () => tf.gather(table, ids as tf.Tensor1D),
    },
    {
      name: "UnsortedSegmentSum 1280x128 to 64",
      kind: "memory",
      operations: 1280 * 128,
      bytes: 12 * 1280 * 128,
      run: () => tf.unsortedSegmentSum(rows, ids as tf.Tensor1D, 64),
    },
  ];
}

/** Seconds of this process's own time: what other work takes away from it on a busy machine doesn't count. */
function clock(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Seconds of one call, from a stretch of at least 20 ms. */
function time(call: () => void): number {
  for (let calls = 1;; calls *= 2) {
    const start = clock();
    for (let i = 0; i < calls; i++) call();
    const elapsed = clock() - start;
    if (elapsed >= 0.02) return elapsed / calls;
  }
}

const { json, rounds: given } = parseArgs(Deno.args, { boolean: ["json"], string: ["rounds"] });
const rounds = Number(given ?? 9);
const { pack } = await useEngine();
if (pack === "off") {
  throw new Error("Cannot measure the pack as this host must run WebAssembly SIMD: current value is off");
}
const peakOnce = () => 96 * PEAK_ROUNDS / time(() => void packFunctions()!.multiplyAdds(PEAK_ROUNDS, 1, 0.5));
const peaks: number[] = [];
const cases = [...products(), ...attention(), ...layer(), ...losses(), ...scores(), ...elements()];
const rows = cases.map(({ name, kind, operations, bytes, run }) => {
  const once = () => time(() => tf.dispose(run()));
  once();
  const rates: number[] = [], shares: number[] = [], streams: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const peak = peakOnce(), seconds = once();
    peaks.push(peak);
    rates.push(operations / seconds / 1e9);
    shares.push(operations / seconds / peak);
    streams.push(bytes / seconds / 1e9);
  }
  const row = { name, kind, rate: spread(rates), ofPeak: spread(shares), bytesASecond: spread(streams) };
  if (!json) {
    const percent = (share: number) => `${(100 * share).toFixed(0)}%`;
    console.log(
      `${name.padEnd(36)} ${kind.padEnd(10)} ${row.rate.median.toFixed(1).padStart(6)} GFLOP/s  ` +
        `${percent(row.ofPeak.median).padStart(4)} of peak (${percent(row.ofPeak.low)} to ${
          percent(row.ofPeak.high)
        })  ` +
        `${row.bytesASecond.median.toFixed(1)} GB/s`,
    );
  }
  return row;
});
tf.dispose(held);
const peak = spread(peaks.map((value) => value / 1e9));
if (json) console.log(JSON.stringify({ pack, unit: "GFLOP/s", peak, rows }));
else {console.log(
    `peak, ${pack}: ${peak.median.toFixed(1)} (${peak.low.toFixed(1)} to ${peak.high.toFixed(1)}) GFLOP/s`,
  );}
