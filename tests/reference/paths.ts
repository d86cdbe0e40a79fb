/**
 * The two decoder paths in float64, one example, one step and one scalar at a time, written from THEORY.md 4.2 and 4.3:
 * what operators/numerics/{luong,bahdanau}.ts are held against, with every cell and every attention.
 *
 * @module
 */
import type { AttentionReference } from "./attentions.ts";
import { cellStepReference } from "./cells.ts";
import { rows } from "./gru.ts";
import type { ReferenceDims, ReferenceParams } from "./scores.ts";

/** What a path is made of. */
export interface PathReference {
  readonly path: "luong" | "luong-feeding" | "bahdanau" | "bahdanau-current" | "bahdanau-final";
  readonly cell: "gru" | "gru-reset-before" | "lstm";
  readonly layers: number;
  readonly attention: AttentionReference;
  readonly units: number;
  readonly embedding: number;
  readonly vocabulary: number;
}

/** Whether a path's first state is made of the encoder's final state, not of its backward one. */
export function fromFinal(path: PathReference["path"]): boolean {
  return /luong|final/.test(path);
}

/** One example: logits `[T][V]` and weights `[T][S]` for given previous tokens. */
export function pathReference(
  { path, cell, layers, attention, units, embedding, vocabulary }: PathReference,
  params: ReferenceParams,
  attentionParams: ReferenceParams,
  dims: ReferenceDims,
  memory: number[][],
  length: number,
  /** What the first state is made of: see {@linkcode fromFinal}. */
  encoder: number[],
  tokens: readonly number[],
): { logits: number[][]; weights: number[][] } {
  const gates = cell === "lstm" ? 4 : 3;
  const states = cell === "lstm" ? 2 : 1;
  const group = (name: string) => ({
    kernel: rows(params[`${name}/kernel`], gates * units),
    recurrent: rows(params[`${name}/recurrent`], gates * units),
    bias: Array.from(params[`${name}/bias`]),
    ...(cell === "gru" ? { recurrentBias: Array.from(params[`${name}/recurrentBias`]) } : {}),
  });
  const first = cell === "lstm" ? "lstm" : "gru";
  const layer = Array.from({ length: layers }, (_, at) => group(at === 0 ? first : `layer${at}`));
  const table = rows(params["embedding/table"], embedding);
  const times = (vector: number[], name: string, columns: number) => {
    const matrix = rows(params[name], columns);
    return Array.from({ length: columns }, (_, c) => vector.reduce((sum, value, i) => sum + value * matrix[i][c], 0));
  };
  // Where the encoder's state is a first state as it stands, there is no bridge.
  const flat = params["bridge/kernel"] === undefined ? encoder : times(
    encoder,
    "bridge/kernel",
    layers * states * units,
  ).map((value, i) => Math.tanh(value + (params["bridge/bias"]?.[i] ?? 0)));
  let state = layer.map((_, at) =>
    Array.from({ length: states }, (_, s) => flat.slice((at * states + s) * units, (at * states + s + 1) * units))
  );
  const recur = (x: number[]) => {
    let below = x;
    state = layer.map((p, at) => {
      const next = cellStepReference(cell, p, below, state[at]);
      below = next[0];
      return next;
    });
  };
  const top = () => state[layers - 1][0];
  let previous: number[] | undefined;
  const ask = (step: number) => {
    const found = attention({ params: attentionParams, query: top(), memory, length, step, previous, dims });
    previous = found.weights;
    return found;
  };
  let fed = new Array(units).fill(0);
  const logits: number[][] = [];
  const weights: number[][] = [];
  tokens.forEach((token, step) => {
    const x = table[token];
    if (path === "luong" || path === "luong-feeding") {
      recur(path === "luong" ? x : [...x, ...fed]);
      const found = ask(step);
      fed = times([...found.context, ...top()], "combine/kernel", units).map(Math.tanh);
      logits.push(times(fed, "output/kernel", vocabulary));
      weights.push(found.weights);
    } else {
      const before = top();
      const found = ask(step);
      recur([...x, ...found.context]);
      const read = path === "bahdanau-current" ? top() : before;
      const joined = [...read, ...x, ...found.context];
      const deep = times(joined, "readout/kernel", params["readout/kernel"].length / joined.length);
      const best = Array.from({ length: deep.length / 2 }, (_, j) => Math.max(deep[2 * j], deep[2 * j + 1]));
      logits.push(times(best, "output/kernel", vocabulary));
      weights.push(found.weights);
    }
  });
  return { logits, weights };
}
