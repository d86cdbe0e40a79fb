/**
 * Opening an SQLite file, and telling what is wrong with it in one line.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { dirname } from "@std/path";
import { InputError } from "../../operators/records.ts";
import { reasonOf } from "./content.ts";

/** "Heed" in ASCII: marks a database as a run store. */
const APPLICATION = 0x48656564;
/** Raise it with the schema below; an older program then refuses a newer store instead of spoiling it. */
export const SCHEMA_VERSION = 1;

const SCHEMA = `
CREATE TABLE runs (
  id INTEGER PRIMARY KEY, pipeline TEXT NOT NULL, module TEXT NOT NULL, profile TEXT NOT NULL, command TEXT NOT NULL,
  trials TEXT NOT NULL, machine TEXT NOT NULL, started TEXT NOT NULL, ended TEXT
);
CREATE TABLE trials (
  id TEXT PRIMARY KEY, pipeline TEXT NOT NULL, options TEXT NOT NULL, seed INTEGER NOT NULL, version TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'failed')), message TEXT,
  run INTEGER REFERENCES runs(id)
);
CREATE TABLE measurements (
  trial TEXT NOT NULL REFERENCES trials(id), position INTEGER NOT NULL, metric TEXT NOT NULL, step REAL NOT NULL,
  value REAL, unit TEXT NOT NULL, labels TEXT NOT NULL, PRIMARY KEY (trial, position)
) WITHOUT ROWID;
CREATE TABLE checkpoints (
  trial TEXT PRIMARY KEY REFERENCES trials(id), rows INTEGER NOT NULL, state BLOB NOT NULL
);
PRAGMA application_id = ${APPLICATION};
PRAGMA user_version = ${SCHEMA_VERSION};`;

/**
 * Opens a run store in write-ahead mode, makes its tables when it is new, and checks that it can be read and written.
 *
 * @throws InputError when it is locked, read-only, of a newer version, of another program, or no sound database.
 */
export function openDatabase(path: string): DatabaseSync {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new InputError(`Cannot open the store ${path} as its folder can't be made: ${reasonOf(error)}`);
  }
  let database: DatabaseSync | undefined;
  try {
    const db = database = new DatabaseSync(path);
    db.exec("PRAGMA busy_timeout = 5000");
    const { application_id } = db.prepare("PRAGMA application_id").get() as { application_id: number };
    const { user_version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
    const { tables } = db.prepare("SELECT count(*) AS tables FROM sqlite_master").get() as { tables: number };
    if (application_id !== APPLICATION && (tables > 0 || user_version > 0)) {
      throw new InputError(`Cannot open the store ${path} as it is the database of another program`);
    }
    if (user_version > SCHEMA_VERSION) {
      throw new InputError(
        `Cannot open the store ${path} as it was made by a newer Heed: its version is ${user_version}, ` +
          `this program reads up to ${SCHEMA_VERSION}`,
      );
    }
    const found = db.prepare("PRAGMA quick_check(1)").get() as { quick_check: string };
    if (found.quick_check !== "ok") throw new Error(`database disk image is malformed (${found.quick_check})`);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
    // IMMEDIATE asks for the right to write now: a read-only store is refused before hours of training, not after.
    transaction(db, () => {
      const { user_version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
      if (user_version === 0) db.exec(SCHEMA);
      else db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    });
    return db;
  } catch (error) {
    database?.close();
    throw explain(error, path);
  }
}

/** Runs `body` in one transaction: all of it is stored, or nothing. */
export function transaction<T>(db: DatabaseSync, body: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = body();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    // A full disk rolls back by itself, and a second ROLLBACK would hide the first error.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** SQLite's error as one line for the user; anything else is given back as it came. */
export function explain(error: unknown, path: string): unknown {
  if (error instanceof InputError || !(error instanceof Error)) return error;
  const rule = ruleFor(error);
  return rule ? new InputError(`Cannot use the store ${path} as ${rule}`) : error;
}

function ruleFor(error: Error): string | undefined {
  const text = error.message.split("\n")[0];
  if (error instanceof Deno.errors.NotCapable) return "the program was started without the permission to write there";
  if (/is locked|busy/.test(text)) return "another program has locked it: close that, or name another with --store";
  if (/readonly|read-only/.test(text)) return "it is read-only: make it writable, or name another with --store";
  if (/unable to open/.test(text)) return "it can't be opened for writing: a file in a writable folder is needed";
  if (/not a database/.test(text)) return "it is not an SQLite database: move it away, or name another with --store";
  if (/malformed|no such (table|column)/.test(text)) {
    return `it is corrupt (${text}): move it away, or name another with --store`;
  }
  if (/is full|disk I\/O/.test(text)) return `the disk refuses to take more (${text}): what was stored before is kept`;
  return undefined;
}
