/**
 * A decoder as one value: a path, an attention and a cell, any with any, as far as they make sense together.
 *
 *     decoder({ path: luong({ inputFeeding: true }), attention: local({ scope: "predictive", window: 2, score: scores.general }) })
 *
 * What makes no sense does not compile: input feeding on Bahdanau's path (its context enters the cell already), a maxout on
 * Luong's, a window on global attention, a score that looks at positions inside an attention that chooses the place. What
 * can only be known from sizes (a dot of unequal widths, Bahdanau's path behind a unidirectional encoder) is refused in one
 * line when the model is put together.
 *
 * @module
 */
import type { Attention } from "./attention.ts";
import { bahdanauDecoder, type BahdanauOptions } from "./bahdanau.ts";
import type { Cell } from "./cell.ts";
import type { Decoder, DecoderOptions } from "./decoder.ts";
import { luongDecoder, type LuongOptions } from "./luong.ts";

/** Sizes that a path gets from the composition. */
export interface PathSizes extends DecoderOptions {
  readonly memoryWidth: number;
  readonly cell?: Cell;
}

/** One arrow of a path: what is made, from what, and how. */
export interface Flow {
  readonly from: readonly string[];
  readonly to: string;
  readonly by: string;
}

/** A path that waits for its sizes. */
export interface Path {
  readonly name: string;
  readonly citation: string;
  /** Whether training must go through time, because a step waits for the attention of the step before. */
  readonly feedsBack: boolean;
  /** One step in the order in which it is computed: what a diagram of the path is drawn from. */
  readonly flow: readonly Flow[];
  make(sizes: PathSizes): Decoder;
}

/** Luong's path: state, attention, attentional vector. */
export function luong(options: Pick<LuongOptions, "inputFeeding"> = {}): Path {
  const { name, citation } = luongDecoder({ ...options, units: 1, embedding: 1 });
  return {
    name,
    citation,
    feedsBack: options.inputFeeding ?? false,
    flow: [
      { from: ["y(t−1)", "h(t−1)", ...(options.inputFeeding ? ["h̃(t−1)"] : [])], to: "h(t)", by: "cell" },
      { from: ["h(t)", "memory"], to: "α(t)", by: "score, softmax" },
      { from: ["α(t)", "memory"], to: "c(t)", by: "weighted sum" },
      { from: ["c(t)", "h(t)"], to: "h̃(t)", by: "tanh W" },
      { from: ["h̃(t)"], to: "p(y(t))", by: "softmax W" },
    ],
    make: (sizes) => luongDecoder({ ...sizes, ...options }),
  };
}

/** Bahdanau's path: attention with the state before, state, deep output. */
export function bahdanau(options: Pick<BahdanauOptions, "reads" | "maxout" | "begins"> = {}): Path {
  const { name, citation } = bahdanauDecoder({ ...options, units: 1, embedding: 1, memoryWidth: 1 });
  const read = options.reads === "current" ? "h(t)" : "h(t−1)";
  return {
    name,
    citation,
    feedsBack: true,
    flow: [
      { from: ["h(t−1)", "memory"], to: "α(t)", by: "score, softmax" },
      { from: ["α(t)", "memory"], to: "c(t)", by: "weighted sum" },
      { from: ["y(t−1)", "h(t−1)", "c(t)"], to: "h(t)", by: "cell" },
      { from: [read, "y(t−1)", "c(t)"], to: "t(t)", by: "maxout U" },
      { from: ["t(t)"], to: "p(y(t))", by: "softmax W" },
    ],
    make: (sizes) => bahdanauDecoder({ ...sizes, ...options }),
  };
}

/** What a decoder is composed of. */
export interface CompositionOptions extends Partial<DecoderOptions> {
  readonly path: Path;
  readonly attention: Attention;
  /** @default the path's own: the framework's GRU on Luong's, the GRU with reset before the product on Bahdanau's */
  readonly cell?: Cell;
  /** d_a, the hidden width of attentions that have one. @default the units */
  readonly hidden?: number;
  /** S_max, for scores that know positions by number. @default {64} */
  readonly positions?: number;
}

/** A decoder with its attention. */
export interface Composition {
  /** `luong · global(general)` */
  readonly name: string;
  readonly citation: string;
  readonly path: Path;
  readonly attention: Attention;
  readonly sizes: { readonly query: number; readonly hidden: number; readonly positions: number };
  /** The path for a memory of a given width. */
  decoderFor(memoryWidth: number): Decoder;
}

/** Composes a decoder; sizes that aren't given are small: 64 units, embeddings of 32. */
export function decoder(options: CompositionOptions): Composition {
  const { path, attention, cell, hidden, positions = 64, units = 64, embedding = 32, ...others } = options;
  return {
    name: `${path.name} · ${attention.name}`,
    citation: `${path.citation}; ${attention.citation}`,
    path,
    attention,
    sizes: { query: units, hidden: hidden ?? units, positions },
    decoderFor: (memoryWidth) => path.make({ ...others, units, embedding, memoryWidth, ...(cell ? { cell } : {}) }),
  };
}
