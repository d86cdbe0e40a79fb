/**
 * Trials: from an experiment, options and seeds to the units that are scheduled, each named by a hash of its content.
 *
 * @module
 */
import type { Experiment, Options, OptionValue, Trial } from "../experiment.ts";
import { contentHashes, sha256 } from "./content.ts";

/** Ending of the option that holds the content hash of the file or module that its sibling names. */
export const HASH_SUFFIX = ".sha256";

/**
 * JSON with sorted keys and no spaces: equal values give equal text, whatever order their keys were written in.
 *
 * @throws TypeError for a number that JSON has no form for (NaN, infinities), which would silently become `null`.
 */
export function canonical(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError(`Cannot write canonical JSON as numbers must be finite: current value is ${value}`);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    const sorted = entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${sorted.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/**
 * The name of a trial: the first 16 hexadecimal digits of the SHA-256 of `{pipeline, options, seed, version}`. A path
 * whose content hash is known (`KEY.sha256`) enters by its content, so moving a file keeps the trial and editing it
 * makes another one.
 */
export async function trialId(content: Omit<Trial, "id">): Promise<string> {
  const { pipeline, seed, version } = content;
  return (await sha256(canonical({ pipeline, options: identity(content.options), seed, version }))).slice(0, 16);
}

/** Options as the hash sees them: every path that has a content hash gives way to it. */
function identity(options: Options): Options {
  const seen: Record<string, OptionValue> = {};
  for (const [key, value] of Object.entries(options)) {
    if (key.endsWith(HASH_SUFFIX)) continue;
    const hash = options[key + HASH_SUFFIX];
    if (hash === undefined) seen[key] = value;
    else if (typeof value === "object") seen[key] = value.map((item, i) => (hash as readonly string[])[i] || item);
    else seen[key] = hash;
  }
  return seen;
}

/**
 * Every trial of an experiment: its configurations crossed with seeds 1 to `seeds`, all configurations of one seed
 * before the next seed, so that an interrupted run has something to compare. Equal trials appear once.
 *
 * @param experiment The question.
 * @param options Its options, checked (`resolveOptions`).
 * @param seeds Seeds per configuration, at least 1.
 * @param extra Options that belong to the identity whatever the experiment (a backend that isn't the default one).
 * @throws InputError when a file or module can't be read, or when the experiment refuses its options.
 */
export async function planTrials(
  experiment: Experiment,
  options: Options,
  seeds: number,
  extra: Options = {},
): Promise<readonly Trial[]> {
  const hashes = await contentHashes(experiment, options);
  const configurations = (await experiment.configurations(options)).map((each) => ({
    ...withHashes(each, hashes),
    ...extra,
  }));
  const trials = new Map<string, Trial>();
  for (let seed = 1; seed <= seeds; seed++) {
    for (const each of configurations) {
      const content = { pipeline: experiment.name, options: each, seed, version: experiment.version };
      const id = await trialId(content);
      trials.set(id, { id, ...content });
    }
  }
  return [...trials.values()];
}

/** Puts `KEY.sha256` beside each value that names a file or a module of known content. */
function withHashes(options: Options, hashes: ReadonlyMap<string, string>): Options {
  const result: Record<string, OptionValue> = { ...options };
  for (const [key, value] of Object.entries(options)) {
    if (typeof value === "string" && hashes.has(value)) result[key + HASH_SUFFIX] = hashes.get(value)!;
    if (typeof value === "object" && value.some((item) => hashes.has(item))) {
      result[key + HASH_SUFFIX] = value.map((item) => hashes.get(item) ?? "");
    }
  }
  return result;
}

/** What tells one trial from the others of its plan, for a progress line: `score=dot seed=2`. */
export function labelOf(trial: Trial, trials: readonly Trial[]): string {
  const keys = Object.keys(trial.options).filter((key) =>
    !key.endsWith(HASH_SUFFIX) &&
    trials.some((other) =>
      other.pipeline === trial.pipeline && String(other.options[key]) !== String(trial.options[key])
    )
  );
  const settings = keys.map((key) => `${key}=${trial.options[key]}`);
  return [trial.pipeline, ...settings, `seed=${trial.seed}`].join(" ");
}
