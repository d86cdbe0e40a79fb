/**
 * Operations a second of every kernel of the pack against what this machine can do at most, a loop of multiply-adds in
 * registers that is timed beside each repetition. Median share of the peak, with its range. The same measurement is the
 * page `engine.html` (`deno task pipeline engine`); here it counts this process's own time, so that what other work takes
 * away on a busy machine doesn't count.
 *
 *     deno run --allow-read --allow-env tests/bench/engine_bench.ts [--json] [--rounds N]
 *
 * operators/backends/kernel_cases.ts says how operations are counted. "memory" kernels do little arithmetic a byte: look at
 * their bytes a second.
 *
 * @module
 */
import process from "node:process";
import { lastValueFrom, tap, toArray } from "rxjs";
import { type KernelRate, kernelRates, useEngine } from "../../operators/mod.ts";
import { flags } from "./flags.ts";
import { spread } from "./ratio.ts";

const { json, rounds } = flags({ rounds: 9 });
const { pack } = await useEngine();

function clock(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const giga = (values: readonly number[]) => spread(values.map((value) => value / 1e9));

function print({ kernel, transposes, bound, operations, share, bytes }: KernelRate): void {
  const percent = (share: number) => `${(100 * share).toFixed(0)}%`;
  const { median, low, high } = spread(share);
  console.log(
    `${`${kernel} ${transposes}`.padEnd(38)} ${bound.padEnd(10)} ${
      giga(operations).median.toFixed(1).padStart(6)
    } GFLOP/s  ` +
      `${percent(median).padStart(4)} of peak (${percent(low)} to ${percent(high)})  ` +
      `${giga(bytes).median.toFixed(1)} GB/s`,
  );
}

const measured = kernelRates({ rounds, stretch: 0.01, clock });
const rates = await lastValueFrom(measured.pipe(tap((rate) => json || print(rate)), toArray()));
const peak = giga(rates.flatMap(({ peak }) => peak));
if (json) {
  const rows = rates.map(({ kernel, transposes, bound, operations, share, bytes }) => (
    { kernel, transposes, bound, rate: giga(operations), ofPeak: spread(share), bytesASecond: giga(bytes) }
  ));
  console.log(JSON.stringify({ pack, unit: "GFLOP/s", peak, rows }));
} else {
  const { median, low, high } = peak;
  console.log(`peak, ${pack}: ${median.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)}) GFLOP/s`);
}
