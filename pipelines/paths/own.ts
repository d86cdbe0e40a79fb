/**
 * Combinations of the user's own: every value of each factor that is named, crossed with all others, on one task.
 *
 * @module
 */
import { TRANSDUCTIONS } from "../../datasets/mod.ts";
import { cells, scores } from "../../operators/mod.ts";
import { InputError } from "../../operators/records.ts";
import type { Options, OptionSpec } from "../experiment.ts";
import { checkCombination, PATHS, SCOPES } from "./model.ts";

const both = <T>(value: T) => ({ quick: value, full: value });
const layered = { kind: "integer", default: both(1), min: 1, max: 8 } as const;

/** The options of `design=own`. */
export const ownOptions = {
  task: {
    kind: "text",
    help: "with design=own: what is learnt",
    default: both("pronunciation"),
    choices: ["pronunciation", ...TRANSDUCTIONS, "translation"],
  },
  path: {
    kind: "list",
    help: "with design=own: decoder paths; + own start begins with the encoder's backward state, as Bahdanau et al. do",
    default: both(["luong", "bahdanau"]),
    choices: PATHS,
  },
  score: {
    kind: "list",
    help: "with design=own: score functions",
    default: both(["general"]),
    choices: Object.keys(scores),
  },
  scope: {
    kind: "list",
    help: "with design=own: where attention looks; heads and none have no score",
    default: both(["global"]),
    choices: SCOPES,
  },
  direction: {
    kind: "list",
    help: "with design=own: directions of the encoder",
    default: both(["bidirectional"]),
    choices: ["unidirectional", "bidirectional"],
  },
  cell: {
    kind: "list",
    help: "with design=own: recurrent cells of encoder and decoder",
    default: both(["gru"]),
    choices: Object.keys(cells),
  },
  layers: { ...layered, help: "with design=own: layers of the encoder" },
  decoderLayers: { ...layered, help: "with design=own: layers of the decoder" },
} as const satisfies Record<string, OptionSpec>;

/** The factors that take several values, in the order in which a combination is named. */
const CROSSED = ["path", "score", "scope", "direction", "cell"] as const;

/** Scopes that ask no score: their combinations aren't run once for each. */
export const SCORELESS: readonly string[] = ["heads", "none"];

/** The most combinations that one page can tell apart. */
const MOST = 12;

/**
 * One configuration a combination.
 *
 * @throws InputError in one line when a combination makes no sense, or there are too many to be told apart.
 */
export function ownCombinations(options: Options): Options[] {
  const values = (name: string) => options[name] as readonly string[];
  const crossed = CROSSED.reduce<Record<string, string>[]>(
    (all, name) => all.flatMap((each) => values(name).map((value) => ({ ...each, [name]: value }))),
    [{}],
  ).filter(({ scope, score }) => !SCORELESS.includes(scope) || score === values("score")[0]);
  if (crossed.length > MOST) {
    throw new InputError(
      `Cannot compare these combinations as there must be at most ${MOST}: current value is ${crossed.length}`,
    );
  }
  const { task } = options;
  const combinations = crossed.map((each): Options => ({ ...options, ...each, part: "own", task }));
  combinations.forEach(checkCombination);
  return combinations;
}

/**
 * Refuses options of `design=own` that another design would pass over in silence.
 *
 * @throws InputError in one line.
 */
export function refuseOwn(design: string, options: Options): void {
  for (const [name, { default: { quick } }] of Object.entries(ownOptions)) {
    const value = options[name];
    if (value === undefined || String(value) === String(quick)) continue;
    throw new InputError(
      `Cannot use --set ${name}=${value} as ${name} is the design's choice unless --set design=own is given, too: ` +
        `current value is design=${design}`,
    );
  }
}
