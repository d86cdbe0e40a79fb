/**
 * A worker of parallel training: one thread with an engine and a model of its own, which takes the gradient of one part
 * of each batch. Parameters are the leading thread's: they are read from shared memory before every part.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import type { EngineOptions } from "./backends/engine.ts";
import { Callable } from "./model.ts";
import { Parameters } from "./numerics/parameters.ts";
import { sizeOf } from "./numerics/shape.ts";
import type { Learner, Share } from "./parallel.ts";
import type { ParameterShape, Part, Reply, Start } from "./parallel_messages.ts";
import { dryRun, shareOf } from "./train.ts";
import { failureOf, onFailure } from "./worker_failures.ts";

declare const self: DedicatedWorkerGlobalScope;

/** What takes a part, once everything is loaded. */
type Take = (part: Part) => Promise<Share>;

let ready: Promise<Take>;

self.addEventListener("message", ({ data }: MessageEvent<Start | Part>) => {
  if (data.kind === "start") {
    ready = start(data);
    ready.catch(fail);
  } else {
    ready.then((take) => take(data)).then(
      ({ sum, tokens, squares }) => post({ kind: "sums", sum, tokens, squares }),
    ).catch(fail);
  }
});
onFailure(self, fail, () => post({ kind: "error", name: "Error", message: "it was ended from inside" }));

async function start({ module, maker, options, seed, watch, engine }: Start): Promise<Take> {
  const [{ useEngine }, exports] = await Promise.all([import("./backends/engine.ts"), import(module)]);
  await useEngine(engine as EngineOptions);
  const make = exports[maker];
  if (typeof make !== "function") {
    throw new TypeError(
      `Cannot make the model as ${module} must export the function ${maker}: current value is ${make}`,
    );
  }
  const { model, loss } = await make(options) as Learner<unknown>;
  const chain = new Callable(model);
  const parameters = new Parameters(seed);
  let made = 0;
  return async ({ batch, steps, layout, values, gradients }) => {
    if (made !== layout.length) {
      parameters.restore({ steps, values: valuesOf(layout, values) });
      dryRun(chain, batch, parameters);
      checkSame(parameters, layout);
      made = layout.length;
    }
    parameters.assign(steps, new Float32Array(values));
    return await shareOf(chain, batch, { parameters, loss, watch }, new Float32Array(gradients));
  };
}

/** Copies values out of shared memory, as a backend may keep the array that it is given. */
function valuesOf(layout: readonly ParameterShape[], shared: SharedArrayBuffer) {
  const all = new Float32Array(shared);
  let at = 0;
  return Object.fromEntries(layout.map(({ name, shape }) => {
    const data = Float32Array.from(all.subarray(at, at += sizeOf(shape)));
    return [name, { shape, data }];
  }));
}

/** Gradients go by position: a model with other parameters than the leading thread's would be added to the wrong ones. */
function checkSame(parameters: Parameters, layout: readonly ParameterShape[]): void {
  const mine = `${parameters.learnt.map(([name]) => name)}`;
  const wanted = `${layout.map(({ name }) => name)}`;
  if (mine !== wanted) {
    throw new RangeError(`Cannot train in parallel as the model must have the parameters ${wanted}: it has ${mine}`);
  }
}

function fail(error: unknown): void {
  post({ kind: "error", ...failureOf(error) });
}

function post(reply: Reply): void {
  self.postMessage(reply);
}
