/**
 * Work in pieces whose intermediate tensors are freed as it goes, so that a long sequence needs the memory of one piece.
 *
 * Inside the gradient tape everything is needed for the way back, and nothing is freed early.
 *
 * @module
 */
import { withGradient } from "./device_kernels.ts";
import { type Tensor, tf } from "./tf.ts";

/** Whether what is computed now is recorded for a gradient. */
export function onTape(): boolean {
  return (tf.engine() as unknown as { isTapeOn(): boolean }).isTapeOn();
}

/** Runs `f`; off the tape, the engine frees all that `f` makes and doesn't return, as it does for every kernel. */
export function scoped<T extends Tensor[]>(f: () => T): T {
  return onTape() ? f() : withGradient({}, f, () => []) as T;
}

/** What one piece of a scan gives. */
export interface Scanned {
  /** Results of this piece, each with its positions on axis 2. */
  readonly rows: Tensor[];
  /** What the next piece is told. */
  readonly state: Tensor[];
}

/**
 * Piece after piece, each told the state that the one before left; results are joined along axis 2.
 *
 * Off the tape the pieces are halved and halved again, each half in a scope of its own: when it ends, its results and its
 * last state remain. So about log2(`count`) states are held at once, and results up to twice (while halves are joined).
 */
export function scan(count: number, state: Tensor[], piece: (index: number, state: Tensor[]) => Scanned): Scanned {
  if (onTape()) {
    const parts: Tensor[][] = [];
    for (let index = 0; index < count; index++) {
      const made = piece(index, state);
      parts.push(made.rows);
      state = made.state;
    }
    return { rows: parts[0].map((_, at) => join(parts.map((rows) => rows[at]))), state };
  }
  let width = 0;
  const within = (from: number, to: number, state: Tensor[]): Scanned => {
    const made = scoped(() => {
      if (to - from === 1) {
        const { rows, state: next } = piece(from, state);
        width = rows.length;
        return [...rows, ...next];
      }
      const middle = (from + to) >> 1;
      const left = within(from, middle, state);
      const right = within(middle, to, left.state);
      return [...left.rows.map((rows, at) => join([rows, right.rows[at]])), ...right.state];
    });
    return { rows: made.slice(0, width), state: made.slice(width) };
  };
  return within(0, count, state);
}

/** Pieces one after the other on axis 2. */
function join(parts: Tensor[]): Tensor {
  return parts.length === 1 ? parts[0] : tf.concat(parts, 2);
}

/** Lengths of pieces of at most `size` that make up `length`. */
export function pieces(length: number, size: number): number[] {
  return Array.from({ length: Math.ceil(length / size) }, (_, index) => Math.min(size, length - index * size));
}

/**
 * Cuts a tensor into pieces along axis 2, each when it is asked for. On the tape all are cut at once, because the gradient
 * of one cut is one join, and that of many slices as many whole tensors.
 */
export function cut<T extends Tensor>(x: T, sizes: readonly number[]): (index: number) => T {
  if (sizes.length === 1) return () => x;
  if (onTape()) {
    const parts = tf.split(x, [...sizes], 2) as T[];
    return (index) => parts[index];
  }
  const starts = sizes.map(() => 0);
  for (let index = 1; index < sizes.length; index++) starts[index] = starts[index - 1] + sizes[index - 1];
  return (index) => {
    const begin = x.shape.map((_, axis) => axis === 2 ? starts[index] : 0);
    return tf.slice(x, begin, x.shape.map((side, axis) => axis === 2 ? sizes[index] : side)) as T;
  };
}
