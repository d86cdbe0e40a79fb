/**
 * A whole recurrent layer, forward and with its gradient: composed of stock operations, composed with the pack's products,
 * and fused. Milliseconds and ratios from one run; the best of the rounds, with the spread of all.
 *
 *     deno run --allow-read --allow-env tests/bench/gru_bench.ts [--json] [--rounds N]
 *
 * @module
 */
import { useEngine } from "../../operators/backends/engine.ts";
import { normal } from "../../operators/numerics/random.ts";
import { gru } from "../../operators/numerics/recurrence.ts";
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from "../../operators/numerics/tf.ts";
import { flags } from "./flags.ts";

const STEPS = 10, INPUTS = 64;
const CASES = [[64, 32], [64, 128], [128, 32], [128, 128], [256, 128]] as const;
const ENGINES = ["off", "products", "simd", "relaxed"] as const;
const { json, rounds } = flags({ rounds: 5 });

const least = (values: number[]) => Math.min(...values);

/** Milliseconds of one call, the best of a few stretches. */
function time(run: () => void): number {
  run();
  let best = Infinity;
  for (let stretch = 0; stretch < 3; stretch++) {
    const start = performance.now();
    let calls = 0;
    do {
      run();
      calls++;
    } while (performance.now() - start < 15);
    best = Math.min(best, (performance.now() - start) / calls);
  }
  return best;
}

/** Puts an engine in place; `products` is the pack without the fused layer. */
async function start(engine: typeof ENGINES[number]): Promise<boolean> {
  const { pack } = await useEngine({ pack: engine === "products" ? true : engine });
  if (engine === "products") tf.unregisterKernel("HeedGruGrad", "wasm");
  return engine === "products" ? pack !== "off" : pack === engine;
}

const times = new Map<string, number[]>();
const note = (key: string, value: number) => times.set(key, [...times.get(key) ?? [], value]);
for (let round = 0; round < rounds; round++) {
  for (const engine of ENGINES) {
    if (!await start(engine)) continue;
    for (const [units, batch] of CASES) {
      const shapes = [[INPUTS, 3 * units], [units, 3 * units], [3 * units], [3 * units], [batch, STEPS, INPUTS]];
      const at = shapes.map((shape, index) => tf.tensor(normal(shape, 0.1, index).values, shape));
      const lengths = tf.fill([batch], STEPS, "int32") as Tensor1D;
      const initial = tf.zeros([batch, units]) as Tensor2D;
      const forward = (...[kernel, recurrent, bias, recurrentBias, x]: Tensor[]) =>
        gru({ kernel, recurrent, bias, recurrentBias }, x as Tensor3D, { lengths, initial });
      const gradient = tf.grads((...tensors: Tensor[]) => tf.sum(tf.square(forward(...tensors).outputs)));
      const key = `${units} ${batch} ${engine}`;
      note(`${key} forward`, time(() => tf.tidy(() => void forward(...at))));
      note(`${key} step`, time(() => tf.tidy(() => void gradient(at))));
      tf.dispose([...at, lengths, initial]);
    }
    await useEngine({ pack: false });
  }
}

const rows = CASES.flatMap(([units, batch]) =>
  ["forward", "step"].map((what) => {
    const all = ENGINES.map((engine) => times.get(`${units} ${batch} ${engine} ${what}`) ?? [NaN]);
    const [stock, products, simd, relaxed] = all.map(least);
    const spread = (Math.max(...all[3]) - Math.min(...all[3])) / relaxed;
    return { units, batch, what, stock, products, simd, relaxed, ratio: stock / relaxed, spread };
  })
);
if (json) console.log(JSON.stringify({ steps: STEPS, inputs: INPUTS, unit: "ms", rows }));
else {
  console.log("units batch           stock products     simd  relaxed    ratio   spread");
  for (const { units, batch, what, stock, products, simd, relaxed, ratio, spread } of rows) {
    const numbers = [stock, products, simd, relaxed].map((value) => value.toFixed(2).padStart(9)).join("");
    console.log(
      `${String(units).padStart(5)}${String(batch).padStart(6)} ${what.padEnd(8)}${numbers}${
        ratio.toFixed(1).padStart(9)
      }` +
        `${(100 * spread).toFixed(0).padStart(8)}%`,
    );
  }
}
