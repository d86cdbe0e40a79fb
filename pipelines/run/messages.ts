/**
 * What the pool and its workers say to each other.
 *
 * @module
 */
import type { Trial, TrialEvent } from "../experiment.ts";

/** Which device a worker trains on. Plain text, so that the main thread needn't load the engine to say it. */
export interface EngineChoice {
  readonly backend: "wasm" | "webgpu" | "cpu";
  readonly pack: "auto" | "simd" | "off";
}

/** To a worker: run this trial. */
export interface Order {
  readonly trial: Trial;
  /** Address of the module that holds the trial's experiment. */
  readonly module: string;
  readonly engine: EngineChoice;
  readonly checkpoint?: Uint8Array;
}

/** From a worker: an event of its trial, the trial's end, or its error. */
export type Report =
  | { readonly kind: "event"; readonly event: TrialEvent }
  | { readonly kind: "done" }
  | { readonly kind: "error"; readonly name: string; readonly message: string };
