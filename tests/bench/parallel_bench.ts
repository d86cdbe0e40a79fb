/**
 * How many more examples a second does one model learn from on two cores?
 *
 * The training step of training_step_bench.ts with the kernel pack, on the thread that runs `train` alone and with one
 * worker beside it, in turn. Both start from the same parameters, and their losses are printed: they agree to rounding.
 *
 *     deno run --allow-read --allow-env tests/bench/parallel_bench.ts [--json] [--rounds N] [--sizes 128x128,256x128]
 *
 * A size is units and words a step.
 *
 * @module
 */
import { useEngine } from "../../operators/mod.ts";
import { flags } from "./flags.ts";
import { inTurn, speedUp, spread, told } from "./ratio.ts";
import { LETTERS, PHONEMES, randomWords, spellerTraining } from "./speller.ts";

/** Seconds of every step on one core and on two, what starting the worker took, and the last losses. */
export async function twoCores(units: number, size: number, rounds: number) {
  await useEngine();
  const words = await randomWords(size);
  const candidates = [1, 2].map((workers) => {
    const { step, end } = spellerTraining(units, 1, workers);
    const losses: number[] = [];
    return {
      name: workers === 1 ? "one core" : `${workers} cores`,
      losses,
      run: async () => losses.push((await step(words)).loss),
      end,
    };
  });
  const started = performance.now();
  await candidates[1].run();
  const startup = (performance.now() - started) / 1000;
  await candidates[0].run();
  const [one, two] = await inTurn(candidates, rounds);
  for (const { end } of candidates) end();
  return { one, two, startup, losses: candidates.map(({ losses }) => losses.at(-1)!) };
}

if (import.meta.main) {
  const { json, rounds, sizes } = flags({ rounds: 31, sizes: [[128, 128]] as const });
  const rows = [];
  for (const [units, batch] of sizes) {
    const { one, two, startup, losses } = await twoCores(units, batch, rounds);
    const [alone, together] = [one, two].map(({ seconds }) => spread(seconds.map((each) => batch / each)));
    const ratio = speedUp(one, two);
    rows.push({ units, batch, one: alone, two: together, ratio, startup, losses });
    if (json) continue;
    console.log(
      `training step, units ${units}, batch ${batch}, ${LETTERS} letters, ${PHONEMES} phonemes, ${rounds} rounds`,
    );
    console.log(`  ${one.name.padEnd(12)} ${told(alone, 0)} examples a second`);
    console.log(`  ${two.name.padEnd(12)} ${told(together, 0)} examples a second`);
    console.log(`  times faster ${told(ratio)}`);
    console.log(`  first step with the worker's start ${startup.toFixed(2)} s; last losses ${losses.join(" and ")}`);
  }
  if (json) console.log(JSON.stringify({ rounds, unit: "examples a second", rows }));
}
