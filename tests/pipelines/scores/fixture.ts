/**
 * Rows with the metrics, labels and units of pipelines/scores/trial.ts, made from a seeded generator: shaped like real
 * runs, and nobody's results.
 */
import type { Label, Measurement } from "../../../operators/records.ts";
import type { Options, Results, Trial } from "../../../pipelines/experiment.ts";
import { marksWithin } from "../../../pipelines/scores/within_pass.ts";

/** What to make, and what to bend. */
export interface RunShape {
  /** Names as trials store them (`scaledDot`). */
  readonly scores?: readonly string[];
  readonly seeds?: number;
  readonly epochs?: number;
  /** Test PER in % where a score ends, by name; every seed is within `noise` of it. */
  readonly per?: Readonly<Record<string, number>>;
  readonly noise?: number;
  /** Whether training loss against words seen was stored. */
  readonly curve?: boolean;
  /** Whether dev words were scored within passes, as trials do where passes are few. @default {true} */
  readonly within?: boolean;
  /** Changes rows, or leaves some out by returning nothing. */
  readonly bend?: (row: Measurement) => Measurement | undefined;
}

/** The five scores, in the order of the command line's default. */
export const five = ["dot", "general", "concat", "location", "scaledDot"] as const;

const PER: Readonly<Record<string, number>> = {
  dot: 17.9,
  general: 15.2,
  concat: 14.6,
  location: 24.3,
  scaledDot: 16.1,
};
const UNITS = 64, BATCH = 32, QUERIES = 9, KEYS = 10;

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Results of a run. */
export function scoreResults(shape: RunShape = {}): Results {
  const { scores = five, seeds = 3, epochs = 4, bend = (row) => row } = shape;
  const options: Options = {
    train: "",
    test: "",
    words: 20_000,
    devWords: 500,
    testWords: 1500,
    units: UNITS,
    embedding: 32,
    batch: BATCH,
    epochs,
    rate: 0.005,
    clip: 1,
    beams: 3,
  };
  const trials = scores.flatMap((score, index) =>
    Array.from({ length: seeds }, (_, seed): Trial => ({
      id: `${index}${seed}`.padEnd(16, "0"),
      pipeline: "scores",
      options: { ...options, score },
      seed: seed + 1,
      version: "1",
    }))
  );
  return {
    trials,
    rows: trials.flatMap((trial) => trialRows(trial, epochs, shape)).flatMap((row) => bend(row) ?? []),
    profile: "quick",
    command: "deno task pipeline scores --profile quick",
    machines: [{
      processor: "a processor",
      cores: 2,
      system: "linux x86_64",
      deno: "2.9.6",
      engine: "wasm, pack auto",
    }],
  };
}

function trialRows({ id, seed, options }: Trial, epochs: number, shape: RunShape): Measurement[] {
  const score = String(options.score);
  const random = uniform(seed * 97 + [...score].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7));
  const rows: Measurement[] = [];
  const add = (
    metric: string,
    value: number,
    unit: string,
    step: number,
    labels: Readonly<Record<string, Label>> = {},
  ) => rows.push({ trial: id, metric, step, value, unit, labels: { score, ...labels } });
  for (const [set, words] of [["train", 20_000], ["dev", 500], ["test", 1500]] as const) {
    add("set", words, "words", 0, {
      set,
      name: "CMU Pronouncing Dictionary",
      split: set,
      licence: "BSD-2-Clause",
      citation: "Carnegie Mellon University, 1993-2015",
      checksum: "0123abcd",
    });
  }
  const end = (shape.per?.[score] ?? PER[score] ?? 16.6) + (shape.noise ?? 0.6) * (random() - 0.5);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const per = end + 60 * Math.exp(-0.9 * epoch);
    add("loss/train", 0.2 + 2 * Math.exp(-0.5 * epoch), "nats", epoch);
    for (const mark of shape.within === false ? [] : marksWithin(epochs)) {
      errorRows(add, end + 60 * Math.exp(-0.9 * (epoch - 1 + mark)), epoch - 1 + mark, { set: "dev" });
    }
    errorRows(add, per, epoch, { set: "dev" });
    add("speed/examples", 1000 + 100 * random(), "1/s", epoch);
    add("speed/tokens", 14_000 + 100 * random(), "1/s", epoch);
    add("padding", 3 + random(), "%", epoch);
    for (let point = 1; point <= 20; point++) {
      const words = ((epoch - 1) * 20 + point) * 1000, fall = Math.exp(-words / 1e5) * (0.9 + 0.2 * random());
      if (shape.curve) add("loss/curve", 0.3 + 3 * fall, "nats", words);
      add("gradient/query", 0.02 * fall, "1", words);
      add("gradient/memory", score === "location" ? 0 : 0.03 * fall, "1", words);
      add("gradient/global", 1.5 * fall, "1", words);
    }
  }
  errorRows(add, end, epochs, { set: "test", beams: 3 });
  spokenRows(add, score, epochs);
  add("score/min", -4 - random(), "1", epochs);
  add("score/max", 5 + random(), "1", epochs);
  add("additivity", score === "concat" ? 0.3 + 0.1 * random() : 2e-7 * random(), "1", epochs);
  add("content", score === "location" ? 0 : 1 + random(), "1", epochs);
  if (score === "concat") {
    add("score/bound", 12 + random(), "1", epochs);
    add("activation/min", -0.99, "1", epochs);
    add("activation/max", 0.98, "1", epochs);
    add("slope", 0.5 + 0.1 * random(), "1", epochs);
  }
  costRows(add, score, random);
  return rows;
}

