/**
 * Every benchmark in turn, each in a process of its own: what one leaves in memory must not slow the next.
 *
 *     deno task bench [NAME…]
 *
 * @module
 */
const all = ["products", "gru", "training_step", "engine", "attention", "poly2", "parallel", "torch", "recursive"];
const chosen = Deno.args.filter((name) => !name.startsWith("-"));
const flags = Deno.args.filter((name) => name.startsWith("-"));
for (const name of chosen) {
  if (!all.includes(name)) {
    console.error(`Cannot run the benchmark ${name} as it must be one of ${all.join(", ")}: current value is ${name}`);
    Deno.exit(2);
  }
}
const permissions = ["--allow-read", "--allow-env", "--allow-sys", "--allow-run"];
let failed = false;
for (const name of chosen.length > 0 ? chosen : all) {
  console.error(`\n# ${name}`);
  const script = new URL(`${name}_bench.ts`, import.meta.url).href;
  // Peers that only a benchmark needs stay out of the lock file.
  const args = ["run", "--no-prompt", "--no-lock", ...permissions, script, ...flags];
  const { success } = await new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "inherit" }).output();
  failed ||= !success;
}
if (failed) Deno.exit(1);
