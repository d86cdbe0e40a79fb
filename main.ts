/**
 * The command line: reads the call, hands it to the pipelines, and turns how it ended into an exit code.
 *
 * @module
 */
import { Subject } from "rxjs";
import { InputError } from "./operators/records.ts";
import { type Call, parseCall } from "./pipelines/run/call.ts";
import { HELP } from "./pipelines/run/help.ts";

/** 0 done, 1 a trial failed, 2 the call was wrong, 130 interrupted. */
type ExitCode = 0 | 1 | 2 | 130;

/** A line for people. With `--json` standard output belongs to the rows. */
const tell = (line: string) => console.error(line);

async function main(args: readonly string[]): Promise<ExitCode> {
  const call = parseCall(args, navigator.hardwareConcurrency);
  if (call.help) {
    console.log(HELP[call.command]);
    // Help on a named pipeline tells its options, too.
    if (call.command === "pipeline" && call.names.length > 0) await list({ ...call, json: false });
    return 0;
  }
  switch (call.command) {
    case "help": {
      const [name] = call.names;
      console.log(HELP[name === undefined ? "help" : parseCall([name], 1).command]);
      return 0;
    }
    case "list":
      return await list(call);
    case "serve":
      return await serve(call);
    case "report":
      return await report(call);
    case "plan":
      return await plan(call);
    case "pipeline":
      return await pipeline(call);
  }
}

/** Plans, runs what is not finished, writes the pages. */
async function pipeline(call: Call): Promise<ExitCode> {
  // Modules are imported where they are needed: `--help` answers at once.
  const { planCall, writeReport } = await import("./pipelines/run/conduct.ts");
  const { checkFolder } = await import("./pipelines/run/site.ts");
  const { Store } = await import("./pipelines/run/store.ts");
  const { runPlans } = await import("./pipelines/run/runner.ts");
  const { workerPool } = await import("./pipelines/run/pool.ts");
  const { progressFor } = await import("./pipelines/run/progress.ts");
  const { thisMachine } = await import("./pipelines/run/machine.ts");

  const plans = await planCall(call);
  await checkFolder(call.out);
  const store = new Store(call.store);
  const stop = new Subject<void>();
  const release = onInterrupt(() => stop.next());
  try {
    const modules = new Map(plans.map((plan) => [plan.experiment.name, plan.module]));
    const executor = workerPool({
      workers: call.workers,
      engine: call.engine,
      moduleOf: (name) => modules.get(name)!,
    });
    const { failures, interrupted } = await runPlans(plans, {
      store,
      executor,
      workers: call.workers,
      progress: progressFor(Deno.stderr.isTerminal(), tell),
      machine: thisMachine(call.engine),
      stop,
    });
    if (interrupted) {
      tell("Interrupted. Everything measured so far is stored; the same command goes on from there.");
      return 130;
    }
    // A pipeline whose every trial failed has no page to draw.
    const told = plans.filter(({ trials }) => store.finished(trials.map((trial) => trial.id)).size > 0);
    const names = told.map((plan) => plan.experiment.name);
    if (names.length > 0) await writeReport(store, { ...call, names, profile: undefined }, tell);
    if (failures.length === 0) return 0;
    tell(
      `${failures.length} of ${
        plans.flatMap((plan) => plan.trials).length
      } trials failed; the same command tries them again.`,
    );
    return 1;
  } finally {
    release();
    store.close();
  }
}

/** Predicts what attention of these sizes costs here. */
async function plan({ sizes, causal, json }: Call): Promise<ExitCode> {
  const { parsePlan, planFor, planText } = await import("./pipelines/plan/plan.ts");
  const { calibrate } = await import("./pipelines/plan/calibration.ts");
  const asked = parsePlan(sizes, causal);
  const found = planFor(asked.sizes, asked.limit, await calibrate(tell));
  console.log(json ? JSON.stringify(found) : planText(found));
  return 0;
}

/** Draws the pages of the latest runs again. */
async function report(call: Call): Promise<ExitCode> {
  const { openForReport, writeReport } = await import("./pipelines/run/conduct.ts");
  const { checkFolder } = await import("./pipelines/run/site.ts");
  const store = openForReport(call.store);
  try {
    await checkFolder(call.out);
    await writeReport(store, call, tell);
    return 0;
  } finally {
    store.close();
  }
}

async function list(call: Call): Promise<ExitCode> {
  const { loadExperiments } = await import("./pipelines/run/load.ts");
  const { describe } = await import("./pipelines/run/help.ts");
  const experiments = (await loadExperiments(call.names)).map((each) => each.experiment);
  for (const experiment of experiments) {
    const { name, question, version, options, seeds } = experiment;
    console.log(call.json ? JSON.stringify({ name, question, version, options, seeds }) : describe(experiment) + "\n");
  }
  return 0;
}

async function serve(call: Call): Promise<ExitCode> {
  const { serveFolder } = await import("./pipelines/run/serve.ts");
  const server = serveFolder(call.out, call.port);
  console.log(`Serving ${call.out} on http://127.0.0.1:${server.addr.port}/ (Ctrl-C ends)`);
  const release = onInterrupt(() => server.shutdown());
  await server.finished;
  release();
  return 0;
}

/** The first Ctrl-C (or SIGTERM) ends cleanly, the second at once. */
function onInterrupt(stop: () => void): () => void {
  let asked: number | undefined;
  const listener = () => {
    const now = performance.now();
    // A terminal signals every process of the group, and task runners pass it on: one Ctrl-C may arrive twice.
    if (asked !== undefined && now - asked > 300) Deno.exit(130);
    asked ??= now;
    stop();
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  signals.forEach((signal) => Deno.addSignalListener(signal, listener));
  return () => signals.forEach((signal) => Deno.removeSignalListener(signal, listener));
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(error.message.replaceAll("\n", " "));
    Deno.exit(2);
  }
}
