/**
 * What is in the files and modules that options name, as hashes: a trial is what it read, not where that lay.
 *
 * @module
 */
import { dirname, fromFileUrl, resolve } from "@std/path";
import { InputError } from "../../operators/records.ts";
import type { Experiment, Options } from "../experiment.ts";

/** Heed's own folder: its files are covered by the version of each pipeline. */
const OWN = resolve(fromFileUrl(new URL("../..", import.meta.url)));
const OWN_FOLDERS = ["operators", "datasets", "reports", "pipelines", "std"];

/** SHA-256 of text or bytes, in hexadecimal. */
export async function sha256(content: string | Uint8Array): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether an item of a list names a module rather than one of the choices: `./my_score.ts`. */
export function namesModule(item: string): boolean {
  return /\.(ts|js|mts|mjs|tsx|jsx)$/.test(item);
}

/**
 * SHA-256 by path for every file option and every module in a list option.
 *
 * @throws InputError when one can't be read.
 */
export async function contentHashes(experiment: Experiment, options: Options): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  for (const [key, spec] of Object.entries(experiment.options)) {
    const value = options[key];
    if (spec.kind === "file" && typeof value === "string" && value !== "") {
      hashes.set(value, await sha256(await bytesOf(key, value)));
    }
    if (!spec.modules) continue;
    const items = typeof value === "object" ? value : [String(value)];
    for (const item of items.filter((each) => namesModule(each) && !spec.choices?.includes(each))) {
      hashes.set(item, await moduleHash(key, item));
    }
  }
  return hashes;
}

/** Hash of a module and of what it imports by relative path (not of Heed itself, which has versions). */
async function moduleHash(key: string, path: string): Promise<string> {
  const hashes = new Map<string, string>();
  const visit = async (file: string): Promise<void> => {
    if (hashes.has(file)) return;
    hashes.set(file, "");
    const bytes = await bytesOf(key, file);
    hashes.set(file, await sha256(bytes));
    const text = new TextDecoder().decode(bytes);
    for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g)) {
      const imported = resolve(dirname(file), specifier);
      const own = OWN_FOLDERS.some((folder) => imported.startsWith(resolve(OWN, folder) + "/"));
      if (!own) await visit(imported);
    }
  };
  await visit(resolve(path));
  // Order of first import, not of path: the hash stays when the folder moves.
  return await sha256([...hashes.values()].join("\n"));
}

async function bytesOf(key: string, path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new InputError(`Cannot read --set ${key}=${path} as ${reasonOf(error)}`);
  }
}

/** Why a file system call failed, in a few words. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "the system does not allow it";
  if (error instanceof Deno.errors.NotCapable) return "the program was started without the permission for it";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  if (error instanceof Deno.errors.NotADirectory) return "a part of the path is a file, not a folder";
  if (error instanceof Deno.errors.AlreadyExists) return "a file of that name is there";
  if (/read-only/i.test(String(error))) return "it is read-only";
  const text = error instanceof Error ? error.message : String(error);
  if (/ENOSPC|no space left/i.test(text)) return "there is no space left on the disk";
  if (/EISDIR|is a directory/i.test(text)) return "it is a folder";
  return text.split("\n")[0];
}
