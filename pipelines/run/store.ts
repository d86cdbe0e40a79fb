/**
 * The run store: every measured row, and for each unfinished trial the state from which it goes on. One SQLite file in
 * write-ahead mode. Rows and state of one event are stored in one transaction, so a process may be killed at any
 * moment: what comes back is exactly what some event left.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { Measurement } from "../../operators/records.ts";
import type { Machine, Options, Profile, Trial, TrialEvent } from "../experiment.ts";
import { lockFor, type RunLock } from "./lock.ts";
import { explain, openDatabase, transaction } from "./sqlite.ts";
import { canonical } from "./trial.ts";

/** One call of one pipeline: what was asked, on which machine, and which trials answer it. */
export interface RunRecord {
  readonly pipeline: string;
  /** Address of the module that holds the experiment. */
  readonly module: string;
  readonly profile: Profile;
  readonly command: string;
  /** Ids of all its trials, in planned order. */
  readonly trials: readonly string[];
  readonly machine: Machine;
}

/** A run store in hand. Close it with {@linkcode Store.close}. */
export class Store {
  readonly path: string;
  readonly #db: DatabaseSync;
  #lock?: RunLock;

  /**
   * Opens the store, and makes it when there is none.
   *
   * @throws InputError when it is locked, read-only, of a newer version, of another program, or no sound database.
   */
  constructor(path: string) {
    this.path = path;
    this.#db = openDatabase(path);
  }

  /**
   * Takes the right to run trials, until {@linkcode close} or the end of the process, however it ends.
   *
   * @throws InputError when another process has it.
   */
  lock(): void {
    this.#lock ??= lockFor(this.path);
  }

