/**
 * How much faster is a training step with the kernel pack than on the stock wasm backend?
 *
 * The model of DESIGN.md's figure (speller.ts), Adam with clipping, one core. The stock backend has no kernel for the
 * gradient of `gather`; the peer gets the plain one that Heed has for it, and nothing else.
 *
 *     deno run --allow-read --allow-env tests/bench/training_step_bench.ts [--json] [--rounds N] [--sizes 128x128,64x32]
 *
 * A size is units and words a step.
 *
 * @module
 */
import { useEngine } from "../../operators/mod.ts";
import { flags } from "./flags.ts";
import { inTurn, speedUp, spread, told } from "./ratio.ts";
import { LETTERS, PHONEMES, randomWords, spellerTraining } from "./speller.ts";

/** Seconds of every step: stock and pack, in turn. */
export async function trainingStep(units: number, size: number, rounds: number) {
  const words = await randomWords(size);
  const candidates = ([["stock", "off"], ["pack", true]] as const).map(([name, pack]) => {
    const { step, end } = spellerTraining(units, 1);
    return { name, prepare: () => useEngine({ pack }), run: () => step(words), end };
  });
  const [stock, pack] = await inTurn(candidates, rounds);
  for (const { end } of candidates) end();
  return { stock, pack };
}

if (import.meta.main) {
  const { json, rounds, sizes } = flags({ rounds: 7, sizes: [[128, 128], [256, 128], [64, 32]] as const });
  const rows = [];
  for (const [units, batch] of sizes) {
    const { stock, pack } = await trainingStep(units, batch, rounds);
    const milliseconds = ({ seconds }: typeof pack) => spread(seconds.map((each) => 1000 * each));
    const row = { units, batch, stock: milliseconds(stock), pack: milliseconds(pack), ratio: speedUp(stock, pack) };
    rows.push(row);
    if (json) continue;
    console.log(`training step, units ${units}, batch ${batch}, ${LETTERS} letters, ${PHONEMES} phonemes, one core`);
    console.log(`  stock wasm backend  ${told(row.stock, 1)} ms`);
    console.log(`  kernel pack         ${told(row.pack, 1)} ms`);
    console.log(`  times faster        ${told(row.ratio)}`);
  }
  if (json) console.log(JSON.stringify({ rounds, unit: "ms", rows }));
}
