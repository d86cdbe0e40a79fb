/**
 * A worker of the pool: one thread, one engine, many trials, one after another. Everything heavy is loaded with the
 * first trial, so that starting workers is quick.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { fromFileUrl, relative } from "@std/path";
import { defer } from "rxjs";
import { InputError } from "../../operators/records.ts";
import { failureOf, onFailure } from "../../operators/worker_failures.ts";
import type { EngineChoice, Order, Report } from "./messages.ts";
import { experimentIn } from "./load.ts";

declare const self: DedicatedWorkerGlobalScope;
let ready: Promise<void> | undefined;

self.addEventListener("message", ({ data }: MessageEvent<Order>) => {
  serve(data).catch(fail);
});
// What no stream catches belongs to the trial that runs.
onFailure(self, fail, () => post({ kind: "error", name: "Error", message: "the worker was ended from inside" }));

async function serve({ trial, module, engine, checkpoint }: Order): Promise<void> {
  const experiment = await experimentIn(module, trial.pipeline);
  if (experiment.tensors !== false) await (ready ??= startEngine(engine));
  defer(() => experiment.run(trial, { checkpoint })).subscribe({
    next: (event) => {
      // A copy travels: the pipeline may go on using its own buffer, and WebAssembly memory can't be transferred.
      const copy = event.checkpoint?.slice();
      post({ kind: "event", event: { ...event, checkpoint: copy } }, copy ? [copy.buffer] : []);
    },
    error: fail,
    complete: () => post({ kind: "done" }),
  });
}

async function startEngine({ backend, pack }: EngineChoice): Promise<void> {
  const { useEngine } = await import("../../operators/backends/engine.ts");
  await useEngine({ backend, pack: pack === "auto" ? true : pack });
}

function fail(error: unknown): void {
  const { name, message } = failureOf(error);
  post({ kind: "error", name, message: message.split("\n")[0] + whereabouts(error) });
}

/** ` (file:line)` of a mistake in a program, so that somebody can look there; nothing for wrong input. */
function whereabouts(error: unknown): string {
  if (!(error instanceof Error) || error instanceof InputError) return "";
  const [, url, line] = /(file:\/\/\S+?):(\d+)(:\d+)?\)?\s*$/m.exec(error.stack ?? "") ?? [];
  return url ? ` (${relative(Deno.cwd(), fromFileUrl(url))}:${line})` : "";
}

function post(report: Report, transfer: ArrayBuffer[] = []): void {
  self.postMessage(report, transfer);
}
