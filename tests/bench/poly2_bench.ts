/**
 * Degree-2 kernel attention on one core: operations a second (by the closed form of THEORY.md 6.3) against the engine's
 * plain product; the lengths at which the linear route passes softmax attention and the quadratic route; and bytes beyond
 * inputs and outputs of a long causal sequence. Candidates take turns, and processor time is what counts: what other work
 * takes away from it on a busy machine doesn't. Median (least to greatest).
 *
 *     deno run --allow-read --allow-env tests/bench/poly2_bench.ts [--json] [--rounds N] [--widths 16,32,64]
 *
 * @module
 */
import process from "node:process";
import { useEngine } from "../../operators/backends/engine.ts";
import { poly2Attention, poly2Width } from "../../operators/numerics/poly2_attention.ts";
import { normal } from "../../operators/numerics/random.ts";
import { softmaxAttention } from "../../operators/numerics/softmax_attention.ts";
import { type Tensor, type Tensor4D, tf } from "../../operators/numerics/tf.ts";
import { flags } from "./flags.ts";
import { spread, told } from "./ratio.ts";

const { json, rounds, widths: sizes } = flags({ rounds: 5, widths: [16, 32, 64] });
const say = (line: string) => json || console.log(line);

type Spread = ReturnType<typeof spread>;

