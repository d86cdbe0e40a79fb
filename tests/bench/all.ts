/**
 * Every benchmark in turn, each in a process of its own: what one leaves in memory must not slow the next.
 *
 *     deno task bench [NAME…] [--json] [--rounds N] [FLAG…]
 *
 * Flags go to the benchmarks that take them; each file says what its own mean.
 *
 * @module
 */
import { parseArgs } from "@std/cli";

/** Benchmarks and the flags that each takes besides `--json` and `--rounds`. */
const benchmarks: Readonly<Record<string, readonly string[]>> = {
  products: [],
  gru: [],
  training_step: ["sizes"],
  engine: [],
  attention: ["stock", "lengths", "no-stock"],
  poly2: ["widths"],
  parallel: ["sizes"],
  torch: ["sizes"],
  recursive: [],
};
const everywhere = ["json", "rounds"];
const switches = ["json", "no-stock"];

function refuse(what: string, choices: readonly string[], value: string): never {
  console.error(`Cannot run the benchmarks as ${what} must be one of ${choices.join(", ")}: current value is ${value}`);
  Deno.exit(2);
}

const all = Object.keys(benchmarks);
const valued = [...new Set([...everywhere, ...Object.values(benchmarks).flat()])].filter((flag) =>
  !switches.includes(flag)
);
const { _: names, ...given } = parseArgs(Deno.args, { boolean: switches, string: ["_", ...valued] });
const chosen = names.length > 0 ? names.map(String) : all;
for (const name of chosen) if (!all.includes(name)) refuse("a benchmark", all, name);
const flags = Object.entries(given).filter(([, value]) => value !== false);
const takes = (name: string, flag: string) => everywhere.includes(flag) || benchmarks[name].includes(flag);
for (const [flag] of flags) {
  const known = [...new Set(chosen.flatMap((name) => [...everywhere, ...benchmarks[name]]))];
  if (!known.includes(flag)) refuse("a flag", known.map((each) => `--${each}`), `--${flag}`);
}
const permissions = ["--allow-read", "--allow-env", "--allow-sys", "--allow-run"];
let failed = false;
for (const name of chosen) {
  console.error(`\n# ${name}`);
  const script = new URL(`${name}_bench.ts`, import.meta.url).href;
  const own = flags.filter(([flag]) => takes(name, flag))
    .map(([flag, value]) => value === true ? `--${flag}` : `--${flag}=${value}`);
  // Peers that only a benchmark needs stay out of the lock file.
  const args = ["run", "--no-prompt", "--no-lock", ...permissions, script, ...own];
  const { success } = await new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "inherit" }).output();
  failed ||= !success;
}
if (failed) Deno.exit(1);
