/**
 * Parameters: the learnt tensors of one model, and the optimiser's state beside them.
 *
 * They belong to a subscription (`using(() => new Parameters(seed), …)`), are made when an operator first asks for them,
 * and a parameter's initial value depends on the seed and its name alone, never on the order of asking.
 *
 * @module
 */
import { unflatten } from "./flat.ts";
import { seedFrom } from "./random.ts";
import { type InitialValues, sizeOf, type TensorMap } from "./shape.ts";
import { type Tensor, tf, type Variable } from "./tf.ts";

/** A copy of everything that was learnt, as plain data. */
export interface ParameterState {
  readonly steps: number;
  readonly values: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>;
}

/** The parameters of one model. Disposed by `unsubscribe`, so that `using` can own them. */
export class Parameters {
  readonly #learnt = new Map<string, Record<string, Variable>>();
  readonly #slots = new Map<string, Variable>();
  readonly #constants = new Map<string, Tensor>();
  readonly #names = new WeakMap<Variable, string>();
  #sorted: [string, Variable][] = [];
  #restored: ParameterState["values"] = {};
  /** Gradient steps taken so far. */
  steps = 0;

  /** @param seed Any 32-bit integer; decides every initial value. */
  constructor(readonly seed: number) {}

  /**
   * The parameters of one part of the model, made on first use.
   *
   * @param name Unique within the model: `encoder`, `attention`, ...
   * @param make Initial values for a seed of this group's own.
   */
  group(name: string, make: (seed: number) => InitialValues): TensorMap {
    let group = this.#learnt.get(name);
    if (!group) {
      const initial = Object.entries(make(seedFrom(this.seed, name)));
      group = Object.fromEntries(
        initial.map(([key, { shape, values }]) => [key, this.#variable(`${name}/${key}`, shape, values, true)]),
      );
      this.#learnt.set(name, group);
      this.#sorted = [...this.#learnt]
        .flatMap(([group, members]) =>
          Object.entries(members).map(([key, variable]): [string, Variable] => [`${group}/${key}`, variable])
        )
        .sort(([a], [b]) => (a < b ? -1 : 1));
    }
    return group;
  }

  /** A tensor of the optimiser's own for a parameter, zero at first: a moment, say. */
  slot(kind: string, parameter: Variable): Variable {
    const name = `${kind}:${this.#names.get(parameter)}`;
    let slot = this.#slots.get(name);
    if (!slot) {
      slot = this.#variable(name, parameter.shape, new Float32Array(parameter.size), false);
      this.#slots.set(name, slot);
    }
    return slot;
  }

  /**
   * A tensor that is not learnt and that every step needs: made on first use, freed with the parameters, never saved.
   *
   * @param name Unique within the model.
   * @param make Its values; called once.
   */
  constant<T extends Tensor>(name: string, make: () => T): T {
    let constant = this.#constants.get(name);
    // It outlives the scope that first asked for it, and nothing else that was made on the way does.
    if (!constant) this.#constants.set(name, constant = tf.keep(tf.tidy(() => make().clone())));
    return constant as T;
  }

  /** Learnt parameters in the order of their names. */
  get variables(): Variable[] {
    return this.#sorted.map(([, variable]) => variable);
  }

  /** Names and learnt parameters, in the order of the names. */
  get learnt(): readonly (readonly [string, Variable])[] {
    return this.#sorted;
  }

  /** Number of learnt scalars, in the whole model or in one group. */
  count(group?: string): number {
    return this.#sorted
      .filter(([name]) => group === undefined || name.startsWith(`${group}/`))
      .reduce((sum, [, variable]) => sum + sizeOf(variable.shape), 0);
  }

  /**
   * Copies everything out: parameters, optimiser state, and the step count, as they are at the call. A step that is taken
   * while the copies are on their way doesn't change them.
   */
  async save(): Promise<ParameterState> {
    const { steps } = this;
    const all = [...this.#sorted, ...this.#slots.entries()];
    // A variable that is assigned frees what it held, which a device may still be reading.
    const held = all.map(([name, variable]) => [name, tf.keep(variable.clone())] as const);
    try {
      const values = await Promise.all(
        held.map(async ([name, tensor]) =>
          [name, { shape: tensor.shape, data: Float32Array.from(await tensor.data()) }] as const
        ),
      );
      return { steps, values: Object.fromEntries(values) };
    } finally {
      for (const [, tensor] of held) tensor.dispose();
    }
  }

  /**
   * Goes on from a saved state: parameters that exist take its values at once, later ones when they are made. The
   * optimiser's state that was not yet there is zero again.
   *
   * @throws RangeError when a saved parameter has another shape, here or when the parameter is made.
   */
  restore(state: ParameterState): void {
    const all = [...this.#sorted, ...this.#slots.entries()];
    for (const [name, variable] of all) checkShape(name, state.values[name], variable.shape);
    this.steps = state.steps;
    this.#restored = state.values;
    for (const [name, variable] of all) {
      const saved = state.values[name];
      if (saved) tf.tidy(() => variable.assign(tf.tensor(saved.data, variable.shape)));
      else if (this.#slots.has(name)) tf.tidy(() => variable.assign(tf.zerosLike(variable)));
    }
  }

  /**
   * Gives all learnt parameters new values, and nothing to the optimiser.
   *
   * @param row Float32 `[P]`: the values one after another, in the order of the names.
   */
  assign(steps: number, row: Float32Array): void {
    this.steps = steps;
    tf.tidy(() => {
      const values = unflatten(row, this.variables.map(({ shape }) => shape));
      this.variables.forEach((variable, at) => variable.assign(values[at]));
    });
  }

  /** Frees every tensor. */
  unsubscribe(): void {
    for (const [, variable] of [...this.#sorted, ...this.#slots.entries()]) variable.dispose();
    for (const constant of this.#constants.values()) constant.dispose();
    this.#constants.clear();
    this.#learnt.clear();
    this.#slots.clear();
    this.#sorted = [];
  }

  #variable(name: string, shape: readonly number[], values: Float32Array, trainable: boolean): Variable {
    checkShape(name, this.#restored[name], shape);
    const data = this.#restored[name]?.data ?? values;
    // A variable made inside a scope must outlive it, and the tensor that it is made from must not.
    const variable = tf.tidy(() => tf.variable(tf.tensor(data, [...shape]), trainable));
    this.#names.set(variable, name);
    return variable;
  }
}

function checkShape(name: string, saved: { readonly shape: readonly number[] } | undefined, shape: readonly number[]) {
  if (saved && `${saved.shape}` !== `${shape}`) {
    throw new RangeError(`Cannot restore ${name} as its shape must be [${shape}]: current value is [${saved.shape}]`);
  }
}
