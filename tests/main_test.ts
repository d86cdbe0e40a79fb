/**
 * The program as a user meets it: exit codes, lines, signals. Child processes with the permissions of the tasks.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { InputError } from "../operators/records.ts";
import { contenderNames } from "../pipelines/kernels/contenders.ts";
import { CALIBRATION, calibrationKey, rateNames } from "../pipelines/plan/calibration.ts";
import { Store } from "../pipelines/run/store.ts";

const path = (relative: string) => fromFileUrl(new URL(relative, import.meta.url));
const FAKE = path("./pipelines/run/fake.ts");
const PERMISSIONS = ["--no-prompt", "--allow-read", "--allow-write", "--allow-sys=cpus"];
const STORE = join(".heed", "store.sqlite");

/** @param shell Runs the program from a line of a shell, as `$0` and `$@`. */
function command(
  cwd: string,
  args: readonly string[],
  permissions: readonly string[] = PERMISSIONS,
  shell?: string,
): Deno.Command {
  const own = ["run", "--quiet", "--config", path("../deno.json"), ...permissions, path("../main.ts"), ...args];
  return new Deno.Command(shell === undefined ? Deno.execPath() : "sh", {
    args: shell === undefined ? own : ["-c", shell, Deno.execPath(), ...own],
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  });
}

