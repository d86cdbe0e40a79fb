/**
 * Score functions by name, Heed's own or a user's.
 *
 * @module
 */
import { resolve, toFileUrl } from "@std/path";
import { type Score, scores } from "../operators/mod.ts";
import { InputError } from "../operators/records.ts";

/**
 * The score that a name or a module's path (`./my_score.ts`, its default export) stands for.
 *
 * @throws InputError when there is no such score, or the module does not export one.
 */
export async function loadScore(name: string): Promise<Score> {
  if (Object.hasOwn(scores, name)) return scores[name as keyof typeof scores];
  let score: Partial<Score> | undefined;
  try {
    score = (await import(toFileUrl(resolve(name)).href)).default;
  } catch (error) {
    throw new InputError(`Cannot load the score ${name}: ${String((error as Error).message).split("\n")[0]}`);
  }
  for (const key of ["name", "citation"] as const) {
    if (typeof score?.[key] !== "string") refuse(name, key, "text");
  }
  for (const key of ["parameters", "apply", "cost"] as const) {
    if (typeof score?.[key] !== "function") refuse(name, key, "a function");
  }
  return score as Score;
}

function refuse(name: string, key: string, what: string): never {
  throw new InputError(`Cannot use ${name} as a score as its default export must have ${key} (${what})`);
}