type Add = (
  metric: string,
  value: number,
  unit: string,
  step: number,
  labels?: Readonly<Record<string, Label>>,
) => void;

function errorRows(add: Add, per: number, step: number, labels: Readonly<Record<string, Label>>) {
  add("loss", per / 20, "nats", step, labels);
  add("perplexity", Math.exp(per / 20), "1", step, labels);
  add("per", per, "%", step, labels);
  add("wer", Math.min(100, 10 + 3 * per), "%", step, labels);
  add("entropy", 0.9, "nats", step, labels);
  add("entropy/relative", 0.4 + per / 200, "1", step, labels);
}

const WORDS = {
  knight: "N AY T",
  through: "TH R UW",
  physics: "F IH Z IH K S",
  yachts: "Y AA T S",
  planet: "P L AE N AH T",
  basket: "B AE S K AH T",
};

function spokenRows(add: Add, score: string, step: number) {
  for (const [word, said] of Object.entries(WORDS)) {
    const phonemes = said.split(" "), letters = [...word];
    const wrong = score === "location" && word === "knight";
    add("prediction", wrong ? 1 : 0, "edits", step, {
      word,
      hypothesis: wrong ? "K N AY T" : said,
      reference: said,
    });
    [...phonemes, "(end)"].forEach((phoneme, i) => {
      const centre = (i + 0.5) * letters.length / (phonemes.length + 1) - 0.5;
      const raw = letters.map((_, j) => Math.exp(-(((j - centre) / (score === "location" ? 1.7 : 0.8)) ** 2)));
      const sum = raw.reduce((total, each) => total + each, 0);
      letters.forEach((letter, j) => add("alignment", raw[j] / sum, "1", step, { word, letter, phoneme, i, j }));
    });
  }
}

function costRows(add: Add, score: string, random: () => number) {
  const labels = { batch: BATCH, queries: QUERIES, keys: KEYS, width: UNITS };
  const pairs = QUERIES * KEYS;
  const own = { general: UNITS ** 2, concat: 2 * UNITS ** 2 + UNITS, location: 64 * UNITS }[score] ?? 0;
  const operations = BATCH * ({
    general: 2 * UNITS ** 2 * QUERIES + 2 * UNITS * pairs,
    concat: 2 * UNITS ** 2 * (QUERIES + KEYS) + pairs * (4 * UNITS - 1),
    location: 2 * 64 * UNITS * QUERIES,
  }[score] ?? 2 * UNITS * pairs);
  const activations = BATCH * pairs * (score === "concat" ? UNITS : 1);
  add("parameters", 100_000 + own, "1", 0, { part: "model" });
  for (const kind of ["predicted", "counted"]) {
    add("operations", operations, "1", 0, { kind, ...labels });
    add("activations", activations, "1", 0, { kind, ...labels });
    add("bytes", 4 * activations, "bytes", 0, { kind, ...labels });
    add("parameters", own, "1", 0, { kind, part: "attention", ...labels });
  }
  for (const [name, factor] of [["forward", 1], ["training", 3]] as const) {
    for (const quantile of [0.25, 0.5, 0.75]) {
      add(`time/${name}`, factor * operations * 1e-10 * (0.99 + 0.02 * random() + 0.1 * quantile), "s", 0, {
        quantile,
        ...labels,
      });
    }
  }
}

/** Multiplies or replaces values of some rows. */
export function bending(when: (row: Measurement) => boolean, value: (row: Measurement) => number): RunShape {
  return { bend: (row) => when(row) ? { ...row, value: value(row) } : row };
}

/** Whether a row is of a score. */
export const isScore = (row: Measurement, score: string) => row.labels.score === score;