/** Runs the program to its end. */
async function heed(cwd: string, args: readonly string[], permissions?: readonly string[]) {
  const { code, stdout, stderr } = await command(cwd, args, permissions).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

/** Starts the program, and gives it in hand as soon as its store holds this many rows. */
async function heedUntil(folder: string, args: readonly string[], rows: number) {
  const child = command(folder, args).spawn();
  void child.stdout.cancel();
  const text = new Response(child.stderr).text();
  for (let tries = 0; countIn(folder) < rows; tries++) {
    assert(tries < 2000, `no ${rows} rows after a minute`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  return { child, text };
}

function countIn(folder: string): number {
  try {
    return JSON.parse(rowsIn(folder)).length;
  } catch {
    // Not made yet, or being made.
    return 0;
  }
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Every row of a store, as text. */
function rowsIn(folder: string): string {
  const db = new DatabaseSync(join(folder, STORE), { readOnly: true });
  const rows = db.prepare("SELECT * FROM measurements ORDER BY trial, position").all();
  db.close();
  return JSON.stringify(rows);
}

function finishedIn(folder: string): readonly string[] {
  const db = new DatabaseSync(join(folder, STORE), { readOnly: true });
  const rows = db.prepare("SELECT id FROM trials WHERE status = 'finished'").all();
  db.close();
  return rows.map(({ id }) => String(id));
}

/** Every start of a trial: its id and the step that it went on from (0: the beginning). */
async function startsIn(folder: string): Promise<readonly string[]> {
  return (await Deno.readTextFile(join(folder, "starts"))).trim().split("\n");
}

async function siteIn(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { name, isFile } of Deno.readDir(join(folder, "site"))) {
    if (isFile) files[name] = await Deno.readTextFile(join(folder, "site", name));
  }
  return files;
}

const timed = (
  steps: number,
  pause: number,
) => ["pipeline", FAKE, "--set", `steps=${steps}`, "--set", `pause=${pause}`, "--set", "log=starts", "--workers", "2"];

Deno.test("a run killed with kill -9 goes on: no finished trial again, no row lost or doubled, the same site", () =>
  inFolder(async (folder) => {
    const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
    await Deno.mkdir(whole);
    await Deno.mkdir(killed);
    const call = timed(7, 150);
    const undisturbed = heed(whole, call);
    // 14 rows a trial: about two are done, and others on their way.
    const { child } = await heedUntil(killed, call, 2 * 14 + 4);
    child.kill("SIGKILL");
    assertEquals((await child.status).signal, "SIGKILL");
    const finished = finishedIn(killed);
    assert(finished.length >= 1 && finished.length < 4, `finished: ${finished}`);

    const again = await heed(killed, call);
    assertEquals([again.code, (await undisturbed).code], [0, 0]);
    assertStringIncludes(again.stderr, `4 trials, ${finished.length} finished before`);
    assertEquals(rowsIn(killed), rowsIn(whole));
    assertEquals(await siteIn(killed), await siteIn(whole));
    const starts = await startsIn(killed);
    assertEquals((await startsIn(whole)).length, 4);
    assertEquals(finished.map((id) => starts.filter((line) => line.startsWith(id)).length), finished.map(() => 1));
    // Whoever had begun went on from where it was.
    assert(starts.some((line) => !line.endsWith(" 0")), `starts: ${starts}`);
  }));

Deno.test("Ctrl-C ends with 130 and keeps everything; another process is refused meanwhile", () =>
  inFolder(async (folder) => {
    const call = timed(300, 50);
    const { child, text } = await heedUntil(folder, call, 4);
    const second = await heed(folder, call);
    assertEquals([second.code, second.stdout], [2, ""]);
    assertMatch(second.stderr, /^Cannot run trials as another process is running trials with the store .*\n$/);
    child.kill("SIGINT");
    assertEquals((await child.status).code, 130);
    assertStringIncludes(await text, "the same command goes on from there");
    const stored = countIn(folder);
    assert(stored >= 4);
    const before = (await startsIn(folder)).length;
    const again = await heedUntil(folder, call, stored + 4);
    again.child.kill("SIGTERM");
    assertEquals((await again.child.status).code, 130);
    assertStringIncludes(await again.text, "4 trials\n");
    const starts = (await startsIn(folder)).slice(before);
    assert(starts.some((line) => !line.endsWith(" 0")), `starts: ${starts}`);
  }));

Deno.test("a failed trial is exit code 1 and the others are told; --json prints rows and nothing else", () =>
  inFolder(async (folder) => {
    const failed = await heed(folder, ["pipeline", FAKE, "--set", "mode=crash"]);
    assertEquals(failed.code, 1);
    assertStringIncludes(failed.stderr, "2 of 4 trials failed; the same command tries them again.");
    const { code, stdout, stderr } = await heed(folder, ["pipeline", FAKE, "--seeds", "1", "--json"]);
    assertEquals(code, 0);
    const rows = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(rows.length, 2 * 3 * 2);
    assertEquals(Object.keys(rows[0]), ["pipeline", "seed", "trial", "metric", "step", "value", "unit", "labels"]);
    assertStringIncludes(stderr, "Wrote site/fake.html");
    const page = await Deno.readTextFile(join(folder, "site", "fake.html"));
    await Deno.remove(join(folder, "site"), { recursive: true });
    assertEquals((await heed(folder, ["report"])).code, 0);
    assertEquals(await Deno.readTextFile(join(folder, "site", "fake.html")), page);
  }));

Deno.test("a pipeline of a user's own runs by the path of its module, and stands in the site beside the others", () =>
  inFolder(async (folder) => {
    const module = [
      `import { fake } from "${new URL("./pipelines/run/fake.ts", import.meta.url)}";`,
      "export const mine = { ...fake, name: 'mine', page: async (results) => ({ ...await fake.page(results), name: 'mine' }) };",
    ];
    await Deno.writeTextFile(join(folder, "mine.ts"), module.join("\n"));
    assertEquals((await heed(folder, ["pipeline", FAKE])).code, 0);
    const mine = await heed(folder, ["pipeline", "./mine.ts"]);
    assertEquals([mine.code, mine.stderr.trim().split("\n").at(-1)], [0, "Wrote site/fake.html, site/mine.html"]);
    assertStringIncludes((await siteIn(folder))["mine.html"], "deno task pipeline ./mine.ts");
    // A module that has moved costs its own page, and no other.
    await Deno.remove(join(folder, "mine.ts"));
    const report = await heed(folder, ["report", "fake"]);
    assertEquals(report.code, 0);
    assertMatch(report.stderr, /^The page of mine was left out: [^\n]*\nWrote site\/fake.html\n$/);
  }));

Deno.test("a wrong call is exit code 2 and one line, and nothing is written or trained", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "file"), "not a folder");
    await Deno.writeTextFile(join(folder, "empty.ts"), "export {};\n");
    await Deno.writeTextFile(join(folder, "broken.ts"), "export const = 1;\n");
    await Deno.writeTextFile(join(folder, "text.sqlite"), "no database\n".repeat(100));
    const cases: readonly (readonly [readonly string[], string])[] = [
      [["pipelin"], "did you mean pipeline?"],
      [["pipeline", "scors"], "Cannot find the pipeline scors: did you mean scores?"],
      [["report", "scors"], "there is no store at"],
      [["list", "nothing"], "Cannot find the pipeline nothing: accepted: scores, paths"],
      [["pipeline", FAKE, "--sets", "a=1"], "did you mean --set?"],
      [["pipeline", FAKE, "--set", "step=1"], "did you mean steps?"],
      [["pipeline", FAKE, "--set", "steps=0"], "must be from 1 to 1000: current value is 0"],
      [["pipeline", FAKE, "--set", "words=none.dict"], "there is no such file"],
      [["pipeline", FAKE, "--out", "file"], "Cannot write pages to file"],
      [["pipeline", FAKE, "--out", "/proc/site"], "Cannot write pages to /proc/site"],
      [["pipeline", FAKE, "--store", "text.sqlite"], "it is not an SQLite database"],
      [["pipeline", FAKE, "--store", "file/store.sqlite"], "its folder can't be made"],
      [["pipeline", "./none.ts"], "there is no such file"],
      [["pipeline", "./empty.ts"], "it exports no experiment"],
      [["pipeline", "./broken.ts"], "Cannot load the pipeline ./broken.ts"],
      [["report"], "there is no store at"],
      [["serve"], "holds no index.html"],
    ];
    for (const [args, part] of cases) {
      const { code, stdout, stderr } = await heed(folder, args);
      assertEquals([code, stdout], [2, ""], `${args.join(" ")}: ${stderr}`);
      assertMatch(stderr, /^Cannot [^\n]*\n$/);
      assertStringIncludes(stderr, part);
    }
    assertEquals(await Deno.readTextFile(join(folder, "text.sqlite")), "no database\n".repeat(100));
    const left = [...Deno.readDirSync(folder)].map((entry) => entry.name).filter((name) => name.includes("starts"));
    assertEquals(left, []);
  }));

