/**
 * One runner a store: two processes that trained the same trials would double the work and fight for the rows. The
 * right is an SQLite lock on a small file beside the store. The operating system takes it back when the process ends,
 * even after `kill -9`, so nothing has to expire and the same command goes on at once.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { InputError } from "../../operators/records.ts";
import { explain } from "./sqlite.ts";

/** The right to run trials, in hand. */
export interface RunLock {
  release(): void;
}

/**
 * Takes the right to run trials with the store at `path`.
 *
 * @throws InputError when another process has it, or when the folder refuses the file.
 */
export function lockFor(path: string): RunLock {
  const file = `${path}-runner`;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    const db = database;
    db.exec("PRAGMA busy_timeout = 200; BEGIN EXCLUSIVE");
    return { release: () => db.close() };
  } catch (error) {
    database?.close();
    if (error instanceof Error && /is locked|busy/.test(error.message)) {
      throw new InputError(
        `Cannot run trials as another process is running trials with the store ${path}: ` +
          "wait until it ends, or name another with --store",
      );
    }
    throw explain(error, file);
  }
}
