/**
 * The recursive autoencoder: two neighbours become one vector, from which both can be reconstructed.
 *
 *     p = f(W1 [c1; c2] + b1) / ‖f(…)‖,  f = tanh        [c1'; c2'] = W2 p + b2
 *     e1 = ‖c1 - c1'‖²,  e2 = ‖c2 - c2'‖²                 E_rec = (n1 e1 + n2 e2) / (n1 + n2), or (e1 + e2) / 2
 *
 * n is the number of words under a child. Matrices are stored for rows: `W1` is `[2D, D]` and multiplies `[c1 c2]` from
 * the right.
 *
 * Source: Socher, Pennington, Huang, Ng & Manning 2011, sections 2.2 and 2.3. The authors' released code differs. Of it
 * {@linkcode released} has how it reconstructs: with f and unit length too, both children weighed alike, in learning and in
 * the choice of greedy trees. Not here is its head for one-dimensional labels, a sigmoid with ½ (t - d)²: every form has
 * the paper's softmax with cross-entropy. Nor does greedy composition evaluate all pairs again after each merge, as that
 * code does; a test shows that the trees are the same.
 *
 * A forest is frozen: which tree it is does not depend on the gradient. The gradient goes back through the structure
 * (Goller & Küchler 1996), level by level: of all its products only one a level must wait for the level above.
 *
 * @module
 */
import { withGradient } from "./device_kernels.ts";
import { seedFrom, uniform } from "./random.ts";
import { assertShape, type InitialValues, type TensorMap } from "./shape.ts";
import { type Tensor, type Tensor1D, type Tensor2D, tf } from "./tf.ts";
import type { Forest } from "./trees.ts";

/** What a recursive autoencoder computes; the defaults are the paper's. */
export interface RecursiveForm {
  /** Whether children's errors count by their words, n1/(n1+n2) and n2/(n1+n2), or ½ each. @default {true} */
  readonly weighted?: boolean;
  /** Whether parents have unit length. @default {true} */
  readonly normalised?: boolean;
  /** `linear`: W2 p + b2. `squashed`: tanh of it, each child brought to unit length. @default {"linear"} */
  readonly decoder?: "linear" | "squashed";
}

/** As the paper writes it. */
export const paper: Required<RecursiveForm> = { weighted: true, normalised: true, decoder: "linear" };

/** As the authors' released MATLAB code reconstructs (`forwardPropRAE.m`); its sigmoid head is not here. */
export const released: Required<RecursiveForm> = { weighted: false, normalised: true, decoder: "squashed" };

/** A vector shorter than this has no direction: its unit vector is 0, and so is the gradient through it. */
const TINY = 1e-12;

/** Initial values: W1 `[2D, D]`, b1 `[D]`, W2 `[D, 2D]`, b2 `[2D]`, 4D² + 3D numbers; uniform in ±√(6 / (2D + D + 1)). */
export function recursiveParameters(width: number, seed: number): InitialValues {
  const limit = Math.sqrt(6 / (3 * width + 1));
  return {
    W1: uniform([2 * width, width], limit, seedFrom(seed, "W1")),
    b1: { shape: [width], values: new Float32Array(width) },
    W2: uniform([width, 2 * width], limit, seedFrom(seed, "W2")),
    b2: { shape: [2 * width], values: new Float32Array(2 * width) },
  };
}

/**
 * Parameters of encoder, decoder and softmax head, 4 D_p D_x + D_p + 2 D_x + D_c D_p + D_c, without the words' vectors.
 * Recursion needs D_p = D_x.
 */
export function recursiveParameterCount(parent: number, child: number, classes: number): number {
  return 4 * parent * child + parent + 2 * child + classes * parent + classes;
}

/** What {@linkcode recursiveNodes} gives. */
export interface RecursiveNodes {
  /** The vector of every row of the forest, `[N, D]`. */
  readonly nodes: Tensor2D;
  /** ‖c - c'‖² of the left and right child of every merge, `[N - L, 2]`. */
  readonly errors: Tensor2D;
}

/** One level's merges: what goes in, what comes out, and 1 / ‖f‖ (or 1), for the way back. */
interface Level {
  readonly pairs: Tensor2D; // [M, 2D]
  readonly parents: Tensor2D; // [M, D]
  readonly scale: Tensor2D; // [M, 1]
}

