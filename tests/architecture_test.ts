/** Holds the code to the layout that ARCHITECTURE.md draws: who imports whom, who may free tensors, how long a file is. */
import { assert, assertEquals } from "@std/assert";

interface Dependency {
  readonly specifier: string;
  readonly code?: { readonly specifier?: string };
  readonly type?: { readonly specifier?: string };
}
interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly Dependency[];
}
interface Arrow {
  readonly from: string;
  readonly to: string;
  /** True when the import is erased: it can't make a circle at run time. */
  readonly typeOnly: boolean;
}

const root = new URL("..", import.meta.url);
const entries = ["main.ts", "operators/mod.ts", "datasets/mod.ts", "reports/mod.ts", "pipelines/mod.ts"];

async function deno(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    env: { NO_COLOR: "1" },
  })
    .output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Every file that people write here, but for documents, with its text. */
function written(): { path: string; text: string }[] {
  const walk = (folder: string): string[] =>
    [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) =>
      isDirectory ? walk(`${folder}${name}/`) : [`${folder}${name}`]
    );
  return ["operators/", "datasets/", "reports/", "pipelines/", "tests/", "std/"].flatMap(walk).concat("main.ts")
    .filter((path) => /\.(ts|js|css|py)$/.test(path))
    .sort()
    .map((path) => ({ path, text: Deno.readTextFileSync(new URL(path, root)) }));
}

const everything = written();
/** The program's own modules: neither tests nor what is compiled to WebAssembly. */
const files = everything.filter(({ path }) =>
  /^(operators|datasets|reports|pipelines|main\.ts)/.test(path) && path.endsWith(".ts") && !path.includes("/wasm/")
);
const inside = (specifier?: string) =>
  specifier?.startsWith(root.href) ? decodeURIComponent(specifier.slice(root.href.length)) : undefined;

