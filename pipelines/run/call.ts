/**
 * A call of the program, parsed and checked: which command, on what, with which flags.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { InputError } from "../../operators/records.ts";
import type { Profile } from "../experiment.ts";
import { parseSettings, type Settings, suggest } from "../options.ts";
import type { EngineChoice } from "./messages.ts";

/** The commands of the program. */
export const COMMANDS = ["pipeline", "plan", "report", "list", "serve", "help"] as const;
export type Command = typeof COMMANDS[number];

/** One call. Flags that the command doesn't take have their defaults. */
export interface Call {
  readonly command: Command;
  /** Pipelines, or the command that help is wanted on. */
  readonly names: readonly string[];
  readonly help: boolean;
  /** Nothing when none was asked for: `pipeline` then takes `quick`, `report` the latest run. */
  readonly profile?: Profile;
  readonly settings: Settings;
  /** Seeds per configuration; nothing when the profile decides. */
  readonly seeds?: number;
  readonly engine: EngineChoice;
  readonly workers: number;
  readonly out: string;
  readonly store: string;
  readonly port: number;
  readonly json: boolean;
  /** Of `plan`: sizes as they were typed, and whether attention is causal. */
  readonly sizes: Readonly<Record<string, string>>;
  readonly causal: boolean;
}

/** Where things lie when nobody says otherwise. */
export const DEFAULTS = { out: "site", store: ".heed/store.sqlite", port: 8000 } as const;

const FLAGS: Record<Command, readonly string[]> = {
  pipeline: ["profile", "set", "seeds", "backend", "pack", "workers", "out", "store", "json", "help"],
  plan: [...["n", "d", "m", "heads", "batch", "memory"], "causal", "json", "help"],
  report: ["profile", "out", "store", "json", "help"],
  list: ["json", "help"],
  serve: ["out", "port", "help"],
  help: ["help"],
};
const SWITCHES = ["json", "causal", "help"];
const SIZES = ["n", "d", "m", "heads", "batch", "memory"];

/**
 * Parses a command line.
 *
 * @param args Without the program's name.
 * @param cores Workers when nobody says otherwise.
 * @throws InputError for an unknown command or flag, or a value that its flag doesn't accept.
 */
export function parseCall(args: readonly string[], cores: number): Call {
  const [word = "help", ...rest] = args;
  if (word === "--help" || word === "-h") return parseCall(["help", ...rest], cores);
  const command = COMMANDS.find((each) => each === word);
  if (!command) throw new InputError(`Cannot run the command ${word}: ${suggest(word, COMMANDS)}`);

  const known = FLAGS[command];
  const flags = parseArgs(rest, {
    string: [...known.filter((flag) => !SWITCHES.includes(flag)), "_"],
    boolean: known.filter((flag) => SWITCHES.includes(flag)),
    collect: known.filter((flag) => !SWITCHES.includes(flag)),
    alias: { help: "h" },
    unknown: (arg, key) => {
      if (key === undefined) return true;
      const spelt = known.map((flag) => `--${flag}`);
      throw new InputError(`Cannot use the flag ${arg} with ${command}: ${suggest(arg.split("=")[0], spelt)}`);
    },
  });
  const text = (flag: string): string | undefined => {
    const values = (flags[flag] ?? []) as readonly string[];
    if (values.length > 1) throw new InputError(`Cannot use --${flag} twice: current values are ${values.join(", ")}`);
    if (values.length === 1 && values[0].trim() === "") {
      throw new InputError(`Cannot use --${flag} as it needs a value: current value is empty`);
    }
    return values[0];
  };
  const choice = <T extends string>(flag: string, choices: readonly T[]): T | undefined => {
    const value = text(flag);
    if (value === undefined || choices.includes(value as T)) return value as T | undefined;
    throw new InputError(`Cannot use --${flag} ${value}: ${suggest(value, choices)}`);
  };
  const whole = (flag: string, min: number, max: number): number | undefined => {
    const value = text(flag);
    if (value === undefined) return undefined;
    if (!/^\d{1,9}$/.test(value) || Number(value) < min || Number(value) > max) {
      throw new InputError(
        `Cannot use --${flag} as it must be a whole number from ${min} to ${max}: current value is ${value}`,
      );
    }
    return Number(value);
  };
  const names = flags._.map(String);
  if (command === "serve" && names.length > 0) {
    throw new InputError(
      `Cannot serve ${names[0]} as the folder is named with --out: current value is ${names.join(" ")}`,
    );
  }
  return {
    command,
    names,
    help: Boolean(flags.help),
    profile: choice("profile", ["quick", "full"]),
    settings: parseSettings((flags.set ?? []) as readonly string[]),
    seeds: whole("seeds", 1, 1000),
    engine: {
      backend: choice("backend", ["wasm", "webgpu", "cpu"]) ?? "wasm",
      pack: choice("pack", ["auto", "simd", "off"]) ?? "auto",
    },
    workers: whole("workers", 1, 256) ?? cores,
    out: text("out") ?? DEFAULTS.out,
    store: text("store") ?? DEFAULTS.store,
    port: whole("port", 0, 65535) ?? DEFAULTS.port,
    json: Boolean(flags.json),
    sizes: Object.fromEntries(SIZES.flatMap((name) => text(name) === undefined ? [] : [[name, text(name)!]])),
    causal: Boolean(flags.causal),
  };
}

/**
 * The command that asks for one pipeline of a call, as a reader can type it: everything that changes rows, nothing that
 * doesn't (folders, workers), settings in alphabetical order.
 *
 * @param name What the pipeline was called on the command line: its name, or the path of its module.
 * @param keys The options that the pipeline takes.
 */
export function commandFor(call: Call, name: string, keys: readonly string[]): string {
  const settings = [...call.settings].filter(([key]) => keys.includes(key)).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    "deno task pipeline",
    quoted(name),
    ...(call.profile === "full" ? ["--profile full"] : []),
    ...settings.map(([key, value]) => `--set ${quoted(`${key}=${value}`)}`),
    ...(call.seeds ? [`--seeds ${call.seeds}`] : []),
    ...(call.engine.backend !== "wasm" ? [`--backend ${call.engine.backend}`] : []),
    ...(call.engine.pack !== "auto" ? [`--pack ${call.engine.pack}`] : []),
  ].join(" ");
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