/** Encodes pairs of rows: `rows` `[2 M]` says which, left and right in turn. */
export function encodePairs(params: TensorMap, pool: Tensor2D, rows: Int32Array, normalised: boolean): Level {
  const [merges, width] = [rows.length / 2, pool.shape[1]];
  const pairs = tf.reshape(tf.gather(pool, tf.tensor1d(rows, "int32")), [merges, 2 * width]) as Tensor2D;
  const f = tf.tanh(product(pairs, params.W1, params.b1));
  if (!normalised) return { pairs, parents: f, scale: tf.ones([merges, 1]) };
  const scale = inverseLength(f);
  return { pairs, parents: tf.mul(f, scale), scale };
}

/** ‖c - c'‖² of both children of each pair, `[M, 2]`, and c - c' `[M, 2D]` with what the way back needs of c'. */
export function reconstruct(params: TensorMap, pairs: Tensor2D, parents: Tensor2D, decoder: "linear" | "squashed") {
  const [merges, width] = parents.shape;
  const linear = product(parents, params.W2, params.b2);
  const squashed = decoder === "squashed" ? tf.tanh(tf.reshape(linear, [2 * merges, width]) as Tensor2D) : undefined;
  const scale = squashed && inverseLength(squashed); // [2M, 1]
  const children = squashed ? tf.mul(squashed, scale!) as Tensor2D : linear;
  const differences = tf.sub(pairs, tf.reshape(children, [merges, 2 * width])) as Tensor2D;
  const errors = tf.reshape(tf.sum(tf.square(tf.reshape(differences, [2 * merges, width])), 1), [
    merges,
    2,
  ]) as Tensor2D;
  return { errors, differences, children, scale };
}

/** How much each child's error counts in its merge, `[M, 2]` as a flat array. */
export function errorWeights(rows: Int32Array, sizes: Int32Array, weighted: boolean): Float32Array {
  const weights = new Float32Array(rows.length).fill(0.5);
  if (!weighted) return weights;
  for (let at = 0; at < rows.length; at += 2) {
    const left = sizes[rows[at]], right = sizes[rows[at + 1]];
    weights[at] = left / (left + right);
    weights[at + 1] = right / (left + right);
  }
  return weights;
}

/**
 * The vectors and reconstruction errors of a forest, with exact gradients through the structure.
 *
 * @param params `W1`, `b1`, `W2`, `b2` of {@linkcode recursiveParameters}
 * @param leaves the words' vectors in the order of the forest's rows, `[L, D]`
 * @throws RangeError when a shape doesn't fit the forest.
 */
export function recursiveNodes(
  params: TensorMap,
  leaves: Tensor2D,
  forest: Forest,
  form: RecursiveForm = {},
): RecursiveNodes {
  const { normalised, decoder } = { ...paper, ...form };
  const width = leaves.shape[1];
  assertShape("leaves", leaves, [forest.leaves, width]);
  assertShape("W1", params.W1, [2 * width, width]);
  assertShape("b1", params.b1, [width]);
  assertShape("W2", params.W2, [width, 2 * width]);
  assertShape("b2", params.b2, [2 * width]);
  const merges = forest.nodes - forest.leaves;
  // Nothing to merge: the zero product keeps every parameter on the tape.
  if (merges === 0) return { nodes: leaves, errors: tf.zeros([0, 2]) };
  const { W1, b1, W2, b2 } = params;
  const [nodes, errors] = withGradient(
    { leaves, W1, b1, W2, b2 },
    (save) => {
      let pool = leaves;
      const levels: Level[] = [];
      for (let level = 1; level < forest.levels.length; level++) {
        const rows = forest.children.subarray(2 * forest.levels[level - 1], 2 * forest.levels[level]);
        levels.push(encodePairs(params, pool, rows, normalised));
        pool = tf.concat([pool, levels[level - 1].parents]);
      }
      const pairs = tf.concat(levels.map(({ pairs }) => pairs));
      const parents = tf.concat(levels.map(({ parents }) => parents));
      const scale = tf.concat(levels.map(({ scale }) => scale));
      const made = reconstruct(params, pairs, parents, decoder);
      const squashed = made.scale ? [made.children, made.scale] : [];
      save([W1, W2, pairs, parents, scale, made.differences, ...squashed]);
      return [pool, made.errors];
    },
    ([dNodes, dErrors], saved) =>
      backThroughStructure(forest, dNodes as Tensor2D, dErrors as Tensor2D, saved, normalised),
  );
  return { nodes: nodes as Tensor2D, errors: errors as Tensor2D };
}