/** Which of a file's imports are of types alone, by the import's text; inline `type` marks on every name count too. */
function erased(path: string, specifier: string): boolean {
  const text = files.find((file) => file.path === path)?.text ?? "";
  const statements = [...text.matchAll(/^(?:import|export)\s+(type\s)?([^;"']*?)\s*from\s*["']([^"']+)["']/gm)]
    .filter(([, , , from]) => from === specifier);
  return statements.length > 0 && statements.every(([, type, names]) =>
    type !== undefined ||
    (/^\{.*\}$/s.test(names) && names.slice(1, -1).split(",").every((name) => /^\s*(type\s.*)?$/s.test(name)))
  );
}

async function arrowsOf(): Promise<{ arrows: Arrow[]; packages: { from: string; name: string }[] }> {
  const modules = new Map<string, Module>();
  for (const entry of entries) {
    const graph = JSON.parse(await deno("info", "--json", entry)) as { modules: Module[] };
    for (const module of graph.modules) modules.set(module.specifier, module);
  }
  const arrows: Arrow[] = [];
  const packages: { from: string; name: string }[] = [];
  for (const { specifier, dependencies = [] } of modules.values()) {
    const from = inside(specifier);
    if (!from) continue;
    for (const dependency of dependencies) {
      const target = dependency.code?.specifier ?? dependency.type?.specifier;
      const to = inside(target);
      if (to) arrows.push({ from, to, typeOnly: erased(from, dependency.specifier) });
      else packages.push({ from, name: dependency.specifier });
    }
  }
  return { arrows, packages };
}

/** The part of the program that a file belongs to. */
function part(path: string): string {
  if (path.startsWith("operators/backends/")) return "backends";
  if (path.startsWith("operators/numerics/")) return "numerics";
  if (path === "operators/records.ts") return "records";
  return path.includes("/") ? path.split("/")[0] : path;
}

/** What each part may import, beside itself and the standard library. */
const allowed: Record<string, readonly string[]> = {
  "main.ts": ["pipelines"],
  pipelines: ["operators", "numerics", "backends", "datasets", "reports", "records"],
  operators: ["records", "numerics"],
  backends: ["numerics", "records"],
  numerics: ["records"],
  datasets: ["records"],
  reports: ["records"],
  records: [],
  std: [],
};

/** The arrows that run the wrong way. */
function wrong(arrows: readonly Arrow[]): string[] {
  return arrows.filter(({ from, to }) => {
    const [source, target] = [part(from), part(to)];
    // The version in deno.json is data.
    if (source === target || target === "std" || target === "deno.json") return false;
    // The public surface offers the engine; the command line prints its own errors.
    if (from === "operators/mod.ts" && to === "operators/backends/engine.ts") return false;
    if (from === "main.ts" && to === "operators/records.ts") return false;
    return !allowed[source]?.includes(target);
  }).map(({ from, to }) => `${from} -> ${to}`);
}

/** A circle among arrows, as the names on it, or undefined. */
function circle(arrows: readonly { from: string; to: string }[]): string[] | undefined {
  const next = Map.groupBy(arrows, ({ from }) => from);
  const done = new Set<string>();
  const walk = (at: string, way: string[]): string[] | undefined => {
    if (way.includes(at)) return [...way.slice(way.indexOf(at)), at];
    if (done.has(at)) return;
    for (const { to } of next.get(at) ?? []) {
      const found = walk(to, [...way, at]);
      if (found) return found;
    }
    done.add(at);
  };
  for (const from of next.keys()) {
    const found = walk(from, []);
    if (found) return found;
  }
}

const { arrows, packages } = await arrowsOf();

Deno.test("imports run one way", () => {
  assert(arrows.length > 100, `only ${arrows.length} imports were found`);
  assertEquals(wrong(arrows), []);
  // The rule itself can fail.
  const backwards = { from: "operators/batch.ts", to: "pipelines/mod.ts", typeOnly: true };
  assertEquals(wrong([backwards]), ["operators/batch.ts -> pipelines/mod.ts"]);
});

Deno.test("no circle between files, but of types alone, and none between parts", () => {
  assertEquals(circle(arrows.filter(({ typeOnly }) => !typeOnly)), undefined);
  const parts = arrows.map(({ from, to }) => ({ from: part(from), to: part(to) }))
    .filter(({ from, to }) => from !== to && !(from === "operators" && to === "backends"));
  assertEquals(circle(parts), undefined);
  assertEquals(circle([{ from: "a", to: "b" }, { from: "b", to: "c" }, { from: "c", to: "b" }]), ["b", "c", "b"]);
});

Deno.test("TensorFlow.js comes through one door, and backends' packages through backends", () => {
  const strays = packages.filter(({ from, name }) =>
    name.includes("tensorflow") && from !== "operators/numerics/tf.ts" && part(from) !== "backends"
  );
  assertEquals(strays, []);
  assert(packages.some(({ from }) => from === "operators/numerics/tf.ts"));
  const streams = packages.filter(({ from, name }) => part(from) === "numerics" && name.startsWith("rxjs"));
  assertEquals(streams, []);
});

Deno.test("only four files, and the backends, free tensors", () => {
  const free = /\btf\.(tidy|keep|dispose)\(|\.dispose\(/;
  const may = ["loan", "train", "evaluate", "numerics/parameters"].map((name) => `operators/${name}.ts`);
  const strays = files.filter(({ path, text }) =>
    free.test(code(text)) && !may.includes(path) && part(path) !== "backends"
  );
  assertEquals(strays.map(({ path }) => path), []);
  assert(free.test(files.find(({ path }) => path === "operators/loan.ts")!.text));
});

Deno.test("no file has over 350 lines: modules, tests, kernels' sources, stylesheets and scripts", () => {
  for (const kind of ["tests/", "std/", "backends/wasm/", ".css", ".js", ".py"]) {
    assert(everything.some(({ path }) => path.includes(kind)), `no file of ${kind} was found`);
  }
  const long = everything.map(({ path, text }) => ({ path, lines: text.trimEnd().split("\n").length }))
    .filter(({ lines }) => lines > 350);
  assertEquals(long, []);
});

Deno.test("no file names a place on somebody's machine or the address of a package registry", () => {
  const place = /["'`\s(](\/(?:home|Users|work|root|tmp)\/)|registry\.npmjs|npmjs\.org|jsr\.io|[A-Z]:\\\\Users/;
  const strays = files.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, at) => place.test(line) ? [`${path}:${at + 1}`] : [])
  );
  assertEquals(strays, []);
  assert(place.test(`open("${["", "home", "me", "data"].join("/")}")`));
});

Deno.test("every exported function and class has a doc comment", async () => {
  const undocumented: string[] = [];
  const paths = files.map(({ path }) => path).filter((path) => /^(operators|datasets|reports)\//.test(path));
  const { nodes } = JSON.parse(await deno("doc", "--json", ...paths)) as {
    nodes: Record<string, { symbols?: unknown[] } | unknown[]>;
  };
  let seen = 0;
  const look = (path: string, symbol: Record<string, unknown>) => {
    const declarations = (symbol.declarations ?? [symbol]) as Record<string, unknown>[];
    const exported = declarations.filter(({ kind, declarationKind, location }) =>
      inside((location as { filename?: string })?.filename) && declarationKind !== "private" &&
      (kind === "function" || kind === "class")
    );
    if (exported.length === 0) return;
    seen++;
    // Of overloads, one comment serves all.
    if (!exported.some(({ jsDoc }) => (jsDoc as { doc?: string } | undefined)?.doc)) {
      undocumented.push(`${path}: ${symbol.name}`);
    }
  };
  for (const [specifier, entry] of Object.entries(nodes)) {
    const symbols = Array.isArray(entry) ? entry : entry.symbols ?? [];
    for (const symbol of symbols) look(inside(specifier) ?? specifier, symbol as Record<string, unknown>);
  }
  assert(seen > 100, `only ${seen} functions and classes were found`);
  assertEquals(undocumented.sort(), []);
});

/** A file's text without its comments. */
function code(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}
