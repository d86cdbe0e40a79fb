/**
 * What the thread that runs `train` and its workers say to each other. Everything is plain data; parameters and gradients
 * lie in shared memory and are not copied into messages.
 *
 * @module
 */
import type { Batch } from "./records.ts";

/** A parameter's name and shape: the flat layout of shared memory is these, one after another. */
export interface ParameterShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** To a worker, once: make the model. */
export interface Start {
  readonly kind: "start";
  /** Absolute address of the module, and which of its exports makes the learner. */
  readonly module: string;
  readonly maker: string;
  readonly options: unknown;
  readonly seed: number;
  readonly watch: boolean;
  /** The leading thread's device, by name. */
  readonly engine: { readonly backend: string; readonly pack: string };
}

/** To a worker: take the gradient of this part of a batch. */
export interface Part {
  readonly kind: "part";
  readonly batch: Batch;
  /** Gradient steps taken so far. */
  readonly steps: number;
  readonly layout: readonly ParameterShape[];
  /** Parameter values, float32, in the order of the layout; read only. */
  readonly values: SharedArrayBuffer;
  /** Where the gradients go, in the same order. */
  readonly gradients: SharedArrayBuffer;
}

/** What a part contributes beside its gradients. */
export interface PartSums {
  /** Loss summed over the part's target tokens, in nats. */
  readonly sum: number;
  readonly tokens: number;
  /** Squared norms of the gradients of `sum` at watched tensors, by name. */
  readonly squares: Readonly<Record<string, number>>;
}

/** From a worker: a part is done, or it failed. */
export type Reply =
  | ({ readonly kind: "sums" } & PartSums)
  | { readonly kind: "error"; readonly name: string; readonly message: string };
