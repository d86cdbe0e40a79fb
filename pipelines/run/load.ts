/**
 * Experiments by module: Heed's own list, or a module of a user's own.
 *
 * @module
 */
import { resolve, toFileUrl } from "@std/path";
import { InputError } from "../../operators/records.ts";
import type { Experiment } from "../experiment.ts";
import { suggest } from "../options.ts";
import { namesModule, reasonOf } from "./content.ts";

/** Address of the module that lists Heed's own experiments. */
export const OWN_MODULE = new URL("../mod.ts", import.meta.url).href;

/** An experiment and the module that holds it, so that a worker can load it too. */
export interface Loaded {
  readonly experiment: Experiment;
  readonly module: string;
}

/** Every experiment that a module exports: one by one, as its default, or in a list called `experiments`. */
export async function experimentsOf(module: string): Promise<readonly Experiment[]> {
  const exported = await import(module) as Record<string, unknown>;
  const found = new Set(Object.values(exported).flat().filter(isExperiment));
  return [...found];
}

/**
 * The experiment of that name in a module.
 *
 * @throws InputError when the module doesn't hold it.
 */
export async function experimentIn(module: string, name: string): Promise<Experiment> {
  const experiment = (await experimentsOf(module)).find((each) => each.name === name);
  if (!experiment) {
    throw new InputError(`Cannot find the pipeline ${name} as ${module} exports no experiment of that name`);
  }
  return experiment;
}

/**
 * Experiments by what the command line called them: a name of Heed's own, or the path of a module. All of Heed's own
 * when nothing is named.
 *
 * @throws InputError for an unknown name, or a module that can't be loaded or exports no experiment.
 */
export async function loadExperiments(names: readonly string[]): Promise<readonly Loaded[]> {
  const loaded = new Map<string, Loaded>();
  const add = (experiment: Experiment, module: string): void => {
    const before = loaded.get(experiment.name);
    if (before && before.module !== module) {
      throw new InputError(`Cannot run two pipelines of one name: current value is ${experiment.name}`);
    }
    loaded.set(experiment.name, { experiment, module });
  };
  const own = names.every(namesModule) && names.length > 0 ? [] : await experimentsOf(OWN_MODULE);
  if (names.length === 0) own.forEach((each) => add(each, OWN_MODULE));
  for (const name of names) {
    if (namesModule(name)) {
      const module = toFileUrl(resolve(name)).href;
      (await fromUser(name, module)).forEach((each) => add(each, module));
      continue;
    }
    const experiment = own.find((each) => each.name === name);
    if (!experiment) {
      throw new InputError(`Cannot find the pipeline ${name}: ${suggest(name, own.map((each) => each.name))}`);
    }
    add(experiment, OWN_MODULE);
  }
  return [...loaded.values()];
}

async function fromUser(name: string, module: string): Promise<readonly Experiment[]> {
  try {
    Deno.statSync(name);
  } catch (error) {
    throw new InputError(`Cannot load the pipeline ${name} as ${reasonOf(error)}`);
  }
  let found: readonly Experiment[];
  try {
    found = await experimentsOf(module);
  } catch (error) {
    throw new InputError(`Cannot load the pipeline ${name} as ${reasonOf(error)}`);
  }
  if (found.length === 0) throw new InputError(`Cannot load the pipeline ${name} as it exports no experiment`);
  return found;
}

function isExperiment(value: unknown): value is Experiment {
  const each = value as Partial<Experiment> | null;
  return typeof each === "object" && each !== null && typeof each.name === "string" &&
    typeof each.run === "function" && typeof each.page === "function" && typeof each.configurations === "function";
}
