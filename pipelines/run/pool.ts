/**
 * The default executor: a pool of Deno workers. Each keeps its engine from trial to trial; one that failed, crashed or
 * was stopped is thrown away with everything it held, and the next trial gets a fresh one.
 *
 * @module
 */
import { Observable, type Subscriber } from "rxjs";
import { InputError } from "../../operators/records.ts";
import type { Trial, TrialContext, TrialEvent } from "../experiment.ts";
import type { Executor } from "./executor.ts";
import type { EngineChoice, Order, Report } from "./messages.ts";

/** What {@linkcode workerPool} takes. */
export interface PoolOptions {
  /** Trials that run at once, at least 1. */
  readonly workers: number;
  readonly engine: EngineChoice;
  /** Address of the module that holds a pipeline's experiment. */
  moduleOf(pipeline: string): string;
}

/** A pool of workers. Trials beyond its size wait for a free one. */
export function workerPool({ workers, engine, moduleOf }: PoolOptions): Executor {
  const idle: Worker[] = [];
  const live = new Set<Worker>();
  const waiting: (() => void)[] = [];
  let busy = 0;

  const hire = (): Worker => {
    const kept = idle.pop();
    if (kept) return kept;
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    live.add(worker);
    return worker;
  };
  const dismiss = (worker: Worker): void => {
    worker.terminate();
    live.delete(worker);
    const at = idle.indexOf(worker);
    if (at >= 0) idle.splice(at, 1);
  };

  const run = (trial: Trial, { checkpoint }: TrialContext) =>
    new Observable<TrialEvent>((subscriber) => {
      let worker: Worker | undefined;
      const start = () => {
        busy++;
        worker = hire();
        listen(worker, subscriber, (clean) => {
          if (!worker) return;
          if (clean) idle.push(worker);
          else dismiss(worker);
          worker = undefined;
          busy--;
          waiting.shift()?.();
        });
        worker.postMessage({ trial, module: moduleOf(trial.pipeline), engine, checkpoint } satisfies Order);
      };
      if (busy < workers) start();
      else waiting.push(start);
      return () => {
        const queued = waiting.indexOf(start);
        if (queued >= 0) waiting.splice(queued, 1);
        if (!worker) return;
        dismiss(worker);
        worker = undefined;
        busy--;
        waiting.shift()?.();
      };
    });

  return {
    run,
    close: () => {
      waiting.length = 0;
      [...live].forEach(dismiss);
    },
  };
}

/** Passes a worker's reports on, and says once how its trial ended: cleanly, so that it may take another, or not. */
function listen(worker: Worker, subscriber: Subscriber<TrialEvent>, ended: (clean: boolean) => void): void {
  const fail = (error: Error): void => {
    worker.onmessage = worker.onerror = worker.onmessageerror = null;
    ended(false);
    subscriber.error(error);
  };
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    if (data.kind === "event") return subscriber.next(data.event);
    if (data.kind === "error") return fail(errorFrom(data.name, data.message));
    worker.onmessage = null;
    ended(true);
    subscriber.complete();
  };
  worker.onmessageerror = () => fail(new Error("the worker sent what can't be read"));
  worker.onerror = (event) => {
    // Without this Deno ends the whole program with the worker.
    event.preventDefault();
    fail(new Error(`the worker crashed: ${event.message.replace(/^Uncaught (\(in promise\) )?/, "")}`));
  };
}

function errorFrom(name: string, message: string): Error {
  if (name === "InputError") return new InputError(message);
  return new Error(name === "Error" ? message : `${name}: ${message}`);
}
