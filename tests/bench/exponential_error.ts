/**
 * The greatest error of the pack's exponential over every float32 between -103.9 and 88.72283 whose size is at least 2^-26
 * (below, e^x rounds to 1): some 540 million values, against float64, in units of the last place of float32. Takes half a
 * minute of processor time for each build; the unit test samples the same range.
 *
 *     deno run --allow-read --allow-env tests/bench/exponential_error.ts [--json] [--stride N]
 *
 * @module
 */
import { packFunctions, supports, type WasmBackend } from "../../operators/backends/pack.ts";
import { tf, useEngine } from "../../operators/mod.ts";
import { flags } from "./flags.ts";

const COUNT = 1 << 16;
const { json, stride } = flags({ stride: 1 });
const bitsOf = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0];

/** The place of the last bit of the float32 nearest to a positive number, from its float64 exponent. */
const parts = new DataView(new ArrayBuffer(8));
function ulp(x: number): number {
  parts.setFloat64(0, x);
  return 2 ** Math.max((parts.getUint16(0) >> 4) - 1023 - 23, -149);
}

for (const build of (["relaxed", "simd"] as const).filter(supports)) {
  await useEngine({ pack: build });
  const { wasm } = tf.backend() as unknown as WasmBackend;
  const from = wasm._malloc(8 * COUNT), to = from + 4 * COUNT;
  let most = 0, at = 0, seen = 0;
  for (const [first, last] of [[2 ** -26, 88.72283], [-(2 ** -26), -103.9]].map((ends) => ends.map(bitsOf))) {
    for (let start = first; start <= last; start += COUNT * stride) {
      const { buffer } = wasm.asm.memory;
      const bits = new Uint32Array(buffer, from, COUNT).map((_, i) => Math.min(start + i * stride, last));
      new Uint32Array(buffer, from, COUNT).set(bits);
      packFunctions()!.apply(0, from, to, COUNT);
      const x = new Float32Array(buffer, from, COUNT), y = new Float32Array(buffer, to, COUNT);
      for (let i = 0; i < COUNT; i++) {
        const exact = Math.exp(x[i]);
        const error = Math.abs(y[i] - exact) / ulp(exact);
        if (!(error <= most)) most = error, at = x[i];
      }
      seen += COUNT;
    }
  }
  wasm._free(from);
  console.log(
    json
      ? JSON.stringify({ build, unit: "ulp", most, at, values: seen })
      : `${build}: ${most.toFixed(3)} ulp at most, at ${at}; ${seen} values`,
  );
}
