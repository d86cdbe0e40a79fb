/**
 * How a run shows itself: bars with the time left on a terminal, plain lines elsewhere (one a finished trial, and one at
 * least every 20 seconds). All of it goes to standard error, so that standard output stays free for data.
 *
 * @module
 */
import { stderr } from "node:process";
import cliProgress from "cli-progress";
import { interval, type Subscription } from "rxjs";
import type { Trial } from "../experiment.ts";
import { labelOf } from "./trial.ts";

/** What the runner tells about its trials. */
export interface Progress {
  start(trials: readonly Trial[], finished: ReadonlySet<string>): void;
  /** `resumed` when it goes on from a checkpoint. */
  begin(trial: Trial, resumed: boolean): void;
  /** `share` of the trial that is done, 0 to 1. */
  update(trial: Trial, share: number): void;
  finish(trial: Trial): void;
  fail(trial: Trial, message: string): void;
  close(): void;
}

/** Bars on a terminal, lines elsewhere. */
export function progressFor(terminal: boolean, write: (line: string) => void): Progress {
  return terminal ? new Bars() : new Lines(write);
}

/** Milliseconds between two lines, at most. */
const QUIET = 20_000;

/** Shares of trials, and the time that is left at the speed of this call (work of earlier calls has no speed). */
export class Tally {
  readonly trials: readonly Trial[];
  readonly #shares = new Map<string, number>();
  readonly #began: number;
  readonly #clock: () => number;
  /** Work that was there before this call measured anything: finished trials and resumed ones. */
  #given: number;
  readonly #resumed = new Set<string>();
  done: number;

  /** @param clock Milliseconds. */
  constructor(trials: readonly Trial[], finished: ReadonlySet<string>, clock = () => performance.now()) {
    this.trials = trials;
    this.done = finished.size;
    for (const { id } of trials) this.#shares.set(id, finished.has(id) ? 1 : 0);
    this.#given = finished.size;
    this.#clock = clock;
    this.#began = clock();
  }

  begin(trial: Trial, resumed: boolean): void {
    if (resumed) this.#resumed.add(trial.id);
  }

  update(trial: Trial, share: number): void {
    // The first event of a resumed trial jumps to where it was: that is no work of this call.
    if (this.#resumed.delete(trial.id)) this.#given += share;
    this.#shares.set(trial.id, Math.min(1, Math.max(0, share)));
  }

  get share(): number {
    let sum = 0;
    for (const share of this.#shares.values()) sum += share;
    return this.trials.length === 0 ? 1 : sum / this.trials.length;
  }

  /** `about 5 min left`, or nothing while there is nothing to go by. */
  get left(): string {
    const all = this.trials.length;
    const made = this.share * all - this.#given;
    const seconds = (this.#clock() - this.#began) / 1000;
    if (made <= 0 || seconds < 2 || this.share >= 1) return "";
    return `about ${duration(seconds / made * (all - this.share * all))} left`;
  }
}

/** Seconds as people say them: `40 s`, `5 min`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** One line a finished trial, and a sign of life every 20 seconds. */
class Lines implements Progress {
  readonly #write: (line: string) => void;
  readonly #began = new Map<string, number>();
  #tally = new Tally([], new Set());
  #ticks?: Subscription;
  #last = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  start(trials: readonly Trial[], finished: ReadonlySet<string>): void {
    this.#tally = new Tally(trials, finished);
    const kept = finished.size > 0 ? `, ${finished.size} finished before` : "";
    this.#line(`${trials.length} ${trials.length === 1 ? "trial" : "trials"}${kept}`);
    this.#ticks = interval(1000).subscribe(() => {
      if (performance.now() - this.#last >= QUIET - 1000) this.#line(this.#status("running"));
    });
  }

  begin(trial: Trial, resumed: boolean): void {
    this.#tally.begin(trial, resumed);
    this.#began.set(trial.id, performance.now());
  }

  update(trial: Trial, share: number): void {
    this.#tally.update(trial, share);
  }

  finish(trial: Trial): void {
    this.#tally.update(trial, 1);
    this.#tally.done++;
    this.#line(this.#status(`${labelOf(trial, this.#tally.trials)} finished in ${this.#took(trial)}`));
  }

  fail(trial: Trial, message: string): void {
    this.#tally.update(trial, 1);
    this.#line(this.#status(`${labelOf(trial, this.#tally.trials)} failed after ${this.#took(trial)}: ${message}`));
  }

  close(): void {
    this.#ticks?.unsubscribe();
  }

  #status(what: string): string {
    const { done, trials, share, left } = this.#tally;
    return `[${done}/${trials.length}] ${Math.floor(share * 100)}% ${what}${left && `, ${left}`}`;
  }

  #took(trial: Trial): string {
    return duration((performance.now() - (this.#began.get(trial.id) ?? performance.now())) / 1000);
  }

  #line(text: string): void {
    this.#last = performance.now();
    this.#write(text);
  }
}

/** What this file uses of a bar of cli-progress, which ships no types. */
interface Bar {
  update(value: number, payload?: Record<string, unknown>): void;
}

/** One bar for everything, and one for each running trial. */
class Bars implements Progress {
  readonly #bars = new Map<string, Bar>();
  readonly #multi = new cliProgress.MultiBar({
    stream: stderr,
    format: "{bar} {percent}% {label} {left}",
    barsize: 24,
    hideCursor: true,
    clearOnComplete: false,
    gracefulExit: false,
  }, cliProgress.Presets.shades_grey);
  #tally = new Tally([], new Set());
  #total?: Bar;

  start(trials: readonly Trial[], finished: ReadonlySet<string>): void {
    this.#tally = new Tally(trials, finished);
    this.#total = this.#multi.create(1, this.#tally.share, this.#totals());
  }

  begin(trial: Trial, resumed: boolean): void {
    this.#tally.begin(trial, resumed);
    const label = labelOf(trial, this.#tally.trials);
    this.#bars.set(trial.id, this.#multi.create(1, 0, { label, percent: "  0", left: "" }));
  }

  update(trial: Trial, share: number): void {
    this.#tally.update(trial, share);
    this.#bars.get(trial.id)?.update(share, { percent: percent(share) });
    this.#total?.update(this.#tally.share, this.#totals());
  }

  finish(trial: Trial): void {
    this.#tally.done++;
    this.#end(trial);
  }

  fail(trial: Trial, message: string): void {
    this.#multi.log(`${labelOf(trial, this.#tally.trials)} failed: ${message}\n`);
    this.#end(trial);
  }

  close(): void {
    for (const bar of this.#bars.values()) this.#multi.remove(bar);
    this.#multi.stop();
  }

  #end(trial: Trial): void {
    this.update(trial, 1);
    this.#multi.remove(this.#bars.get(trial.id));
    this.#bars.delete(trial.id);
  }

  #totals(): Record<string, unknown> {
    const { done, trials, share, left } = this.#tally;
    return { percent: percent(share), label: `${done} of ${trials.length} trials`, left };
  }
}

function percent(share: number): string {
  return String(Math.floor(share * 100)).padStart(3);
}
