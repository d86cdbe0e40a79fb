/**
 * One trial of the kernel comparison. `part` says which: `cost` measures time, bytes and operations of every mechanism at
 * one width, causal or not, at one length after another; `error` learns a small attention model and holds every kernel
 * against softmax on its queries and keys.
 *
 * Rows (label `mechanism` is the name; `d`, `causal` (0, 1) on every row of a `cost` trial; steps are N):
 *
 * | metric | unit | further labels |
 * | --- | --- | --- |
 * | `time` | s | quantile: 0, 0.25, 0.5, 0.75; repeats; of a forward pass |
 * | `training` | s | the same of a forward and a backward pass, at some of the lengths |
 * | `bytes` | bytes | kind: predicted, measured |
 * | `bytes/inputs`, `bytes/output` | bytes | of Q, K and V, and of the output |
 * | `bytes/part` | bytes | tensor (at the greatest length) |
 * | `operations` | 1 | kind: predicted, training (forward and backward), counted (at the least length) |
 * | `skipped`, `skipped/training` | bytes | the predicted bytes that are too many to try |
 * | `rate` | 1/s | part (mechanism-free: a part of the work on its own) |
 * | `decode` | s | step is the position; quantile 0.5 |
 * | `decode/state` | bytes | step is the position |
 * | `error` | 1 | source: real, gaussian; relative error of the output |
 * | `scores/deviation` | 1 | source; deviation of q·k / sqrt(D) |
 * | `kernel/error`, `notes/error`, `notes/rest`, `ratio` | 1 | what claims 7 to 9 are about (errors.ts) |
 *
 * @module
 */
import { concat, concatMap, defer, filter, from, map, type Observable, of, type OperatorFunction, reduce } from "rxjs";
import { type Engine, measureAttention, measureDecoding, measureParts, useEngine } from "../../operators/mod.ts";
import type { Measurement } from "../../operators/records.ts";
import type { Options, Trial, TrialContext, TrialEvent } from "../experiment.ts";
import { quantile, rowsOf } from "../rows.ts";
import { totalBytes } from "./bytes.ts";
import { type Contender, isPairwise, loadContender } from "./contenders.ts";
import { countedOperations } from "./counted.ts";
import { errorRows } from "./errors.ts";

/** More bytes than this are not tried: the backend's memory ends at 4 GiB, and other tensors are there, too. */
const MOST_BYTES = 2 ** 31;
/** Training's repetitions may take this many times less than a forward pass's: what matters is where lines cross. */
const TRAINING_SHARE = 4;
/** Operations are counted at the least length, and at no more positions than this. */
const MOST_COUNTED = 64;

/** Runs one trial; a cost trial goes on behind the last length that is stored. */
export function runKernelsTrial(trial: Trial, { checkpoint }: TrialContext): Observable<TrialEvent> {
  return defer(async () => {
    const contenders = await Promise.all((trial.options.mechanisms as readonly string[]).map(loadContender));
    return { contenders, engine: await engineOf(trial.options) };
  }).pipe(
    concatMap(({ contenders, engine }) =>
      trial.options.part === "error"
        ? errorRows(trial, contenders).pipe(map((rows) => ({ rows, progress: 1 })))
        : costs(trial, contenders, engine, checkpoint?.[0] ?? 0)
    ),
  );
}

/** All rows at once. */
function together(): OperatorFunction<Measurement[], Measurement[]> {
  return reduce((all, some) => [...all, ...some]);
}

/** The engine that the worker has readied, asked for in the same words. */
function engineOf({ backend = "wasm", pack = "auto" }: Options): Promise<Engine> {
  return useEngine({ backend: backend as "wasm", pack: pack === "auto" ? true : pack as "simd" });
}