  /** Notes a call of a pipeline and gives its number. */
  begin(run: RunRecord): number {
    return this.#guard(() => {
      const { lastInsertRowid } = this.#db.prepare(
        "INSERT INTO runs (pipeline, module, profile, command, trials, machine, started) VALUES (?, ?, ?, ?, ?, ?, ?)",
      ).run(
        run.pipeline,
        run.module,
        run.profile,
        run.command,
        JSON.stringify(run.trials),
        canonical(run.machine),
        new Date().toISOString(),
      );
      return Number(lastInsertRowid);
    });
  }

  /** Notes that a run has come to its end. */
  end(run: number): void {
    this.#guard(() => this.#db.prepare("UPDATE runs SET ended = ? WHERE id = ?").run(new Date().toISOString(), run));
  }

  /**
   * The latest run of each pipeline (of that profile, when one is named) that has finished trials, by name. Where none
   * has, simply the latest: an interrupted or refused call doesn't hide what was measured before it.
   */
  lastRuns(profile?: Profile): readonly RunRecord[] {
    return this.#guard(() => {
      const rows = this.#db.prepare(
        "SELECT * FROM (SELECT runs.*, row_number() OVER (PARTITION BY pipeline ORDER BY EXISTS (" +
          "SELECT 1 FROM json_each(runs.trials) AS each JOIN trials ON trials.id = each.value " +
          "WHERE trials.status = 'finished') DESC, runs.id DESC) AS place " +
          "FROM runs WHERE profile = coalesce(?, profile)) WHERE place = 1 ORDER BY pipeline",
      ).all(profile ?? null) as unknown as readonly (RunRecord & { trials: string; machine: string })[];
      return rows.map(({ pipeline, module, profile, command, trials, machine }) => ({
        pipeline,
        module,
        profile,
        command,
        trials: JSON.parse(trials),
        machine: JSON.parse(machine),
      }));
    });
  }

  /**
   * Readies a trial to run: rows that came after its last checkpoint (all of them when it has none) are taken away,
   * since they will be measured again.
   *
   * @returns The state to go on from, if there is one.
   * @throws Error when the trial is finished: its rows must stay as they are.
   */
  claim(trial: Trial, run?: number): Uint8Array | undefined {
    return this.#guard(() =>
      transaction(this.#db, () => {
        if (this.finished([trial.id]).size > 0) {
          throw new Error(`Cannot run a trial as it is finished already: current value is ${trial.id}`);
        }
        this.#db.prepare(
          "INSERT INTO trials (id, pipeline, options, seed, version, status, run) VALUES (?, ?, ?, ?, ?, 'running', ?) " +
            "ON CONFLICT (id) DO UPDATE SET options = excluded.options, status = 'running', message = NULL, " +
            "run = excluded.run",
        ).run(trial.id, trial.pipeline, canonical(trial.options), trial.seed, trial.version, run ?? null);
        const kept = this.#db.prepare("SELECT rows, state FROM checkpoints WHERE trial = ?").get(trial.id) as
          | { rows: number; state: Uint8Array }
          | undefined;
        this.#db.prepare("DELETE FROM measurements WHERE trial = ? AND position >= ?").run(trial.id, kept?.rows ?? 0);
        return kept?.state;
      })
    );
  }

  /** Stores an event's rows and, with them, its checkpoint. @throws Error when a row belongs to another trial. */
  append(trial: string, event: TrialEvent): void {
    const stranger = event.rows.find((row) => row.trial !== trial);
    if (stranger) {
      throw new Error(`Cannot store a row as it must belong to ${trial}: current value is ${stranger.trial}`);
    }
    this.#guard(() =>
      transaction(this.#db, () => {
        let position = this.#rowCount(trial);
        const insert = this.#db.prepare("INSERT INTO measurements VALUES (?, ?, ?, ?, ?, ?, ?)");
        for (const { metric, step, value, unit, labels } of event.rows) {
          insert.run(trial, position++, metric, step, value, unit, JSON.stringify(labels));
        }
        if (event.checkpoint) {
          this.#db.prepare("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)").run(
            trial,
            position,
            event.checkpoint,
          );
        }
      })
    );
  }

  /** Marks a trial as done; its checkpoint is no longer needed. */
  finish(trial: string): void {
    this.#guard(() =>
      transaction(this.#db, () => {
        this.#db.prepare("UPDATE trials SET status = 'finished', message = NULL WHERE id = ?").run(trial);
        this.#db.prepare("DELETE FROM checkpoints WHERE trial = ?").run(trial);
      })
    );
  }

  /** Marks a trial as failed. It keeps its checkpoint: the next call goes on from there. */
  fail(trial: string, message: string): void {
    this.#guard(() =>
      this.#db.prepare("UPDATE trials SET status = 'failed', message = ? WHERE id = ?").run(message, trial)
    );
  }

  /** State of a trial's last checkpoint. */
  checkpoint(trial: string): Uint8Array | undefined {
    return this.#guard(() =>
      (this.#db.prepare("SELECT state FROM checkpoints WHERE trial = ?").get(trial) as
        | { state: Uint8Array }
        | undefined)?.state
    );
  }

  /** Which of these trials are finished. */
  finished(ids: readonly string[]): ReadonlySet<string> {
    return this.#guard(() => {
      const statement = this.#db.prepare("SELECT 1 FROM trials WHERE id = ? AND status = 'finished'");
      return new Set(ids.filter((id) => statement.get(id) !== undefined));
    });
  }

  /** Which of these trials failed when they last ran, and with which message, in the order asked for. */
  failures(ids: readonly string[]): readonly { readonly trial: Trial; readonly message: string }[] {
    return this.#guard(() => {
      const statement = this.#db.prepare("SELECT message FROM trials WHERE id = ? AND status = 'failed'");
      return this.trials(ids).flatMap((trial) => {
        const row = statement.get(trial.id) as { message: string | null } | undefined;
        return row ? [{ trial, message: row.message ?? "no message" }] : [];
      });
    });
  }

  /** Trials by id, in the order asked for; unknown ids are left out. */
  trials(ids: readonly string[]): readonly Trial[] {
    return this.#guard(() => {
      const statement = this.#db.prepare("SELECT id, pipeline, options, seed, version FROM trials WHERE id = ?");
      return ids.flatMap((id) => {
        const row = statement.get(id) as (Omit<Trial, "options"> & { options: string }) | undefined;
        return row ? [{ ...row, options: JSON.parse(row.options) as Options }] : [];
      });
    });
  }

  /** Rows of these trials: in the order of the ids and, within a trial, as they were measured. */
  rows(ids: readonly string[]): readonly Measurement[] {
    return this.#guard(() => {
      const statement = this.#db.prepare(
        "SELECT trial, metric, step, value, unit, labels FROM measurements WHERE trial = ? ORDER BY position",
      );
      return ids.flatMap((id) => {
        const rows = statement.all(id) as unknown as (Omit<Measurement, "labels"> & { labels: string })[];
        // SQLite keeps NaN as NULL: a diverged loss must come back as NaN, not as 0 or nothing.
        return rows.map((row) => ({ ...row, value: row.value ?? NaN, labels: JSON.parse(row.labels) }));
      });
    });
  }

  /** The distinct machines that these trials ran on, in the order of the ids. */
  machines(ids: readonly string[]): readonly Machine[] {
    return this.#guard(() => {
      const statement = this.#db.prepare(
        "SELECT machine FROM runs JOIN trials ON trials.run = runs.id WHERE trials.id = ?",
      );
      const found = ids.flatMap((id) => (statement.get(id) as { machine: string } | undefined)?.machine ?? []);
      return [...new Set(found)].map((machine) => JSON.parse(machine));
    });
  }

  /** Closes the file and gives the lock back. */
  close(): void {
    this.#db.close();
    this.#lock?.release();
  }

  #rowCount(trial: string): number {
    const { next } = this.#db.prepare(
      "SELECT coalesce(max(position) + 1, 0) AS next FROM measurements WHERE trial = ?",
    ).get(trial) as { next: number };
    return next;
  }

  #guard<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw explain(error, this.path);
    }
  }
}
