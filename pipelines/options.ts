/**
 * Options from the command line: `--set KEY=VALUE`, checked against what each pipeline accepts.
 *
 * @module
 */
import { closestString, levenshteinDistance } from "@std/text";
import { InputError } from "../operators/records.ts";
import type { Experiment, Options, OptionSpec, OptionValue, Profile } from "./experiment.ts";
import { namesModule, reasonOf } from "./run/content.ts";

/** What `--set` said: text by key. */
export type Settings = ReadonlyMap<string, string>;

/**
 * Splits `KEY=VALUE` pairs.
 *
 * @throws InputError for a pair with no `=`, no key, or a key that was given before.
 */
export function parseSettings(pairs: readonly string[]): Settings {
  const settings = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 1) {
      throw new InputError(`Cannot use --set ${pair} as it needs the form KEY=VALUE: current value is ${pair}`);
    }
    const key = pair.slice(0, at);
    if (settings.has(key)) throw new InputError(`Cannot use --set ${pair} as ${key} was set before: give it once`);
    settings.set(key, pair.slice(at + 1));
  }
  return settings;
}

/**
 * Refuses keys that none of the experiments takes.
 *
 * @throws InputError naming the nearest key and all of them.
 */
export function checkKeys(settings: Settings, experiments: readonly Experiment[]): void {
  const known = [...new Set(experiments.flatMap((each) => Object.keys(each.options)))].sort();
  for (const [key, value] of settings) {
    if (known.includes(key)) continue;
    const names = experiments.map((each) => each.name).join(", ");
    throw new InputError(
      known.length === 0
        ? `Cannot use --set ${key}=${value} as ${names} takes no options`
        : `Cannot use --set ${key}=${value} as ${names} has no option ${key}: ${suggest(key, known)}`,
    );
  }
}

/** "did you mean X? Accepted: A, B, X", the question only when one is near. */
export function suggest(word: string, known: readonly string[]): string {
  const nearest = known.length > 0 ? closestString(word, known) : "";
  const near = nearest !== "" && levenshteinDistance(word, nearest) <= Math.max(2, Math.ceil(word.length / 3));
  return `${near ? `did you mean ${nearest}? ` : ""}accepted: ${known.join(", ")}`;
}

/**
 * The options of one experiment: its defaults for the profile, with what was set in their place. Keys of other
 * experiments are passed over ({@linkcode checkKeys} refuses those that nobody takes).
 *
 * @throws InputError for a value that its option doesn't accept.
 */
export async function resolveOptions(experiment: Experiment, profile: Profile, settings: Settings): Promise<Options> {
  const options: Record<string, OptionValue> = {};
  for (const [key, spec] of Object.entries(experiment.options)) {
    const text = settings.get(key);
    options[key] = text === undefined ? spec.default[profile] : await parseValue(key, text, spec);
  }
  return options;
}

/** One value, checked. @throws InputError when the option doesn't accept it. */
export async function parseValue(key: string, text: string, spec: OptionSpec): Promise<OptionValue> {
  const refuse = (rule: string): never => {
    throw new InputError(`Cannot use --set ${key}=${text} as ${key} ${rule}: current value is ${text || "empty"}`);
  };
  switch (spec.kind) {
    case "integer":
    case "number":
      return numberFrom(text, spec, refuse);
    case "text":
      if (spec.modules && namesModule(text)) await requireFile(key, text);
      else if (spec.choices && !spec.choices.includes(text)) return refuse(`must be one of ${spec.choices.join(", ")}`);
      return text;
    case "list": {
      const items = text.split(",").map((item) => item.trim());
      if (items.includes("")) return refuse("must be a list such as A,B with no empty item");
      for (const item of items) {
        if (spec.modules && namesModule(item)) await requireFile(key, item);
        else if (spec.choices && !spec.choices.includes(item)) {
          const modules = spec.modules ? ", or a module such as ./my_own.ts" : "";
          return refuse(`has no item ${item} (${suggest(item, spec.choices)}${modules})`);
        }
      }
      return [...new Set(items)];
    }
    case "file":
      if (text === "") return refuse("must be the path of a file");
      await requireFile(key, text);
      return text;
  }
}

function numberFrom(text: string, spec: OptionSpec, refuse: (rule: string) => never): number {
  const whole = spec.kind === "integer";
  // Number() alone takes "", "0x10" and "Infinity", none of which anybody means.
  const form = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const value = form.test(text.trim()) ? Number(text) : NaN;
  if (!Number.isFinite(value) || (whole && !Number.isSafeInteger(value))) {
    return refuse(`must be ${whole ? "a whole number" : "a number"}`);
  }
  const { min = -Infinity, max = Infinity } = spec;
  if (value < min || value > max) {
    const range = max === Infinity ? `at least ${min}` : min === -Infinity ? `at most ${max}` : `from ${min} to ${max}`;
    return refuse(`must be ${range}`);
  }
  return value;
}

async function requireFile(key: string, path: string): Promise<void> {
  let reason: string | undefined;
  try {
    const file = await Deno.open(path, { read: true });
    const { isFile } = await file.stat();
    file.close();
    if (!isFile) reason = "it is not a file";
  } catch (error) {
    reason = reasonOf(error);
  }
  if (reason) throw new InputError(`Cannot read --set ${key}=${path} as ${reason}`);
}
