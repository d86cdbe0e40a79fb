/**
 * Attention mechanisms by name, Heed's own or a user's.
 *
 * @module
 */
import { resolve, toFileUrl } from "@std/path";
import { type AttentionMechanism, attentionMechanisms } from "../operators/mod.ts";
import { InputError } from "../operators/records.ts";

/** Names of Heed's own mechanisms. */
export const attentionNames: readonly string[] = attentionMechanisms.map(({ name }) => name);

/**
 * The mechanism that a name or a module's path (`./my_attention.ts`, its default export) stands for.
 *
 * @throws InputError when there is no such mechanism, or the module doesn't export one.
 */
export async function loadAttention(name: string): Promise<AttentionMechanism> {
  const own = attentionMechanisms.find((each) => each.name === name);
  if (own) return own;
  let attention: Partial<AttentionMechanism> | undefined;
  try {
    attention = (await import(toFileUrl(resolve(name)).href)).default;
  } catch (error) {
    throw new InputError(`Cannot load the attention ${name}: ${String((error as Error).message).split("\n")[0]}`);
  }
  for (const key of ["name", "citation"] as const) {
    if (typeof attention?.[key] !== "string") refuse(name, key, "text");
  }
  if (typeof attention?.apply !== "function") refuse(name, "apply", "a function");
  return attention as AttentionMechanism;
}

function refuse(name: string, key: string, what: string): never {
  throw new InputError(`Cannot use ${name} as an attention as its default export must have ${key} (${what})`);
}