function costs(trial: Trial, all: readonly Contender[], engine: Engine, done: number): Observable<TrialEvent> {
  const { options, seed } = trial;
  const d = Number(options.d), causal = options.causal === "yes";
  const lengths = (options.lengths as readonly string[]).map(Number).sort((a, b) => a - b);
  const row = rowsOf(trial.id, { d, causal: Number(causal) });
  const at = (n: number) => ({ n, d, m: d, causal });
  const needs = {
    time: (each: Contender, n: number) => totalBytes(each.bytes(at(n)) ?? {}),
    training: (each: Contender, n: number) => each.trainingBytes(at(n)) ?? 0,
  };
  const budget = Number(options.budget);
  const settings = { d, m: d, causal, seed, engine, repeats: Number(options.repeats), budget };
  const steps = lengths.length + 1;
  const measured = (n: number, metric: "time" | "training") => {
    const fits = (each: Contender) => needs[metric](each, n) <= MOST_BYTES;
    const pass = metric === "time" ? "forward" : "training";
    return of(n).pipe(
      measureAttention(() => all.filter(fits).map(({ mechanism }) => mechanism), {
        ...settings,
        pass,
        budget: pass === "forward" ? budget : budget / TRAINING_SHARE,
      }),
      map((measured): Measurement[] => [
        ...measured.flatMap(({ mechanism: { name }, seconds, peakBytes, inputBytes, outputBytes }) => [
          ...[0, 0.25, 0.5, 0.75].map((q) =>
            row(metric, quantile(seconds, q), "s", n, { mechanism: name, quantile: q, repeats: seconds.length })
          ),
          ...(metric === "training" ? [] : [
            row("bytes", peakBytes, "bytes", n, { mechanism: name, kind: "measured" }),
            row("bytes/inputs", inputBytes, "bytes", n, { mechanism: name }),
            row("bytes/output", outputBytes, "bytes", n, { mechanism: name }),
          ]),
        ]),
        ...all.filter((each) => !fits(each)).map((each) =>
          row(metric === "time" ? "skipped" : "skipped/training", needs[metric](each, n), "bytes", n, {
            mechanism: each.name,
          })
        ),
      ]),
    );
  };
  const every = Number(options.training);
  const ofLength = (n: number, index: number) =>
    concat(
      measured(n, "time"),
      every > 0 && (lengths.length - 1 - index) % every === 0 ? measured(n, "training") : of(),
      of(all.flatMap((each) => predictedRows(each, n))),
    ).pipe(together());
  const operationRows = (each: Contender, n: number): Measurement[] => {
    const predicted = each.cost(at(n)), mechanism = each.name;
    return predicted
      ? [
        row("operations", predicted.operations, "1", n, { mechanism, kind: "predicted" }),
        row("operations", predicted.operations + predicted.backward, "1", n, { mechanism, kind: "training" }),
      ]
      : [];
  };
  const predictedRows = (each: Contender, n: number): Measurement[] => {
    // Closed forms of bytes are those of the kernel pack; other backends allocate otherwise.
    const bytes = engine.pack === "off" ? undefined : each.bytes(at(n));
    const mechanism = each.name;
    return [
      ...operationRows(each, n),
      ...(bytes ? [row("bytes", totalBytes(bytes), "bytes", n, { mechanism, kind: "predicted" })] : []),
      ...(bytes && n === lengths.at(-1)
        ? Object.entries(bytes).map(([tensor, value]) => row("bytes/part", value, "bytes", n, { mechanism, tensor }))
        : []),
    ];
  };
  const last = (): Observable<Measurement[]> => {
    const n = Math.min(lengths.at(-1)!, 1024);
    const positions = lengths.filter((n) => n <= Number(options.decoding));
    const decoding = all.filter(({ name }) => !isPairwise(name)).map(({ mechanism }) => mechanism);
    const least = Math.min(lengths[0], MOST_COUNTED);
    return concat(
      countedOperations(all, at(least), seed).pipe(
        map((counts) =>
          counts.flatMap(({ name: mechanism, operations }) =>
            operations === undefined ? [] : [
              row("operations", operations, "1", least, { mechanism, kind: "counted" }),
              // What is timed has its closed form already.
              ...(least === lengths[0] ? [] : operationRows(all.find(({ name }) => name === mechanism)!, least)),
            ]
          )
        ),
      ),
      measureParts({ n, d, m: d, features: (d + 1) * (d + 2) / 2, seed }).pipe(
        map((parts) => parts.map(({ part, rate }) => row("rate", rate, "1/s", n, { part }))),
      ),
      from(causal ? positions : []).pipe(
        measureDecoding(decoding, settings),
        map((times) =>
          times.flatMap(({ mechanism: { name }, position, seconds, stateBytes }) => [
            row("decode", quantile(seconds, 0.5), "s", position, { mechanism: name, quantile: 0.5 }),
            row("decode/state", stateBytes, "bytes", position, { mechanism: name }),
          ])
        ),
      ),
    );
  };
  return concat(
    from(lengths.map((n, index) => ({ n, index }))).pipe(
      filter(({ index }) => index >= done),
      concatMap(({ n, index }) =>
        ofLength(n, index).pipe(
          map((rows) => ({ rows, progress: (index + 1) / steps, checkpoint: Uint8Array.of(index + 1) })),
        )
      ),
    ),
    // One event: the trial's end is stored whole or not at all.
    defer(last).pipe(
      together(),
      map((rows) => ({ rows, progress: 1 })),
    ),
  );
}
