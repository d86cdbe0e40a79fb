/**
 * What a pipeline is: one question, the options it takes, the trials that answer it, and the page that tells.
 *
 * A pipeline's file makes one {@linkcode Experiment}; the command line, the pool of workers and the run store know
 * experiments only through this interface.
 *
 * @module
 */
import type { Observable } from "rxjs";
import type { Measurement } from "../operators/records.ts";
import type { Page } from "../reports/mod.ts";

/** How much to spend: `quick` fits into a coffee break, `full` is for publication. */
export type Profile = "quick" | "full";

/** One option of a pipeline: what it accepts and what it is when nobody says. */
export interface OptionSpec {
  readonly kind: "integer" | "number" | "text" | "list" | "file";
  /** One line for `--help`, with the unit. */
  readonly help: string;
  /** The value per profile; files have none by default (the empty string). */
  readonly default: Readonly<Record<Profile, OptionValue>>;
  /** Least and greatest accepted value, for numbers. */
  readonly min?: number;
  readonly max?: number;
  /** Accepted values, for text and for each item of a list. A list may also name modules (`./file.ts`) if it says so. */
  readonly choices?: readonly string[];
  readonly modules?: boolean;
}

/** A value of an option: lists are arrays of text. */
export type OptionValue = number | string | readonly string[];

/** A pipeline's options with a value each. */
export type Options = Readonly<Record<string, OptionValue>>;

/** One seeded run of one configuration: the unit that is scheduled, retried, skipped when done, and moved. */
export interface Trial {
  /** SHA-256 (first 16 hexadecimal digits) of pipeline, options, seed and version. */
  readonly id: string;
  readonly pipeline: string;
  /**
   * The configuration. Where a value names a file or a module, `KEY.sha256` holds the hash of what is in it, and the
   * identity is made of the hash, not of the path.
   */
  readonly options: Options;
  readonly seed: number;
  /** Version of the pipeline's protocol: raise it, and its trials run again. */
  readonly version: string;
}

/**
 * What a running trial tells: rows to keep and, with them, a state from which the trial can go on. Both are stored in
 * one transaction, so that rows and state can't disagree.
 */
export interface TrialEvent {
  readonly rows: readonly Measurement[];
  /** Everything needed to go on after these rows. */
  readonly checkpoint?: Uint8Array;
  /** Share of the trial that is done, 0 to 1, for the progress bar. */
  readonly progress: number;
}

/** What a trial is given when it starts. */
export interface TrialContext {
  /** State of the last stored event, when the trial goes on after an interruption. */
  readonly checkpoint?: Uint8Array;
}

/** What the store holds for a page: finished trials and their rows. */
export interface Results {
  readonly trials: readonly Trial[];
  readonly rows: readonly Measurement[];
  readonly profile: Profile;
  /** The command that made these rows, as a reader can type it. */
  readonly command: string;
  /** Where the trials ran, distinct ones only (more than one when a store moved between machines). */
  readonly machines: readonly Machine[];
  /** How many trials the run planned, finished or not. */
  readonly planned?: number;
  /** Trials of the run whose last attempt failed, and why, in one line. */
  readonly failures?: readonly { readonly trial: Trial; readonly message: string }[];
}

/** A machine and the software on it, as the method section of a page prints them. */
export interface Machine {
  /** Processor model, or `unknown` where the system doesn't say. */
  readonly processor: string;
  readonly cores: number;
  /** Operating system and architecture: `linux x86_64`. */
  readonly system: string;
  readonly deno: string;
  /** Backend and kernel pack: `wasm, pack auto`. */
  readonly engine: string;
}

/** One question: how it is asked, run and told. */
export interface Experiment {
  /** Name on the command line and of the page (`scores` makes `scores.html`). */
  readonly name: string;
  /** The question in one sentence. */
  readonly question: string;
  readonly version: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Whether trials use tensors, so that a worker needs an engine before it runs one. @default {true} */
  readonly tensors?: boolean;
  /**
   * Whether a trial must have the machine to itself, because it takes times: such trials run one by one, after all others.
   *
   * @default {false}
   */
  readonly alone?: boolean;
  /** Seeds by profile. */
  readonly seeds: Readonly<Record<Profile, number>>;
  /**
   * The trials that answer the question, one configuration each; the runner crosses them with the seeds.
   *
   * @throws InputError when an option names something that can't be read.
   */
  configurations(options: Options): Promise<readonly Options[]>;
  /** Runs one trial. Errors end the stream. Unsubscribing stops it and frees its tensors. */
  run(trial: Trial, context: TrialContext): Observable<TrialEvent>;
  /** Draws the page from stored rows alone. */
  page(results: Results): Promise<Page>;
}
