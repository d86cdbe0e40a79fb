/**
 * How many more examples a second does one model learn from on two cores?
 *
 * The training step of training_step_bench.ts with the kernel pack, on the thread that runs `train` alone and with one
 * worker beside it, in turn. Both start from the same parameters, and their losses are printed: they agree to rounding.
 *
 *     deno run --allow-read --allow-env tests/bench/parallel_bench.ts [units] [batch] [rounds]
 *
 * @module
 */
import { useEngine } from "../../operators/mod.ts";
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
  const [units = 128, size = 128, rounds = 31] = Deno.args.map(Number);
  const { one, two, startup, losses } = await twoCores(units, size, rounds);
  console.log(
    `training step, units ${units}, batch ${size}, ${LETTERS} letters, ${PHONEMES} phonemes, ${rounds} rounds`,
  );
  for (const { name, seconds } of [one, two]) {
    console.log(`  ${name.padEnd(12)} ${told(spread(seconds.map((each) => size / each)), 0)} examples a second`);
  }
  console.log(`  times faster ${told(speedUp(one, two))}`);
  console.log(`  first step with the worker's start ${startup.toFixed(2)} s; last losses ${losses.join(" and ")}`);
}
