/**
 * What a decoder path is, and a stack of recurrent layers that starts from an encoder, takes inputs of two kinds (known for
 * all steps, and made on the way), and is run at once or step by step.
 *
 * Sizes: B sequences, T target steps, S source positions, U units, M memory width, V vocabulary.
 *
 * @module
 */
import type { Attend } from "./attention.ts";
import { type Cell, type CellState, project, projectAll, runLayer, step } from "./cell.ts";
import { type Drop, type DropoutOptions, dropSteps } from "./dropout.ts";
import type { Symbols } from "./embedding.ts";
import { partOf, under } from "./groups.ts";
import { glorotUniform, seedFrom, zeros } from "./random.ts";
import { type LayerCost, layerCost } from "./recurrence.ts";
import { assertShape, type InitialValues, type TensorMap } from "./shape.ts";
import { type Tensor1D, type Tensor2D, type Tensor3D, tf } from "./tf.ts";

/** Sizes that a decoder learns from its surroundings. */
export interface DecoderDims {
  /** V: number of target symbols. */
  readonly vocabulary: number;
  /** M: width of a memory row. */
  readonly memoryWidth: number;
  /** F: width of the encoder's final state. */
  readonly encoderFinal: number;
  /** Width of the encoder's backward state; none when it reads in one direction. */
  readonly encoderBackward?: number;
}

/** What an encoder hands to a decoder to begin with. */
export interface Beginning {
  /** `[B, F]` */
  readonly final: Tensor2D;
  /** `[B, n]` */
  readonly backward?: Tensor2D;
}

/** What a decoder says under teacher forcing. */
export interface Taught {
  /** `[B, T, V]` */
  readonly logits: Tensor3D;
  /** `[B, T, S]` */
  readonly alignment: Tensor3D;
  /** What the attention was asked with, `[B, T, U]`, zero past a sequence's length. */
  readonly queries: Tensor3D;
}

/** What a decoder says at one step. */
export interface Stepped {
  /** `[B, V]` */
  readonly logits: Tensor2D;
  /** Tensors whose first axis is B. */
  readonly state: TensorMap;
  /** `[B, S]` */
  readonly alignment: Tensor2D;
}

/** A decoder path: its parameters, and the same function for whole sequences and for one step. */
export interface Decoder {
  readonly name: string;
  readonly citation: string;
  /** U: width of the queries. */
  readonly units: number;
  parameters(dims: DecoderDims, seed: number): InitialValues;
  /** Why it can't follow such an encoder, as one clause. */
  refuses?(dims: DecoderDims): string | undefined;
  /** The first state. */
  initial(params: TensorMap, encoder: Beginning): TensorMap;
  /**
   * All steps, the true previous tokens given ("teacher forcing").
   *
   * @param inputs int32 `[B, T]`: the begin mark, then the target without its last symbol.
   * @param lengths int32 `[B]`: true steps.
   * @param drop in training: dropout.
   */
  teacher(
    params: TensorMap,
    attend: Attend,
    initial: TensorMap,
    inputs: Tensor2D,
    lengths: Tensor1D,
    drop?: Drop,
  ): Taught;
  /**
   * One step.
   *
   * @param attend stands at this step already.
   * @param tokens int32 `[B]`: the previous symbols.
   */
  step(params: TensorMap, attend: Attend, state: TensorMap, tokens: Tensor1D): Stepped;
  /** The exact cost of one forward pass without the attention, whose cost is its own. */
  cost(dims: DecoderDims & { readonly batch: number; readonly steps: number }): LayerCost;
}

/** Sizes of a decoder. */
export interface DecoderOptions extends DropoutOptions {
  /** U: units of a layer, width of the queries. */
  readonly units: number;
  /** E: width of a symbol's embedding. */
  readonly embedding: number;
  /** Recurrent layers on top of each other; the top one's state is the query. @default {1} */
  readonly layers?: number;
}

/** Layers of one cell; the first reads `known` inputs `[B, T, K]` and, where `fed` isn't 0, F more that are made on the way. */
export class Stack {
  readonly #layers: number[];

  constructor(
    readonly cell: Cell,
    readonly units: number,
    readonly known: number,
    readonly fed: number,
    layers = 1,
  ) {
    this.#layers = Array.from({ length: layers }, (_, layer) => layer);
  }

