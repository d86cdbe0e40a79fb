/**
 * The design: which combinations are run, so that few trials tell the factors apart.
 *
 * Five factors of two levels: path, score, direction, scope, cell. A quarter of all 32 combinations (quick: 2^(5-2),
 * resolution III) has each pair of levels of any two factors equally often, so that main effects are clear of each other;
 * they are aliased with interactions of two. Half of them (full: 2^(5-1), resolution V) has main effects clear of those,
 * too. Input feeding exists on Luong's path alone: every run on that path is run again with it, a nested factor.
 *
 * @module
 */
import { cells } from "../../operators/mod.ts";
import type { Measurement } from "../../operators/records.ts";
import type { Transduction } from "../../datasets/mod.ts";
import type { Profile } from "../experiment.ts";

/** The factors, low level first. */
export const FACTORS = {
  path: ["luong", "bahdanau"],
  score: ["general", "concat"],
  direction: ["unidirectional", "bidirectional"],
  scope: ["global", "local-p"],
  cell: ["gru", "lstm"],
} as const;

/** A factor's name. */
export type Factor = keyof typeof FACTORS;

/** What a trial's decoder is made of. */
export interface Levels {
  /** `luong`, `luong + feeding`, `bahdanau` or, where the user names it, `bahdanau + own start`. */
  readonly path: string;
  readonly score: string;
  readonly direction: string;
  /** `global`, `local-m`, `local-p`, `monotonic`, `heads` or `none`. */
  readonly scope: string;
  readonly cell: string;
}

/** What a trial is run for, and on which data. */
export interface Planned extends Levels {
  /**
   * `factorial`: a run of the design. `scores`: one more score. `scope`: alignments; `sort`: those that follow no order.
   * `distance`: gradients in time.
   */
  readonly part: "factorial" | "scores" | "scope" | "sort" | "distance" | "best" | "translation" | "own";
  readonly task: "pronunciation" | Transduction | "translation";
}

/** Signs of a run in the order of {@linkcode FACTORS}. */
function runs(profile: Profile): number[][] {
  const signs = [-1, 1];
  return signs.flatMap((a) =>
    signs.flatMap((b) =>
      signs.flatMap((c) =>
        profile === "quick" ? [[a, b, c, a * b * c, -a * b]] : signs.map((d) => [a, b, c, d, -a * b * c * d])
      )
    )
  );
}

/** The runs of the design, those with input feeding after those that they repeat. */
export function factorial(profile: Profile): Planned[] {
  const names = Object.keys(FACTORS) as Factor[];
  const plain = runs(profile).map((signs): Planned => ({
    part: "factorial",
    task: "pronunciation",
    ...Object.fromEntries(names.map((name, at) => [name, FACTORS[name][signs[at] > 0 ? 1 : 0]])) as unknown as Levels,
  }));
  const fed = plain.filter(({ path }) => path === "luong").map((run) => ({ ...run, path: "luong + feeding" }));
  return [...plain, ...fed];
}

const simple: Levels = { path: "luong", score: "general", direction: "unidirectional", scope: "global", cell: "gru" };

/** Everything that answers the question. */
export function plan(profile: Profile): Planned[] {
  const both = { ...simple, direction: "bidirectional" };
  return [
    ...factorial(profile),
    // The design's run with all low levels again, with location instead of general.
    { ...simple, score: "location", part: "scores", task: "pronunciation" },
    ...["global", "local-m", "local-p"].map((scope): Planned => ({ ...both, scope, part: "scope", task: "reverse" })),
    // Whose alignment jumps to and fro: what only moves forward can't follow.
    ...(profile === "quick" ? [] : ["global", "local-p", "monotonic"])
      .map((scope): Planned => ({ ...both, scope, part: "sort", task: "sort" })),
    { ...simple, part: "distance", task: "copy" },
    { ...simple, score: "concat", part: "distance", task: "copy" },
    { ...simple, scope: "none", part: "distance", task: "copy" },
  ];
}

/** Each path on the task of translation, all else equal. */
export const translating: readonly Planned[] = ["luong", "luong + feeding", "bahdanau"].map((path) => ({
  ...simple,
  direction: "bidirectional",
  path,
  part: "translation",
  task: "translation",
}));

/** The columns of the effects' model: −½ and +½ a factor, so that an effect is high − low; feeding 0 and 1. */
export function columnsOf(levels: Levels): Record<string, number> {
  return {
    ...Object.fromEntries(
      (Object.keys(FACTORS) as Factor[]).map((name) => [
        name,
        levels[name].startsWith(FACTORS[name][0]) ? -0.5 : 0.5,
      ]),
    ),
    feeding: levels.path === "luong + feeding" ? 1 : 0,
  };
}

/**
 * Whether these runs confuse some factor's effect with an interaction of two others: over all combinations that were run,
 * its signs and theirs agree more often than not, or less.
 */
export function aliased(levels: Iterable<Levels>): boolean {
  const names = Object.keys(FACTORS);
  const plain = [...levels].map(columnsOf).filter(({ feeding }) => feeding === 0);
  const runs = [...new Map(plain.map((run) => [names.map((name) => run[name]).join(), run])).values()];
  const agree = (a: string, b: string, c: string) => runs.reduce((sum, run) => sum + run[a] * run[b] * run[c], 0);
  return names.some((a, at) =>
    names.slice(at + 1).some((b, next) => names.slice(at + next + 2).some((c) => agree(a, b, c) !== 0))
  );
}

/** What an effect is called on the page. */
export const EFFECTS: Readonly<Record<Factor | "feeding", string>> = {
  path: "Luong → Bahdanau",
  score: "general → concat",
  direction: "one → two directions",
  scope: "global → local-p",
  cell: "GRU → LSTM",
  feeding: "input feeding (Luong)",
};

/** What a path is called on the page: `Luong + feeding`. */
export function pathName(path: string): string {
  return `${path[0].toUpperCase()}${path.slice(1)}`;
}

/** Rows under the name that a reader sees of their path. */
export function namedPaths(rows: readonly Measurement[]): Measurement[] {
  return rows.map((row) => ({ ...row, labels: { ...row.labels, path: pathName(String(row.labels.path)) } }));
}

/** What a cell is called on the page. */
export function cellName(cell: string): string {
  return cells[cell as keyof typeof cells].label ?? cell;
}
