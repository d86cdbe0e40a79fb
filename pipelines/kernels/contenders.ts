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
  cost,
  type FeatureCost,
  type FeatureMap,
  featureMaps,
  kernelMechanism,
  softmaxMechanism,
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

/** Maps that compete, in the order of tables. */
const MAPS: Readonly<Record<string, () => FeatureMap>> = {
  poly2: () => featureMaps.poly2(),
  elu: () => featureMaps.elu(),
  relu: () => featureMaps.relu(),
  favor: () => featureMaps.favor(),
  taylor: () => featureMaps.taylor(),
  cosine: () => featureMaps.cosine(),
};

/** Names that `--set mechanisms=` knows. */
export const contenderNames: readonly string[] = [
  "softmax",
  "softmax-materialised",
  "poly2",
  "poly2-quadratic",
  ...Object.keys(MAPS).filter((name) => name !== "poly2"),
];

/** The contender of Heed's own that has this name. */
export function contender(name: string): Contender {
  if (name === "softmax" || name === "softmax-materialised") {
    const route = name === "softmax" ? "streaming" : "materialised";
    return {
      name,
      mechanism: softmaxMechanism(route),
      cost: (dims) => cost.softmax({ ...dims, route }),
      bytes: (dims) => softmaxBytes(dims, route),
      trainingBytes: (dims) => softmaxTrainingBytes(dims, route),
    };
  }
  if (name === "poly2-quadratic") return contenderOf(featureMaps.poly2(), name, "quadratic");
  return contenderOf(MAPS[name](), name);
}

/** Kernel attention by a feature map, a user's own among them. */
export function contenderOf(map: FeatureMap, name = map.name, route: "linear" | "quadratic" = "linear"): Contender {
  const mechanism = kernelMechanism(map, { name, route });
  const features = map.cost && ((d: number) => map.cost!(d));
  return {
    name: mechanism.name,
    mechanism,
    features,
    cost: (dims) =>
      features &&
      cost.kernel({ ...dims, features: features(dims.d), route: route === "quadratic" ? "quadratic" : "streamed" }),
    trainingBytes: (dims) => kernelTrainingBytes(dims, map, route),
    bytes: (dims) => map.fused ? poly2Bytes(dims, route) : route === "linear" ? kernelBytes(dims, map) : undefined,
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
  if (typeof found?.dimension === "function") return contenderOf(found as FeatureMap);
  const mechanism = found as AttentionMechanism;
  return {
    name: mechanism.name,
    mechanism,
    cost: (dims) => mechanism.cost?.(dims),
    trainingBytes: () => undefined,
    bytes: (dims) => mechanism.bytes && checkedBytes(name, mechanism.bytes(dims)),
  };
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
