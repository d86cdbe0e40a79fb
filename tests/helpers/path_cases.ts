/** Every path, attention and cell that tests go through, each beside its float64 reference. */
import { type Attention, global, none } from "../../operators/numerics/attention.ts";
import { cells } from "../../operators/numerics/cell.ts";
import { bahdanau, decoder, luong, type Path } from "../../operators/numerics/composition.ts";
import { local } from "../../operators/numerics/local.ts";
import { monotonic } from "../../operators/numerics/monotonic.ts";
import { multiHead } from "../../operators/numerics/multi_head.ts";
import { normal } from "../../operators/numerics/random.ts";
import { scores } from "../../operators/numerics/scores.ts";
import type { InitialValues } from "../../operators/numerics/shape.ts";
import {
  type AttentionReference,
  globalReference,
  localReference,
  monotonicReference,
  multiHeadReference,
  noneReference,
} from "../reference/attentions.ts";
import type { PathReference } from "../reference/paths.ts";

export const paths: Readonly<Record<PathReference["path"], Path>> = {
  luong: luong(),
  "luong-feeding": luong({ inputFeeding: true }),
  bahdanau: bahdanau(),
  "bahdanau-current": bahdanau({ reads: "current" }),
  "bahdanau-final": bahdanau({ begins: "final" }),
};

/** Every scope, with scores in turn; all scores are tested with global attention. */
export const attentions: readonly (readonly [Attention, AttentionReference])[] = [
  ...(Object.keys(scores) as (keyof typeof scores)[]).map((name) =>
    [global({ score: scores[name] }), globalReference(name)] as const
  ),
  [local({ scope: "monotone", window: 1, score: scores.general }), localReference("monotone", 1, "general")],
  [local({ scope: "predictive", window: 2, score: scores.concat }), localReference("predictive", 2, "concat")],
  [local({ scope: "predictive", window: 3, score: scores.dot }), localReference("predictive", 3, "dot")],
  [monotonic({ score: scores.general }), monotonicReference("general")],
  [monotonic({ score: scores.concat }), monotonicReference("concat")],
  [multiHead({ heads: 3, width: 6 }), multiHeadReference(3)],
  [none(), noneReference],
];

/** Sizes: all primes but the memory's width, which is the queries', because dot and cosine ask for it. */
export const sizes = { B: 3, S: 5, T: 7, V: 11, E: 2, U: 3, M: 3, N: 2, hidden: 2, positions: 5 };
export const sourceLengths = [5, 1, 3];
export const targetLengths = [7, 2, 5];

/** Values moved by normal numbers, so that nothing is 0, biases included. */
export function shaken(values: InitialValues, seed: number, deviation = 0.2): InitialValues {
  return Object.fromEntries(
    Object.entries(values).map(([name, { shape, values }], at) => {
      const moves = normal(shape, deviation, seed + at).values;
      return [name, { shape, values: values.map((value, i) => value + moves[i]) }];
    }),
  );
}

/** A composed decoder and the parameters of its path and attention, biases off zero. */
export function composed(path: PathReference["path"], attention: Attention, cell: keyof typeof cells, layers = 1) {
  const { U, E, M, V, N, hidden, positions } = sizes;
  const composition = decoder({
    path: paths[path],
    attention,
    cell: cells[cell],
    layers,
    units: U,
    embedding: E,
    hidden,
    positions,
  });
  const made = composition.decoderFor(M);
  const dims = { vocabulary: V, memoryWidth: M, encoderFinal: N + 3, encoderBackward: N };
  return {
    composition,
    decoder: made,
    dims,
    params: shaken(made.parameters(dims, 5), 100),
    attentionParams: shaken(attention.parameters({ query: U, key: M, hidden, positions }, 7), 200),
  };
}
