/**
 * What the method sections of all pages say alike: where the data are from, which trials there are, versions, machines,
 * and the command.
 *
 * @module
 */
import project from "../deno.json" with { type: "json" };
import type { Measurement } from "../operators/records.ts";
import { formatCount, listWords, type MethodEntry } from "../reports/mod.ts";
import type { Results, Trial } from "./experiment.ts";
import { seedsOf } from "./runs.ts";

/** Name, licence and citation of each source once, from rows `set`; nothing when there are none. */
export function dataEntry(sets: readonly Measurement[]): MethodEntry | undefined {
  return ofRows("Data and licence", sets, ({ name, licence, citation }) => `${name}. Licence: ${licence}. ${citation}`);
}

/** The checksum of each source once, from rows `set`; nothing when there are none. */
export function checksumEntry(sets: readonly Measurement[], term = "Checksum"): MethodEntry | undefined {
  const entry = ofRows(term, sets, ({ checksum }) => {
    const hash = String(checksum);
    return /^[0-9a-f]{64}$/.test(hash) ? `sha256 ${hash}` : hash;
  });
  return entry && { ...entry, code: true };
}

function ofRows(
  term: string,
  rows: readonly Measurement[],
  text: (labels: Measurement["labels"]) => string,
): MethodEntry | undefined {
  const lines = new Set(rows.map(({ labels }) => text(labels)));
  return lines.size === 0 ? undefined : { term, value: [...lines] };
}

/**
 * How many trials are finished, and which failed and why: `all 10 trials finished.`
 *
 * @param nameOf What a reader calls the configuration of a trial that failed.
 */
export function finishedTrials(
  { trials, planned = 0, failures = [] }: Pick<Results, "trials" | "planned" | "failures">,
  nameOf: (trial: Trial) => string,
): string {
  const count = trials.length, full = Math.max(planned, count + failures.length);
  if (failures.length > 0) {
    const told = failures.map(({ trial, message }) =>
      `${nameOf(trial)} (seed ${trial.seed}) failed: ${message.replace(/\.$/, "")}`
    );
    return `${count} of ${formatCount(full, "trial")} finished; ${told.join("; ")}.`;
  }
  return count === full
    ? `all ${formatCount(count, "trial")} finished.`
    : `${count} of ${formatCount(full, "trial")} ${full === 1 ? "is" : "are"} finished.`;
}

/** The seeds of finished trials, and what {@linkcode finishedTrials} says. */
export function seedsEntry(results: Results, nameOf: (trial: Trial) => string): MethodEntry {
  const seeds = seedsOf(results.trials);
  const listed = seeds.length === 0 ? [] : [listWords(seeds.map(String))];
  return { term: "Seeds", value: [...listed, finishedTrials(results, nameOf)].join("; ") };
}

/** What a reader calls a mechanism that an option names: its name, or its module's without folder and ending. */
export function optionName(value: Trial["options"][string] | undefined): string {
  return String(value).split(/[\\/]/).at(-1)!.replace(/\.[a-z]+$/, "");
}

/**
 * Profile, versions, machines and the command: how every method section ends.
 *
 * @param more A library, beside TensorFlow.js, that the numbers depend on.
 */
export function runEntries(
  { profile, trials, machines, command }: Results,
  more: readonly (keyof typeof project.imports)[] = [],
): readonly (MethodEntry | undefined)[] {
  const protocols = [...new Set(trials.map(({ version }) => version))];
  const versions = [
    `Heed ${project.version}`,
    ...(protocols.length === 0 ? [] : [`protocol ${listWords(protocols)}`]),
    `TensorFlow.js ${versionOf("@tensorflow/tfjs")}`,
    ...more.map((name) => `${name} ${versionOf(name)}`),
  ];
  return [
    { term: "Profile", value: profile },
    { term: "Versions", value: versions.join(", ") },
    machines.length === 0 ? undefined : {
      term: machines.length === 1 ? "Machine" : "Machines",
      value: machines.map(({ processor, cores, system, deno, engine }) =>
        `${processor}, ${formatCount(cores, "core")}, ${system}; Deno ${deno}; backend ${engine}`
      ),
    },
    { term: "Command", value: command, code: true },
  ];
}

function versionOf(library: keyof typeof project.imports): string {
  return project.imports[library].split("@").at(-1)!;
}