  #name(layer: number): string {
    return layer === 0 ? this.cell.name.split("-")[0] : `layer${layer}`;
  }

  parameters(seed: number): InitialValues {
    return Object.assign(
      {},
      ...this.#layers.map((layer) => {
        const name = this.#name(layer);
        const inputs = layer === 0 ? this.known + this.fed : this.units;
        return under(name, this.cell.parameters(inputs, this.units, seedFrom(seed, name)));
      }),
    );
  }

  /** How many tensors `[B, U]` its state has. */
  get states(): number {
    return this.#layers.length * this.cell.states;
  }

  /** A state's tensors by name; the layers from below, in each h first. */
  named(states: readonly Tensor2D[]): TensorMap {
    return Object.fromEntries(states.map((state, at) => [`state${at}`, state]));
  }

  #of(state: TensorMap): CellState[] {
    const { states } = this.cell;
    return this.#layers.map((layer) =>
      Array.from({ length: states }, (_, at) => state[`state${layer * states + at}`] as Tensor2D)
    );
  }

  /** h of the top layer, `[B, U]`. */
  top(state: TensorMap): Tensor2D {
    return state[`state${(this.#layers.length - 1) * this.cell.states}`] as Tensor2D;
  }

  /** All steps at once, where nothing is made on the way: top states `[B, T, U]`, zero past a sequence's length. */
  run(
    params: TensorMap,
    x: Tensor3D | Symbols,
    initial: TensorMap,
    lengths: Tensor1D,
    drop: Drop | undefined,
    options: DropoutOptions,
  ): Tensor3D {
    const states = this.#of(initial);
    return this.#layers.reduce<Tensor3D | Symbols>((below, layer) => {
      const input = layer === 0 ? below : dropSteps(drop, below as Tensor3D, options);
      const own = partOf(this.#name(layer), params);
      return runLayer(this.cell, own, input, { lengths, initial: states[layer] }).outputs;
    }, x) as Tensor3D;
  }

  /** The steps to come, for known inputs `[B, T, K]`: what depends on them alone is computed now. */
  stepping(
    params: TensorMap,
    x: Tensor3D | Symbols,
    drop: Drop | undefined,
    options: DropoutOptions,
  ): (at: number, state: TensorMap, fed: Tensor2D) => TensorMap {
    const [batch, steps] = ("ids" in x ? x.ids : x).shape;
    const parts = this.#layers.map((layer) => partOf(this.#name(layer), params));
    const { kernel, ...rest } = parts[0];
    const [forKnown, forFed] = tf.split(kernel as Tensor2D, [this.known, this.fed], 0) as [Tensor2D, Tensor2D];
    const projected = tf.unstack(projectAll({ ...rest, kernel: forKnown }, x), 1) as Tensor2D[];
    const masks = this.#layers.slice(1).map(() => dropSteps(drop, tf.ones([batch, steps, this.units]), options));
    const dropped = (below: Tensor2D, layer: number, at: number) => {
      if (!drop || !options.dropout) return below;
      return tf.mul(below, masks[layer - 1].slice([0, at, 0], [batch, 1, this.units]).reshape(below.shape)) as Tensor2D;
    };
    return (at, state, fed) => {
      const before = this.#of(state);
      const first = tf.add(projected[at], tf.matMul(fed, forFed)) as Tensor2D;
      const after: CellState[] = [step(this.cell, parts[0], first, before[0])];
      for (const layer of this.#layers.slice(1)) {
        const below = dropped(after[layer - 1][0], layer, at);
        after.push(step(this.cell, parts[layer], project(parts[layer], below), before[layer]));
      }
      return this.named(after.flat());
    };
  }

  /** One step on known inputs `[B, K]` alone. */
  advance(params: TensorMap, x: Tensor2D, state: TensorMap): TensorMap {
    const before = this.#of(state);
    let below = x;
    const after = this.#layers.map((layer) => {
      const own = partOf(this.#name(layer), params);
      const next = step(this.cell, own, project(own, below), before[layer]);
      below = next[0];
      return next;
    });
    return this.named(after.flat());
  }

  cost(batch: number, steps: number): LayerCost {
    return addCosts(...this.#layers.map((layer) =>
      this.cell.cost({
        inputs: layer === 0 ? this.known + this.fed : this.units,
        units: this.units,
        batch,
        steps,
      })
    ));
  }
}

/** Costs added up. */
export function addCosts(...costs: readonly LayerCost[]): LayerCost {
  const sum = (pick: (cost: LayerCost) => number) => costs.reduce((total, cost) => total + pick(cost), 0);
  return layerCost(sum((cost) => cost.parameters), sum((cost) => cost.operations), sum((cost) => cost.activations));
}

/** `tanh(W from + b)`: every tensor of a first state from one of the encoder's. */
export const bridge = {
  parameters(from: number, to: number, seed: number, bias: boolean): InitialValues {
    return {
      "bridge/kernel": glorotUniform([from, to], seedFrom(seed, "bridge/kernel")),
      ...(bias ? { "bridge/bias": zeros([to]) } : {}),
    };
  },
  /** `[B, from]` to `count` tensors `[B, to / count]`. */
  apply(params: TensorMap, from: Tensor2D, count: number): Tensor2D[] {
    const kernel = params["bridge/kernel"] as Tensor2D;
    assertShape("the encoder's state", from, [null, kernel.shape[0]]);
    const bias = params["bridge/bias"];
    const product = tf.matMul(from, kernel);
    const all = tf.tanh(bias ? tf.add(product, bias) : product) as Tensor2D;
    return count === 1 ? [all] : tf.split(all, count, 1) as Tensor2D[];
  },
  cost(from: number, to: number, batch: number, bias: boolean): LayerCost {
    const extra = bias ? 1 : 0;
    return layerCost((from + extra) * to, batch * (2 * from * to + (1 + extra) * to), batch * to);
  },
};

/** Queries, zero past each sequence's length. */
export function withinLengths(x: Tensor3D, lengths: Tensor1D): Tensor3D {
  const [batch, steps] = x.shape;
  const positions = tf.range(0, steps, 1, "int32").reshape([1, steps]);
  const present = tf.cast(tf.less(positions, lengths.reshape([batch, 1])), "float32");
  return tf.mul(x, present.reshape([batch, steps, 1])) as Tensor3D;
}

/** Rows `[B, D]` of T steps as `[B, T, D]`. */
export function stackSteps(rows: readonly Tensor2D[]): Tensor3D {
  return tf.stack([...rows], 1) as Tensor3D;
}
