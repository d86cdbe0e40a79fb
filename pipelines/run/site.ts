/**
 * Pages from stored rows, and the folder that they go to.
 *
 * @module
 */
import { join } from "@std/path";
import { InputError } from "../../operators/records.ts";
import { type Page, writeSite } from "../../reports/mod.ts";
import type { Experiment } from "../experiment.ts";
import { reasonOf } from "./content.ts";
import type { RunRecord, Store } from "./store.ts";

/**
 * Draws the page of a run from what the store holds: the finished trials of the experiment's present version.
 *
 * @returns Nothing when no trial is finished.
 */
export async function drawPage(store: Store, experiment: Experiment, run: RunRecord): Promise<Page | undefined> {
  const finished = store.finished(run.trials);
  const trials = store.trials(run.trials.filter((id) => finished.has(id)))
    .filter((trial) => trial.version === experiment.version);
  if (trials.length === 0) return undefined;
  const ids = trials.map((trial) => trial.id);
  return await experiment.page({
    trials,
    rows: store.rows(ids),
    profile: run.profile,
    command: run.command,
    machines: store.machines(ids),
    planned: run.trials.length,
    failures: store.failures(run.trials),
  });
}

/**
 * Makes sure, before hours of training, that pages can be written to a folder: makes it, and writes and removes a file
 * the size of a small page.
 *
 * @throws InputError when it is a file, or refuses the write, or the disk is full.
 */
export async function checkFolder(out: string): Promise<void> {
  const probe = join(out, `.heed-${crypto.randomUUID()}`);
  try {
    await Deno.mkdir(out, { recursive: true });
    await Deno.writeFile(probe, new Uint8Array(1 << 16));
    await Deno.remove(probe);
  } catch (error) {
    await Deno.remove(probe).catch(() => {});
    throw new InputError(`Cannot write pages to ${out} as ${reasonOf(error)}: name another folder with --out`);
  }
}

/** Writes the site. @throws InputError when the folder refuses it; the rows are in the store all the same. */
export async function writePages(pages: readonly Page[], out: string): Promise<void> {
  try {
    await writeSite(pages, out);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${error.message}; every row is kept: put that right and run deno task report`);
  }
}
