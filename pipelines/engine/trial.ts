/**
 * One trial of the engine's question: the speed of every kernel, or of a training step with the pack and without it.
 *
 * Rows:
 *
 * | metric | step | unit | labels |
 * | --- | --- | --- | --- |
 * | `pack` | 0 | 1 | build: relaxed, simd, off |
 * | `share` | 0 | % | kernel, transposes, bound, quantile: 0.25, 0.5, 0.75, 1 (of repetitions, over the run's best peak) |
 * | `operations`, `bytes` | 0 | 1/s, B/s | the same |
 * | `peak` | 0 | 1/s | quantile |
 * | `time/step` | 0 | s | engine: stock, pack; quantile; units, batch |
 * | `speedup` | 0 | 1 | quantile; units, batch |
 *
 * Without the pack (another backend, or a host without SIMD) there is nothing to measure but that.
 *
 * @module
 */
import { concat, defer, from, map, type Observable, of, tap } from "rxjs";
import { quantile } from "simple-statistics";
import { type KernelRate, kernelRates, packInPlace, useEngine } from "../../operators/mod.ts";
import type { Label, Measurement } from "../../operators/records.ts";
import type { Trial, TrialContext, TrialEvent } from "../experiment.ts";
import { type RowMaker, rowsOf } from "../rows.ts";
import { randomWords, spellerTraining } from "./speller.ts";

/** Runs one trial; short enough to begin anew after an interruption. */
export function runEngineTrial(trial: Trial, _context: TrialContext): Observable<TrialEvent> {
  return defer(() => {
    const row = rowsOf(trial.id, { seed: trial.seed });
    const build = packInPlace();
    const pack = row("pack", build === "off" ? 0 : 1, "1", 0, { build });
    if (build === "off") return of({ rows: [pack], progress: 1 });
    if (trial.options.measures === "kernels") return kernels(row, pack, Number(trial.options.rounds));
    return from(training(row, trial, build)).pipe(map((rows) => ({ rows: [pack, ...rows], progress: 1 })));
  });
}

/** Quartiles of some numbers and their maximum, a row each. */
function quartiles(
  row: RowMaker,
  metric: string,
  values: readonly number[],
  unit: string,
  labels: Readonly<Record<string, Label>> = {},
): Measurement[] {
  return [0.25, 0.5, 0.75, 1].map((at) => row(metric, quantile([...values], at), unit, 0, { ...labels, quantile: at }));
}

function kernels(row: RowMaker, pack: Measurement, rounds: number): Observable<TrialEvent> {
  const rates: KernelRate[] = [];
  // Rows are stored at the end, whole: a trial that is interrupted begins anew.
  return concat(
    kernelRates({ rounds }).pipe(
      tap((rate) => rates.push(rate)),
      map(({ of }): TrialEvent => ({ rows: [], progress: 0.99 * rates.length / of })),
    ),
    defer(() => {
      const peaks = rates.flatMap(({ peak }) => peak);
      const most = Math.max(...peaks);
      return of({
        rows: [pack, ...quartiles(row, "peak", peaks, "1/s"), ...rates.flatMap((rate) => kernelRows(row, rate, most))],
        progress: 1,
      });
    }),
  );
}

function kernelRows(row: RowMaker, rate: KernelRate, peak: number): Measurement[] {
  const { kernel, transposes, bound, operations, bytes } = rate;
  const labels = { kernel, transposes, bound };
  const traffic = quartiles(row, "bytes", bytes, "B/s", labels);
  // A kernel that only moves values has no share of the peak.
  return operations[0] === 0 ? traffic : [
    ...quartiles(row, "share", operations.map((each) => 100 * each / peak), "%", labels),
    ...quartiles(row, "operations", operations, "1/s", labels),
    ...traffic,
  ];
}

/** Steps with the pack and on the stock backend, in turn; the engine is left as it was found. */
async function training(row: RowMaker, { seed, options }: Trial, build: "relaxed" | "simd"): Promise<Measurement[]> {
  const [units, batch, steps] = [options.units, options.batch, options.steps].map(Number);
  const words = await randomWords(batch);
  const candidates = (["stock", "pack"] as const).map((engine) => ({
    engine,
    seconds: [] as number[],
    ...spellerTraining(units, seed),
  }));
  try {
    for (let round = -1; round < steps; round++) {
      for (const { engine, seconds, step } of candidates) {
        await useEngine({ pack: engine === "stock" ? false : build });
        const started = performance.now();
        await step(words);
        if (round >= 0) seconds.push((performance.now() - started) / 1000);
      }
    }
  } finally {
    for (const { end } of candidates) end();
    await useEngine({ pack: build });
  }
  const [stock, pack] = candidates.map(({ seconds }) => seconds);
  const labels = { units, batch };
  return [
    ...candidates.flatMap(({ engine, seconds }) => quartiles(row, "time/step", seconds, "s", { ...labels, engine })),
    ...quartiles(row, "speedup", stock.map((seconds, pair) => seconds / pack[pair]), "1", labels),
  ];
}
