/**
 * Matrix products, stock against pack, in one run: GFLOP/s of each, their ratio, and the share of the host's peak (a loop
 * of multiply-adds in registers). Rounds of the three engines are interleaved, so that other work on the machine falls on
 * all of them alike; the best round is printed, with the spread of all.
 *
 *     deno run --allow-read --allow-env tests/bench/products_bench.ts [--json] [--rounds N]
 *
 * @module
 */
import { useEngine } from "../../operators/backends/engine.ts";
import { packFunctions } from "../../operators/backends/pack.ts";
import { tf } from "../../operators/numerics/tf.ts";
import { flags } from "./flags.ts";

interface Case {
  readonly name: string;
  readonly a: number[];
  readonly b: number[];
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const TRANSPOSES = [[false, false], [true, false], [false, true], [true, true]] as const;

/** `[batch] m x k x n` with both transposes. */
function example(m: number, k: number, n: number, transposeA: boolean, transposeB: boolean, batch?: number): Case {
  const outer = batch === undefined ? [] : [batch];
  return {
    name: `${batch === undefined ? "" : `${batch} times `}${m}x${k}x${n} ${transposeA ? "T" : "N"}${
      transposeB ? "T" : "N"
    }`,
    a: [...outer, ...(transposeA ? [k, m] : [m, k])],
    b: [...outer, ...(transposeB ? [n, k] : [k, n])],
    transposeA,
    transposeB,
  };
}

const CASES: Case[] = [
  ...[64, 128, 256, 512].flatMap((side) => TRANSPOSES.map(([ta, tb]) => example(side, side, side, ta, tb))),
  ...TRANSPOSES.map(([ta, tb]) => example(97, 101, 103, ta, tb)),
  // What a recurrent encoder-decoder does: projections, their gradients, one step, attention, one decoded word.
  ...TRANSPOSES.slice(0, 3).map(([ta, tb]) => example(32, 64, 192, ta, tb)),
  ...TRANSPOSES.slice(0, 3).map(([ta, tb]) => example(128, 128, 384, ta, tb)),
  example(1280, 64, 384, false, false),
  example(64, 1280, 384, true, false),
  example(1280, 384, 64, false, true),
  example(1280, 128, 1, false, false),
  example(128, 1280, 1, true, false),
  example(1280, 1, 128, false, true),
  example(10, 128, 10, false, true, 128),
  example(1, 128, 10, false, true, 128),
  example(1, 10, 128, false, false, 128),
  example(10, 1, 128, true, false, 128),
  example(1, 128, 384, false, false),
  example(1, 128, 384, false, true),
];

const ENGINES = ["off", "simd", "relaxed"] as const;
const { json, rounds } = flags({ rounds: 5 });

const highest = (values: number[]) => Math.max(...values);

/** Milliseconds of one call: the best of several stretches of at least 2 ms, so that a stretch without interruption counts. */
function time(run: () => void): number {
  let repeats = 1, best = Infinity;
  const start = performance.now();
  for (let stretch = 0; stretch < 8 && (stretch < 2 || performance.now() - start < 60);) {
    const from = performance.now();
    for (let repeat = 0; repeat < repeats; repeat++) run();
    const elapsed = performance.now() - from;
    if (elapsed < 2) repeats *= 2;
    else best = Math.min(best, elapsed / repeats), stretch++;
  }
  return best;
}

const rates = new Map<string, number[]>();
const note = (key: string, value: number) => rates.set(key, [...rates.get(key) ?? [], value]);
for (let round = 0; round < rounds; round++) {
  for (const pack of ENGINES) {
    const engine = await useEngine({ pack });
    if (engine.pack !== pack) continue;
    if (pack !== "off") {
      note(
        `peak ${pack}`,
        96e4 / time(() => void packFunctions()!.multiplyAdds(10000, 1, 0.5)) / 1e6,
      );
    }
    for (const { name, a, b, transposeA, transposeB } of CASES) {
      const left = tf.randomNormal(a), right = tf.randomNormal(b);
      const depth = transposeA ? a.at(-2)! : a.at(-1)!;
      const out = tf.matMul(left, right, transposeA, transposeB);
      const operations = 2 * out.size * depth;
      // A slow case of the stock backend is measured once: seconds of it tell no more.
      if (!(pack === "off" && round > 0 && (rates.get(`${name} off`)?.[0] ?? 1e9) < operations / 1e8)) {
        note(
          `${name} ${pack}`,
          operations / time(() => tf.matMul(left, right, transposeA, transposeB).dispose()) / 1e6,
        );
      }
      tf.dispose([left, right, out]);
    }
  }
}

const peak = highest(rates.get("peak relaxed") ?? rates.get("peak simd") ?? [NaN]);
const rows = CASES.map(({ name }) => {
  const [off, simd, relaxed] = ENGINES.map((engine) => rates.get(`${name} ${engine}`) ?? [NaN]);
  const best = rates.has(`${name} relaxed`) ? relaxed : simd;
  return {
    product: name,
    stock: highest(off),
    simd: highest(simd),
    relaxed: highest(relaxed),
    ratio: highest(best) / highest(off),
    ofPeak: highest(best) / peak,
    spread: (Math.max(...best) - Math.min(...best)) / highest(best),
  };
});
if (json) console.log(JSON.stringify({ peak, unit: "GFLOP/s", rows }));
else {
  console.log(`peak: ${peak.toFixed(1)} GFLOP/s relaxed, ${highest(rates.get("peak simd") ?? [NaN]).toFixed(1)} simd`);
  console.log("product                     stock    simd relaxed   ratio of peak  spread");
  for (const { product, stock, simd, relaxed, ratio, ofPeak, spread } of rows) {
    const numbers = [stock, simd, relaxed, ratio].map((value) => value.toFixed(1).padStart(8)).join("");
    console.log(
      `${product.padEnd(25)}${numbers}${(100 * ofPeak).toFixed(0).padStart(7)}%${
        (100 * spread).toFixed(0).padStart(7)
      }%`,
    );
  }
}