/** Gradients at leaves, W1, b1, W2 and b2. */
function backThroughStructure(
  forest: Forest,
  dNodes: Tensor2D,
  dErrors: Tensor2D,
  saved: readonly Tensor[],
  normalised: boolean,
): Tensor[] {
  const [W1, W2, pairs, parents, scale, differences, children, childScale] = saved as Tensor2D[];
  const [merges, width] = parents.shape;
  const { leaves, levels } = forest;
  // Reconstruction: at [c1 c2] directly, at c' with the other sign, and so at the parent.
  const slope = tf.mul(tf.reshape(differences, [2 * merges, width]), tf.mul(tf.reshape(dErrors, [2 * merges, 1]), 2));
  const dPairs = tf.reshape(slope, [merges, 2 * width]) as Tensor2D;
  const dChildren = tf.neg(slope) as Tensor2D;
  const dLinear = tf.reshape(
    childScale ? throughUnitTanh(dChildren, children, childScale, true) : dChildren,
    [merges, 2 * width],
  ) as Tensor2D;
  const [dLeaves, dMerged] = tf.split(dNodes, [leaves, merges]);
  const dParents = tf.add(dMerged, tf.matMul(dLinear, W2, false, true)) as Tensor2D;

  // The structure, from the roots down. `given` holds what each merge gives to its two children, top level first, and a
  // row of zeros for roots.
  const slots = parentSlots(forest);
  const slot = (from: number, to: number) => tf.tensor1d(slots.subarray(from, to), "int32");
  let given = tf.zeros([1, width]) as Tensor2D;
  const byLevel = (x: Tensor2D) => tf.split(x, levels.slice(1).map((end, level) => end - levels[level])) as Tensor2D[];
  const [dOwn, dPair, p, s] = [dParents, dPairs, parents, scale].map(byLevel);
  const dBefore: Tensor2D[] = []; // at W1 [c1 c2] + b1, lowest level first
  for (let level = levels.length - 1; level >= 1; level--) {
    const [from, to] = [levels[level - 1], levels[level]];
    const dParent = tf.add(dOwn[level - 1], tf.gather(given, slot(leaves + from, leaves + to))) as Tensor2D;
    const before = throughUnitTanh(dParent, p[level - 1], s[level - 1], normalised);
    const dBoth = tf.add(dPair[level - 1], tf.matMul(before, W1, false, true));
    given = tf.concat([given, tf.reshape(dBoth, [2 * (to - from), width]) as Tensor2D]);
    dBefore.unshift(before);
  }
  const before = tf.concat(dBefore);
  return [
    tf.add(dLeaves, tf.gather(given, slot(0, leaves))),
    tf.matMul(pairs, before, true, false),
    tf.sum(before, 0),
    tf.matMul(parents, dLinear, true, false),
    tf.sum(dLinear, 0),
  ];
}

/** For each row, the row of what merges give to their children, top level first; 0 for roots. */
function parentSlots({ nodes, leaves, levels, children }: Forest): Int32Array {
  const slots = new Int32Array(nodes);
  const merges = nodes - leaves;
  for (let level = 1; level < levels.length; level++) {
    const shift = merges - levels[level] - levels[level - 1]; // merges of the levels above, less those of the levels below
    for (let merge = levels[level - 1]; merge < levels[level]; merge++) {
      slots[children[2 * merge]] = 1 + 2 * (merge + shift);
      slots[children[2 * merge + 1]] = 2 + 2 * (merge + shift);
    }
  }
  return slots;
}

/**
 * From the gradient at p = s f, s = 1 / ‖f‖, f = tanh(a), to the one at a: (1 - f²) s (I - p pᵀ) dp. The vector is known
 * by p and s alone; without normalisation s = 1 and the projection is left out.
 */
function throughUnitTanh(dp: Tensor2D, p: Tensor2D, scale: Tensor2D, normalised: boolean): Tensor2D {
  if (!normalised) return tf.mul(dp, tf.sub(1, tf.square(p)));
  const along = tf.sum(tf.mul(dp, p), 1, true);
  const across = tf.mul(tf.sub(dp, tf.mul(p, along)), scale);
  // f = p / s; where s is 0 (f had no length), p is 0 as well, and so is the gradient.
  const f = tf.div(p, tf.maximum(scale, TINY));
  return tf.mul(across, tf.sub(1, tf.square(f)));
}

/** 1 / ‖x‖ of each row, `[M, 1]`; 0 where the row has no length. */
function inverseLength(x: Tensor2D): Tensor2D {
  const length = tf.sqrt(tf.sum(tf.square(x), 1, true));
  return tf.mul(tf.cast(tf.greater(length, TINY), "float32"), tf.div(1, tf.maximum(length, TINY)));
}

function product(a: Tensor2D, b: Tensor, bias: Tensor): Tensor2D {
  return tf.fused.matMul({ a, b: b as Tensor2D, bias: bias as Tensor1D }) as Tensor2D;
}
