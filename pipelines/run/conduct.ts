/**
 * The steps of a call that need experiments: planning before a run, pages after it.
 *
 * @module
 */
import { resolve, toFileUrl } from "@std/path";
import { InputError } from "../../operators/records.ts";
import type { Page } from "../../reports/mod.ts";
import type { Options } from "../experiment.ts";
import { checkKeys, resolveOptions, suggest } from "../options.ts";
import { type Call, commandFor } from "./call.ts";
import { namesModule } from "./content.ts";
import { experimentIn, loadExperiments, OWN_MODULE } from "./load.ts";
import type { Plan } from "./runner.ts";
import { drawPage, writePages } from "./site.ts";
import { type RunRecord, Store } from "./store.ts";
import { planTrials } from "./trial.ts";

/**
 * The plans of a call, one a pipeline. Nothing is written or trained.
 *
 * @throws InputError for an unknown pipeline or option, or a value that its option doesn't accept.
 */
export async function planCall(call: Call): Promise<readonly Plan[]> {
  const loaded = await loadExperiments(call.names);
  checkKeys(call.settings, loaded.map((each) => each.experiment));
  const profile = call.profile ?? "quick";
  // Another device gives other digits and other times: its trials are other trials. The default stays unnamed.
  const { backend, pack } = call.engine;
  const extra: Record<string, string> = {};
  if (backend !== "wasm") extra.backend = backend;
  else if (pack !== "auto") extra.pack = pack;
  const plans: Plan[] = [];
  for (const { experiment, module } of loaded) {
    const options = await resolveOptions(experiment, profile, call.settings);
    const engine: Options = experiment.tensors === false ? {} : extra;
    const trials = await planTrials(experiment, options, call.seeds ?? experiment.seeds[profile], engine);
    if (trials.length === 0) {
      throw new InputError(`Cannot run ${experiment.name} as these options leave it nothing to compare: 0 trials`);
    }
    const typed = module === OWN_MODULE
      ? experiment.name
      : call.names.find((name) => toFileUrl(resolve(name)).href === module)!;
    const command = commandFor(call, typed, Object.keys(experiment.options));
    plans.push({ experiment, module, options, profile, command, trials });
  }
  return plans;
}

/** Opens a store that must be there already. @throws InputError when it isn't, or can't be used. */
export function openForReport(path: string): Store {
  try {
    Deno.statSync(path);
  } catch {
    throw new InputError(`Cannot draw pages as there is no store at ${path}: run deno task pipeline first`);
  }
  return new Store(path);
}

/**
 * Draws the pages of the latest runs and writes the site; with `--json`, prints the rows of the named ones too. Pages
 * of pipelines that the call doesn't name are drawn as well, so that the site stays whole.
 *
 * @throws InputError when a named pipeline has nothing finished, or the folder refuses the site.
 */
export async function writeReport(
  store: Store,
  call: Pick<Call, "names" | "profile" | "out" | "json">,
  tell: (line: string) => void,
): Promise<void> {
  const order = (await loadExperiments([])).map(({ experiment }) => experiment.name);
  const place = ({ pipeline }: RunRecord) => (order.indexOf(pipeline) + order.length + 1) % (order.length + 1);
  const runs = store.lastRuns(call.profile).toSorted((a, b) => place(a) - place(b));
  const wanted = call.names.length > 0 ? call.names.map(nameIn(runs)) : runs.map((run) => run.pipeline);
  const pages: Page[] = [];
  const drawn: RunRecord[] = [];
  for (const run of runs) {
    const named = wanted.includes(run.pipeline);
    try {
      const page = await drawPage(store, await experimentIn(run.module, run.pipeline), run);
      if (page) pages.push(page);
      if (page && named) drawn.push(run);
    } catch (error) {
      // Somebody else's module may have moved since: that must not cost this call its pages.
      if (named) throw error;
      tell(
        `The page of ${run.pipeline} was left out: ${
          (error instanceof Error ? error.message : String(error)).split("\n")[0]
        }`,
      );
    }
  }
  const known = runs.map((run) => run.pipeline);
  const unknown = wanted.find((name) => known.length > 0 && !known.includes(name));
  if (unknown !== undefined) {
    throw new InputError(
      `Cannot draw the page of ${unknown} as the store has no run of it: ${suggest(unknown, known)}`,
    );
  }
  const missing = wanted.find((name) => !drawn.some((run) => run.pipeline === name));
  if (missing !== undefined || pages.length === 0) {
    throw new InputError(
      `Cannot draw the page of ${missing ?? "any pipeline"} as the store ${store.path} holds no finished trial of it`,
    );
  }
  await writePages(pages, call.out);
  tell(`Wrote ${pages.map((page) => `${call.out}/${page.name}.html`).join(", ")}`);
  if (call.json) drawn.forEach((run) => printRows(store, run));
}

/** A pipeline by its name, or by the path of its module. */
function nameIn(runs: readonly RunRecord[]): (typed: string) => string {
  return (typed) => {
    if (!namesModule(typed)) return typed;
    const module = toFileUrl(resolve(typed)).href;
    return runs.find((run) => run.module === module)?.pipeline ?? typed;
  };
}

/** Rows as JSON lines, each with its trial's pipeline and seed. A number that JSON can't hold becomes null. */
function printRows(store: Store, run: RunRecord): void {
  const finished = store.finished(run.trials);
  const trials = new Map(store.trials(run.trials).map((trial) => [trial.id, trial]));
  for (const row of store.rows(run.trials.filter((id) => finished.has(id)))) {
    const { pipeline, seed } = trials.get(row.trial)!;
    console.log(JSON.stringify({ pipeline, seed, ...row }));
  }
}