Deno.test("plan prints a table or one JSON object, from the calibration that is kept; wrong sizes are exit code 2", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, ".heed"));
    const rates = Object.fromEntries(rateNames().map((name) => [name, 1e9]));
    await Deno.writeTextFile(join(folder, CALIBRATION), JSON.stringify({ key: calibrationKey(), rates }));
    const call = ["plan", "--n", "512", "--d", "8", "--heads", "2", "--causal", "--memory", "1GB"];
    const { code, stdout, stderr } = await heed(folder, call);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^N 512, D 8, M 8, heads 2, sequences 1, causal; Q, K and V 98.3 kB, limit 1 GB\n/);
    for (const name of contenderNames) assertStringIncludes(stdout, `\n  ${name} `);
    assertMatch(stdout, /\nUse [^\n]+\n$/);
    const json = await heed(folder, [...call, "--json"]);
    assertEquals([json.code, json.stderr], [0, ""]);
    const { sizes, limit, mechanisms, crossovers, recommendation } = JSON.parse(json.stdout);
    assertEquals(sizes, { n: 512, d: 8, m: 8, heads: 2, batch: 1, causal: true });
    assertEquals([limit, mechanisms.length], [1e9, contenderNames.length]);
    const [softmax] = mechanisms;
    assertEquals(softmax.operations, 2 * (512 * 513 / 2 * 35 + 512 * 6));
    assertEquals([softmax.milliseconds, softmax.fits], [softmax.operations / 1e6, true]);
    assert(crossovers.poly2.training > 0 && stdout.endsWith(`${recommendation}\n`));
    const wrong = await heed(folder, ["plan", "--n", "0", "--d", "8"]);
    assertEquals([wrong.code, wrong.stdout], [2, ""]);
    assertMatch(wrong.stderr, /^Cannot plan as n must be a positive whole number[^\n]*\n$/);
  }));

Deno.test("a store that may not be written is one line, exit code 2", () =>
  inFolder(async (folder) => {
    const allowed = ["--no-prompt", "--allow-read", `--allow-write=${join(folder, "site")}`];
    const { code, stderr } = await heed(folder, ["pipeline", FAKE], allowed);
    assertEquals(code, 2);
    assertMatch(stderr, /^Cannot open the store [^\n]* without the permission for it\n$/);
  }));