function clock(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Seconds of one call, from a stretch of at least 10 ms. */
function time(call: () => void): number {
  for (let calls = 1;; calls *= 2) {
    const start = clock();
    for (let i = 0; i < calls; i++) tf.tidy(call);
    const elapsed = clock() - start;
    if (elapsed >= 0.01) return elapsed / calls;
  }
}

/** Seconds of every candidate, round by round. */
function inTurn<Name extends string>(candidates: Record<Name, () => void>): Record<Name, number[]> {
  const names = Object.keys(candidates) as Name[];
  const seconds = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (const name of names) time(candidates[name]);
  for (let round = 0; round < rounds; round++) {
    for (const name of names) seconds[name].push(time(candidates[name]));
  }
  return seconds;
}

function draw(length: number, size: number): [Tensor4D, Tensor4D, Tensor4D] {
  const of = (seed: number, by: number) => tf.tensor4d(normal([length * size], by, seed).values, [1, 1, length, size]);
  return [of(1, 0.5 / Math.sqrt(size)), of(2, 1), of(3, 1)];
}

/** Operations a second against the plain product's, D = M = 64, N = 4096. */
function againstProduct(): { what: string; rate: Spread; ofProduct: Spread }[] {
  const [length, size] = [4096, 64], features = poly2Width(size);
  const tensors = draw(length, size), [q, k, v] = tensors;
  const above = tf.ones([1, 1, length, size]);
  const square = tf.tensor2d(normal([512 * 512], 1, 4).values, [512, 512]);
  const tall = tf.ones([length, features]) as tf.Tensor2D, state = tf.ones([features, size]) as tf.Tensor2D;
  const gradient = (causal: boolean) => () =>
    void tf.grads((q, k, v) =>
      poly2Attention(q as Tensor4D, k as Tensor4D, v as Tensor4D, { causal, route: "linear" })
    )(tensors as Tensor[], above);
  const forward = length * (4 * features * size + 5 * features - 3) - features * (size + 1);
  const quadratic = length ** 2 * (4 * size + 2) - length;
  // Products alone: 4 N C M forwards, 10 N C M backwards with both states made again.
  const both = 14 * length * features * size;
  const work: Record<string, [number, () => void]> = {
    "product 512x512x512": [2 * 512 ** 3, () => void tf.matMul(square, square)],
    [`product ${length}x${features}x${size}`]: [2 * length * features * size, () => void tf.matMul(tall, state)],
    "linear": [forward, () => void poly2Attention(q, k, v, { route: "linear" })],
    "linear causal": [forward, () => void poly2Attention(q, k, v, { route: "linear", causal: true })],
    "quadratic": [quadratic, () => void poly2Attention(q, k, v, { route: "quadratic" })],
    "linear with gradient": [both, gradient(false)],
    "linear causal with gradient": [both, gradient(true)],
  };
  const seconds = inTurn(Object.fromEntries(Object.entries(work).map(([name, [, run]]) => [name, run])));
  tf.dispose([...tensors, above, square, tall, state]);
  const peers = seconds["product 512x512x512"].map((second) => 2 * 512 ** 3 / second);
  return Object.entries(work).map(([what, [operations]]) => {
    const rates = seconds[what].map((second) => operations / second);
    const row = {
      what,
      rate: spread(rates.map((rate) => rate / 1e9)),
      ofProduct: spread(rates.map((rate, i) => rate / peers[i])),
    };
    say(
      `${what.padEnd(28)} ${row.rate.median.toFixed(1).padStart(6)} GFLOP/s, ${
        told(row.ofProduct)
      } of the product 512³`,
    );
    return row;
  });
}

/** N* of THEORY.md 6.4, D = M. */
function predicted(size: number, causal: boolean, exponential: boolean): number {
  const features = poly2Width(size), pairs = (4 * size + (exponential ? 3 : 2)) / (causal ? 2 : 1);
  const linear = 4 * features * size + 5 * features - 3;
  return linear / pairs;
}

/** Where the linear route becomes the faster one: between the two lengths of the grid where the ratio passes 1. */
function crossover(lengths: number[], ratios: number[]): number | undefined {
  for (let i = 1; i < lengths.length; i++) {
    if (ratios[i - 1] >= 1 || ratios[i] < 1) continue;
    const share = Math.log(ratios[i - 1]) / (Math.log(ratios[i - 1]) - Math.log(ratios[i]));
    return lengths[i - 1] * (lengths[i] / lengths[i - 1]) ** share;
  }
}

function crossovers(size: number, causal: boolean) {
  const lengths = [0.35, 0.5, 0.71, 1, 1.41, 2].map((factor) => Math.round(predicted(size, causal, true) * factor));
  const times = lengths.map((length) => {
    const tensors = draw(length, size), [q, k, v] = tensors;
    const seconds = inTurn({
      linear: () => void poly2Attention(q, k, v, { route: "linear", causal }),
      quadratic: () => void poly2Attention(q, k, v, { route: "quadratic", causal }),
      softmax: () => void softmaxAttention(q, k, v, { causal }),
    });
    tf.dispose(tensors);
    return seconds;
  });
  return (["softmax", "quadratic"] as const).map((peer) => {
    const ratios = times.map((seconds) => spread(seconds[peer].map((second, i) => second / seconds.linear[i])));
    const measured = crossover(lengths, ratios.map(({ median }) => median));
    const wanted = predicted(size, causal, peer === "softmax");
    const where = measured === undefined ? "outside the grid" : measured.toFixed(0);
    say(
      `D = M = ${size}${causal ? ", causal" : ""}: linear passes ${peer} at N ${where}, by operations at ${
        wanted.toFixed(0)
      }; time of ${peer} / linear: ` + lengths.map((length, i) =>
        `${ratios[i].median.toFixed(2)} at ${length}`
      ).join(", "),
    );
    return { size, causal, peer, measured, predicted: wanted, lengths, ratios };
  });
}

/** Most bytes beyond inputs and outputs, N = 65,536, D = M = 64, causal. */
async function memory(backward: boolean) {
  const [length, size] = [65536, 64];
  await useEngine({ pack: false });
  const engine = await useEngine(); // a fresh arena
  const tensors = draw(length, size);
  const above = backward ? [tf.ones([1, 1, length, size])] : [];
  engine.resetPeak();
  const before = engine.peakBytes(), started = clock();
  const forward = (q: Tensor, k: Tensor, v: Tensor) =>
    poly2Attention(q as Tensor4D, k as Tensor4D, v as Tensor4D, { causal: true });
  const made = tf.tidy(() => backward ? tf.grads(forward)([...tensors], above[0]) : [forward(...tensors)]);
  const seconds = clock() - started;
  const bytes = engine.peakBytes() - before - made.reduce((sum, { size }) => sum + 4 * size, 0);
  tf.dispose([...tensors, ...above, ...made]);
  say(
    `N ${length}, D = M = ${size}, causal, ${backward ? "forward and backward" : "forward"}: ${
      (bytes / 2 ** 20).toFixed(2)
    } MiB beyond inputs and outputs, ${seconds.toFixed(2)} s`,
  );
  return { length, size, backward, bytes, seconds };
}

await useEngine();
const products = againstProduct();
const passes = sizes.flatMap((size) => [false, true].flatMap((causal) => crossovers(size, causal)));
const bytes = [await memory(false), await memory(true)];
if (json) console.log(JSON.stringify({ products, crossovers: passes, memory: bytes }));
