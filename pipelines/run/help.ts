/**
 * What `--help` prints.
 *
 * @module
 */
import type { Experiment, OptionSpec, OptionValue } from "../experiment.ts";
import { type Command, DEFAULTS } from "./call.ts";

const COMMON = `
  --out DIR        where the site is written           (${DEFAULTS.out})
  --store FILE     where measured rows are kept        (${DEFAULTS.store})
  --json           rows as JSON lines on standard output; everything else on standard error`;

/** Help by command. */
export const HELP: Readonly<Record<Command, string>> = {
  help: `Heed: a workbench for attention and composition.

  deno task pipeline [NAME...]   run experiments, write their pages      (all experiments when none is named)
  deno task plan --n N --d D     which attention for this length: operations, bytes, time
  deno task report [NAME...]     draw the pages again from stored rows
  deno task list                 the experiments and their options
  deno task serve                look at the site: http://127.0.0.1:${DEFAULTS.port}/

Examples:
  deno task pipeline
  deno task pipeline scores --profile full
  deno task pipeline --help

Exit codes: 0 done, 1 a trial failed, 2 the call was wrong, 130 interrupted (the same command goes on).`,

  pipeline: `deno task pipeline [NAME...] [flags]: runs experiments and writes their pages.

NAME is an experiment (deno task list shows them) or the path of a module that exports one. What is finished in the
store is not run again; what was interrupted goes on.

  --profile P      quick (default) or full
  --set KEY=VALUE  an option; may be given several times (deno task list shows the options)
  --seeds N        seeds per configuration             (the profile decides)
  --backend B      wasm (default), webgpu or cpu
  --pack K         kernel pack of wasm: auto (default), simd or off
  --workers N      trials that run at once             (one a core)${COMMON}

Examples:
  deno task pipeline scores
  deno task pipeline scores --set epochs=4 --seeds 3
  deno task pipeline scores --profile full --set train=train.dict --set test=test.dict --out site-full
  deno task pipeline ./my_pipeline.ts --json > rows.jsonl`,

  plan: `deno task plan --n N --d D [flags]: predicts operations, bytes and time of every attention, and recommends one.

The first call measures this machine for about 10 seconds; what it found is kept in .heed/calibration.json.

  --n N            positions of a sequence
  --d D            width of a query and of a key, of one head
  --m M            width of a value                    (D)
  --heads H        heads                               (1)
  --batch B        sequences                           (1)
  --causal         position i sees positions 0 to i
  --memory LIMIT   most bytes: 512MiB, 2GB             (none)
  --json           the plan as one JSON object

Examples:
  deno task plan --n 16384 --d 64
  deno task plan --n 65536 --d 64 --m 64 --heads 8 --causal --memory 2GB --json`,

  report: `deno task report [NAME...] [flags]: draws the pages of the latest runs again, without training.

  --profile P      the latest run of this profile      (the latest run of any)${COMMON}

Examples:
  deno task report
  deno task report scores --profile full --out site-full`,

  list: `deno task list [NAME...] [--json]: the experiments, their questions and their options.

Examples:
  deno task list
  deno task list scores`,

  serve: `deno task serve [--out DIR] [--port N]: serves the site on this machine alone (127.0.0.1).

Examples:
  deno task serve
  deno task serve --out site-full --port 8080`,
};

/** An experiment as `list` shows it. */
export function describe(experiment: Experiment): string {
  const { name, question, seeds, options } = experiment;
  const lines = Object.entries(options).map(([key, spec]) =>
    `  ${key.padEnd(14)} ${spec.help} [${accepts(spec)}; ${defaultOf(spec)}]`
  );
  return [`${name}: ${question}`, `  seeds          ${seeds.quick} quick, ${seeds.full} full`, ...lines].join("\n");
}

function accepts({ kind, min, max, choices, modules }: OptionSpec): string {
  if (kind === "text" || kind === "list") {
    const items = choices ? (kind === "list" ? "some of " : "one of ") + choices.join(", ") : kind;
    return modules ? `${items}, or ./module.ts` : items;
  }
  const range = min === undefined && max === undefined ? "" : ` from ${min ?? "-∞"} to ${max ?? "∞"}`;
  return kind + range;
}

function defaultOf({ default: { quick, full } }: OptionSpec): string {
  return shown(quick) === shown(full) ? `default ${shown(quick)}` : `quick ${shown(quick)}, full ${shown(full)}`;
}

function shown(value: OptionValue): string {
  const text = typeof value === "object" ? value.join(",") : String(value);
  return text === "" ? "none" : text;
}