Deno.test("a store that another program has locked, or that can only be read, is one line and exit code 2, and kept", () =>
  inFolder(async (folder) => {
    const told = (path: string, rule: string) =>
      `Cannot use the store ${path} as ${rule}, or name another with --store`;
    const locked = join(folder, "locked.sqlite"), readable = join(folder, "readable.sqlite");
    for (const path of [locked, readable]) new Store(path).close();
    // Both wait as long as the store is patient, at the same time.
    const other = new DatabaseSync(locked);
    other.exec("BEGIN EXCLUSIVE");
    const refused = heed(folder, ["pipeline", FAKE, "--store", locked]);
    const rule = "another program has locked it: close that";
    assertEquals(assertThrows(() => new Store(locked), InputError).message, told(locked, rule));
    const { code, stdout, stderr } = await refused;
    assertEquals([code, stdout, stderr], [2, "", `${told(locked, rule)}\n`]);
    other.close();
    new Store(locked).close();
    // A write version above 2 makes a database read-only for everyone (SQLite's file format, 1.3.3): modes don't stop root.
    const bytes = await Deno.readFile(readable);
    bytes[18] = 3;
    await Deno.writeFile(readable, bytes);
    const only = told(readable, "it is read-only: make it writable");
    assertEquals(assertThrows(() => new Store(readable), InputError).message, only);
    const program = await heed(folder, ["pipeline", FAKE, "--store", readable]);
    assertEquals([program.code, program.stdout, program.stderr], [2, "", `${only}\n`]);
    assertEquals(await Deno.readFile(readable), bytes);
  }));

Deno.test("a badly formed line of a dictionary is found inside a worker, and is one line and exit code 2", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "bad.dict"), "CAT  K AE T\nDOG  D AO G\nBIRD\nFISH  F IH SH\n");
    const args = ["pipeline", "scores", "--set", "train=bad.dict", "--set", "scores=dot", "--seeds", "1"];
    const { code, stdout, stderr } = await heed(folder, args);
    assertEquals([code, stdout], [2, ""], stderr);
    const [first, ...rest] = stderr.trim().split("\n");
    assertEquals([first, rest.length], ["1 trial", 1]);
    assertMatch(rest[0], /^Cannot read [^\n]*bad\.dict[^\n]*line 3/);
  }));

Deno.test("a full disk is one line and exit code 2; what was stored before is kept, and the same command goes on", {
  ignore: Deno.build.os === "windows",
}, () =>
  inFolder(async (folder) => {
    const [whole, full] = [join(folder, "whole"), join(folder, "full")];
    await Deno.mkdir(whole);
    await Deno.mkdir(full);
    const call = timed(40, 1);
    // No file may grow beyond 128 KiB: the shell's limit, whose signal is ignored, so that writing fails as on a full disk.
    const limited = command(full, call, PERMISSIONS, 'trap \'\' XFSZ; ulimit -f 256; exec "$0" "$@"');
    const { code, stdout, stderr } = await limited.output();
    const lines = new TextDecoder().decode(stderr).trim().split("\n").filter((line) =>
      !/^\d+ trials|finished/.test(line)
    );
    assertEquals([code, stdout.length, lines.length], [2, 0, 1], lines.join("\n"));
    assertMatch(
      lines[0],
      /^Cannot use the store \S+ as the disk refuses to take more \([^)]+\): what was stored before is kept$/,
    );
    const kept = JSON.parse(rowsIn(full));
    assertEquals((await heed(whole, call)).code, 0);
    const rows: readonly unknown[] = JSON.parse(rowsIn(whole));
    assert(kept.length > 0 && kept.length < rows.length, `${kept.length} of ${rows.length} rows`);
    const again = new Set(rows.map((row) => JSON.stringify(row)));
    assert(kept.every((row: unknown) => again.has(JSON.stringify(row))));
    assertEquals((await heed(full, call)).code, 0);
    assertEquals(rowsIn(full), rowsIn(whole));
  }));

Deno.test("help is there for every command, with examples", () =>
  inFolder(async (folder) => {
    for (const args of [["--help"], ["pipeline", "--help"], ["help", "report"], ["serve", "-h"], ["list", "--help"]]) {
      const { code, stdout, stderr } = await heed(folder, args);
      assertEquals([code, stderr], [0, ""]);
      assertStringIncludes(stdout, "Examples:\n  deno task");
    }
    const { stdout } = await heed(folder, ["list", FAKE]);
    assertStringIncludes(stdout, "fake: Does the runner keep every row?");
    assertStringIncludes(stdout, "integer from 1 to 1000");
  }));
