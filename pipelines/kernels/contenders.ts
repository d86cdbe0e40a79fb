/**
 * The attentions that are compared: Heed's own by name, or a user's, each with its closed form.
 *
 * @module
 */
import { resolve, toFileUrl } from "@std/path";
import {
  type AttentionCost,
  type AttentionDims,
  type AttentionMechanism,
  attentionMechanisms,
  type FeatureCost,
  type FeatureMap,
  kernelMechanism,
} from "../../operators/mod.ts";
import { InputError } from "../../operators/records.ts";
import { type Bytes, kernelBytes, poly2Bytes, softmaxBytes } from "./bytes.ts";
import { kernelTrainingBytes, softmaxTrainingBytes } from "./training_bytes.ts";

/** A mechanism and what it must cost. */
export interface Contender {
  readonly name: string;
  readonly mechanism: AttentionMechanism;
  /** Features of its kernel, for those that have one. */
  features?(d: number): FeatureCost;
  /** Operations and theory's memory. Nothing for one of a user's own that doesn't tell its cost. */
  cost(dims: AttentionDims): AttentionCost | undefined;
  /** Bytes that it allocates beyond Q, K and V, by tensor, where that is known. */
  bytes(dims: AttentionDims): Bytes | undefined;
  /** About the most bytes that a forward and a backward pass hold, where that is known: whether to try. */
  trainingBytes(dims: AttentionDims): number | undefined;
}

/** Names that `--set mechanisms=` knows: every mechanism of Heed's own. */
export const contenderNames: readonly string[] = attentionMechanisms.map(({ name }) => name);

/** Variants of FAVOR+ and of poly-2: timed by the full profile, and where they are asked for. */
const VARIANTS = ["poly2-notes", "favor-positive-iid", "favor-hyperbolic", "favor-trigonometric"];

/** One of each kind of attention. */
export const usualNames: readonly string[] = contenderNames.filter((name) => !VARIANTS.includes(name));

/** What a reader calls a mechanism. */
export function labelOf(name: string): string {
  return attentionMechanisms.find((each) => each.name === name)?.label ?? name;
}

/** Softmax by either route; every other mechanism is another function. */
export function isSoftmax(name: string): boolean {
  return name === "softmax" || name === "softmax-materialised";
}

/** Whether a mechanism of Heed's own computes all pairs of what another one computes otherwise; both decode alike. */
export function isPairwise(name: string): boolean {
  return name === "softmax-materialised" ||
    attentionMechanisms.find((each) => each.name === name)?.kernel?.route === "quadratic";
}

/** The contender of Heed's own that has this name. */
export function contender(name: string): Contender {
  return contenderOf(attentionMechanisms.find((each) => each.name === name)!);
}

/** A mechanism as a contender. What it doesn't tell itself is told by its feature map, or by softmax's route. */
export function contenderOf(mechanism: AttentionMechanism): Contender {
  const { name, kernel } = mechanism;
  const common = { name, mechanism, cost: (dims: AttentionDims) => mechanism.cost?.(dims) };
  const told = mechanism.bytes && ((dims: AttentionDims) => checkedBytes(name, mechanism.bytes!(dims)));
  if (kernel) {
    const { map, route } = kernel;
    const pairwise = route === "quadratic";
    return {
      ...common,
      features: map.cost && ((d) => map.cost!(d)),
      trainingBytes: (dims) => kernelTrainingBytes(dims, map, pairwise ? "quadratic" : "linear"),
      bytes: told ?? ((dims) => {
        if (map.fused && route !== "recurrent") return poly2Bytes(dims, route);
        return route === "linear" ? kernelBytes(dims, map) : undefined;
      }),
    };
  }
  if (attentionMechanisms.includes(mechanism) && isSoftmax(name)) {
    const route = name === "softmax" ? "streaming" : "materialised";
    return {
      ...common,
      trainingBytes: (dims) => softmaxTrainingBytes(dims, route),
      bytes: (dims) => softmaxBytes(dims, route),
    };
  }
  return {
    ...common,
    trainingBytes: () => undefined,
    bytes: told ?? (() => undefined),
  };
}

/**
 * The contender of a name or of a module's path (`./mine.ts`, whose default export is a feature map or an attention
 * mechanism).
 *
 * @throws InputError when the module exports neither.
 */
export async function loadContender(name: string): Promise<Contender> {
  if (contenderNames.includes(name)) return contender(name);
  let found: Partial<FeatureMap & AttentionMechanism> | undefined;
  try {
    found = (await import(toFileUrl(resolve(name)).href)).default;
  } catch (error) {
    throw new InputError(`Cannot load the mechanism ${name}: ${String((error as Error).message).split("\n")[0]}`);
  }
  for (const key of ["name", "citation"] as const) {
    if (typeof found?.[key] !== "string") refuse(name, `${key} (text)`);
  }
  if (typeof found?.apply !== "function") refuse(name, "apply (a function)");
  if (typeof found?.dimension === "function") return contenderOf(kernelMechanism(found as FeatureMap));
  return contenderOf(found as AttentionMechanism);
}

/** Bytes as a module gives them. @throws InputError when they aren't numbers from 0 by name */
function checkedBytes(name: string, bytes: Bytes): Bytes {
  const wrong = Object.entries(bytes).find(([, value]) => !(Number.isFinite(value) && value >= 0));
  if (!wrong) return bytes;
  throw new InputError(
    `Cannot use ${name} as a mechanism as its bytes must be numbers from 0: current value for "${wrong[0]}" is ${
      wrong[1]
    }`,
  );
}

function refuse(name: string, what: string): never {
  throw new InputError(
    `Cannot use ${name} as a mechanism as its default export, a feature map or an attention, must have ${what}`,
  );
}
