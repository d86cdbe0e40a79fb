/**
 * What softmax attention and kernel attention cost, in closed form, and where their costs cross (THEORY.md 6.3 to 6.5).
 *
 * Conventions: a multiplication, addition, exponential, division, maximum or comparison is 1. The scale is folded into Q
 * (ND), and rows are divided after the product with V. A sum of n numbers is n - 1 additions, so a product of m x k by
 * k x n is mn (2k - 1): one less for each result than in {@linkcode ./counting.ts}, which counts 2mnk. `products` has
 * matrix products alone, at 2mnk. Memory is in elements, named, beyond Q, K, V and the output.
 *
 * @module
 */
import { type AttentionDims, checkSizes, inputElements, outputElements, pairsOf } from "./attention_dims.ts";
import { type FeatureCost, featureCost } from "./feature_costs.ts";

/** Elements by the name of the tensor that holds them. */
export type Elements = Readonly<Record<string, number>>;

/** What one attention costs; all heads and sequences together. */
export interface AttentionCost {
  /** Exact operations of the forward pass. */
  readonly operations: number;
  /** Operations in matrix products alone, forward. */
  readonly products: number;
  /** Operations of the backward pass: its matrix products, what it computes again, and features. */
  readonly backward: number;
  /** Elements of Q, K, V, and of the output. */
  readonly inputs: number;
  readonly output: number;
  /** Elements beyond Q, K, V and the output that are held at once: when nothing but the output is wanted ... */
  readonly inference: Elements;
  /** ... and at the worst moment of forward and backward pass (gradients at Q, K and V not counted). */
  readonly training: Elements;
  /** One more token at position n of a sequence (counted from 1), and what is kept from token to token. */
  readonly decode: { operations(position: number): number; state(position: number): number };
}

/** How softmax attention is computed: with the N x N scores, or a block at a time. */
export interface SoftmaxDims extends AttentionDims {
  /** @default "streaming" */
  readonly route?: "materialised" | "streaming";
  /** Rows and columns of a block, of the streaming route. @default [256, 64] */
  readonly blocks?: readonly [number, number];
}

/** How kernel attention is computed. */
export interface KernelDims extends AttentionDims {
  /** C and what it takes to make the features of one vector. @default poly-2's, of D */
  readonly features?: FeatureCost;
  /**
   * `streamed`: features made a vector at a time, one state C x (M + 1). `materialised`: features of all positions are
   * held. `chunked`: causal, scores within a chunk, a state between chunks. `quadratic`: the kernel of all pairs.
   *
   * @default "streamed"
   */
  readonly route?: "streamed" | "materialised" | "chunked" | "quadratic";
  /** B, positions in a chunk. @default 64 */
  readonly chunk?: number;
}

/** What sizes that are none are refused for. */
const ACTION = "tell what attention costs";

/** 2D + 2M + 3: operations of softmax attention for each pair. */
function perPair({ d, m }: AttentionDims): number {
  return 2 * d + 2 * m + 3;
}

/**
 * Softmax attention: F = N^2 (2D + 2M + 3) + N (D - 2); causal, with N (N + 1) / 2 in N^2's place. The streaming route's
 * own corrections (a rescaled row each time its maximum grows) are data's and not counted.
 */
function softmax(dims: SoftmaxDims): AttentionCost {
  const { n, d, m, heads = 1, batch = 1, route = "streaming", blocks = [256, 64] } = dims;
  const [rows, columns] = blocks;
  checkSizes({ n, d, m, heads, batch, "the rows of a block": rows, "the columns of a block": columns }, ACTION);
  const times = heads * batch, pairs = pairsOf(dims);
  const products = 2 * pairs * (d + m);
  const block: Elements = { blocks: rows * (d + m) + columns * (d + m) + rows * columns };
  const streams = route === "streaming";
  return {
    operations: times * (pairs * perPair(dims) + n * (d - 2)),
    products: times * products,
    // dV, dP, dQ and dK; P again when it was not kept.
    backward: times * (2 * products + (streams ? 2 * pairs * d : 0)),
    inputs: inputElements(dims),
    output: outputElements(dims),
    inference: streams ? { logSumExp: times * n, ...block } : { scores: times * n * n, weights: times * n * n },
    training: streams ? { logSumExp: times * n, ...block } : { weights: times * n * n, gradients: times * n * n },
    decode: {
      operations: (position) => times * (position * perPair(dims) + d - 2),
      state: (position) => times * position * (d + m),
    },
  };
}

/**
 * Operations of the streamed forms, as so many a position and so many once, which is less than 0: the first position finds
 * no sums to add to. Where rows' factors are kept apart, beside that: the greatest key's factor N - 1, each key's distance
 * from it and its power 2N, a multiplication a feature NC, an addition a query N; and causal, where the greatest factor is
 * a running one, for each position but the first a distance and a power 2, and S and z brought to it C (M + 1).
 */
function streamed({ features: c, operations: f, query = 0, apart = false }: FeatureCost, m: number, causal: boolean) {
  const state = c * (m + 1), moved = causal ? 2 + state : 0;
  return {
    position: 2 * f + 4 * c * m + 3 * c - 1 + query + (apart ? c + 4 + moved : 0),
    once: -state - (apart ? 1 + moved : 0),
  };
}

/**
 * Kernel attention. Streamed or materialised, and for every causal form that carries a state,
 *
 *     F = 2Nf + CM (2N - 1) + C (N - 1) + NM (2C - 1) + N (2C - 1) + NM
 *
 * with f the operations of a vector's features; for poly-2 (f = C - 1) that is N (4CM + 5C - 3) - C (M + 1). To that comes
 * what a map asks for: a scale of queries, and factors of rows ({@linkcode streamed}).
 */
function kernel(dims: KernelDims): AttentionCost {
  const { n, d, m, heads = 1, batch = 1, causal = false } = dims;
  const { route = "streamed", chunk = 64, features = featureCost.poly2(d) } = dims;
  const { features: c, operations: f } = features;
  checkSizes({ n, d, m, heads, batch, chunk, features: c }, ACTION);
  const times = heads * batch, state = c * (m + 1);
  const { position, once } = streamed(features, m, causal);
  const shared = {
    inputs: inputElements(dims),
    output: outputElements(dims),
    decode: { operations: () => times * streamed(features, m, true).position, state: () => times * state },
  };
  if (route === "quadratic") return { ...shared, ...quadratic(dims, features) };
  if (route === "chunked") return { ...shared, ...chunked(dims, features, chunk) };
  const whole = route === "materialised";
  const held: Elements = { state: times * state, features: whole ? times * 2 * n * c : 2 * c };
  return {
    ...shared,
    operations: times * (n * position + once),
    products: times * 4 * n * c * m,
    // Causal: the prefix states are computed again. Features are made again unless they were held.
    backward: times * ((causal ? 10 : 8) * n * c * m + (whole ? 0 : 2 * n * f)),
    inference: held,
    training: whole ? { ...held, gradients: times * 2 * n * c } : { ...held, stateGradient: times * state },
  };
}

/**
 * The kernel of all pairs, P of them: from q.k where the kernel is a function of it, else from features. With rows' factors
 * apart, the greatest factor that a query sees, and the distance, the power and a multiplication a pair; where all queries
 * see all keys, the first three once for all of them.
 */
function quadratic(dims: KernelDims, { features: c, operations: f, pair, query = 0, apart = false }: FeatureCost) {
  const { n, d, m, heads = 1, batch = 1, causal = false } = dims;
  const times = heads * batch, pairs = pairsOf(dims);
  const factors = !apart ? 0 : causal ? 4 * pairs : pairs + 4 * n - 1;
  const width = pair === undefined ? c : d;
  const similarity = pairs * (2 * width - 1 + (pair ?? 0)) + (pair === undefined ? 2 * n * f : 0);
  const products = 2 * pairs * (width + m);
  const held: Elements = {
    weights: times * n * n,
    ...(pair === undefined ? { features: times * 2 * n * c } : {}),
  };
  return {
    operations: times * (similarity + (pairs - n) + m * (2 * pairs - n) + n * m + n * query + factors),
    products: times * products,
    backward: times * 2 * products,
    inference: held,
    training: { ...held, gradients: times * n * n },
  };
}

/** Chunks of `size` positions: pairs within a chunk, a state from chunk to chunk. Rows' factors as in the other forms. */
function chunked(
  dims: KernelDims,
  { features: c, operations: f, pair, query = 0, apart = false }: FeatureCost,
  size: number,
) {
  const { n, d, m, heads = 1, batch = 1 } = dims;
  const times = heads * batch, width = pair === undefined ? c : d;
  let operations = 0, products = 0;
  const count = Math.ceil(n / size);
  const add = (rows: number, first: boolean, last: boolean, repeats: number) => {
    const pairs = rows * (rows + 1) / 2;
    const featured = (pair === undefined || !first ? rows * f : 0) + (pair === undefined || !last ? rows * f : 0);
    const within = pairs * (2 * width - 1 + (pair ?? 0)) + m * (2 * pairs - rows) + (pairs - rows);
    // What the state gives to each query, added to what the chunk gives; then the chunk's keys join the state.
    const read = first ? 0 : rows * ((m + 1) * (2 * c - 1) + m + 1);
    const written = last ? 0 : (first ? 2 * rows - 1 : 2 * rows) * c * m + (first ? rows - 1 : rows) * c;
    const seen = 4 * pairs + (first ? 0 : rows * (m + 4)); // of pairs, and of sums: their factor's distance and power
    const joined = last ? 0 : rows * (c + 3) - 1 + (first ? 0 : 3 + c * (m + 1));
    const factors = apart ? seen + joined : 0;
    operations += repeats * (featured + within + read + written + rows * m + rows * query + factors);
    products += repeats * (2 * pairs * (width + m) + 2 * rows * c * m * ((first ? 0 : 1) + (last ? 0 : 1)));
  };
  const rest = n - (count - 1) * size;
  if (count === 1) add(rest, true, true, 1);
  else {
    add(size, true, false, 1);
    add(size, false, false, count - 2);
    add(rest, false, true, 1);
  }
  const held: Elements = {
    state: times * c * (m + 1),
    scores: size * size,
    features: 2 * Math.min(size, n) * c,
  };
  return {
    operations: times * operations,
    products: times * products,
    backward: times * (2.5 * products + 2 * n * f),
    inference: held,
    training: { ...held, stateGradient: times * c * (m + 1), scoreGradients: size * size },
  };
}

/** Lengths at which softmax and kernel attention cost the same; beyond them the kernel costs less. */
export interface Crossovers {
  /** N of equal operations, forward; 0 when the kernel costs less at every length. */
  readonly operations: number;
  /** N of equal operations in matrix products alone. */
  readonly products: number;
  /** N of equal operations, forward and backward together; 0 when the kernel costs less at every length. */
  readonly training: number;
  /** Position of equal operations for one more token. */
  readonly decode: number;
  /** Lengths of equal memory. */
  readonly memory: {
    /** N x N scores against the state: sqrt(C (M + 1)). */
    readonly materialised: number;
    /** N x N scores against features of all positions and the state. */
    readonly features: number;
    /** A log-sum-exp a position against the state: C (M + 1). */
    readonly streaming: number;
    /** The key-value cache of a decoder against the state: C (M + 1) / (D + M). */
    readonly cache: number;
  };
}

/** What decides crossovers. */
export type CrossoverDims = Pick<KernelDims, "d" | "m" | "causal" | "features">;

/** Where softmax and a kernel (poly-2's, unless `features` says otherwise) cost the same. */
function crossover(dims: CrossoverDims): Crossovers {
  const { d, m, causal = false, features = featureCost.poly2(d) } = dims;
  const { features: c, operations: f } = features;
  checkSizes({ d, m, features: c }, ACTION);
  const pair = perPair({ n: 1, d, m }), state = c * (m + 1);
  const { position, once } = streamed(features, m, causal);
  // a N^2 - b N - once = 0 (once is C (M + 1) less than nothing), of what softmax takes for a pair and the kernel for a position.
  const meet = (perPair: number, perPosition: number) => {
    const square = causal ? perPair / 2 : perPair;
    const linear = perPosition - (d - 2) - (causal ? perPair / 2 : 0);
    const discriminant = linear ** 2 + 4 * square * once;
    return linear > 0 && discriminant >= 0 ? (linear + Math.sqrt(discriminant)) / (2 * square) : 0;
  };
  return {
    operations: meet(pair, position),
    training: meet(pair + 4 * (d + m) + 2 * d, position + (causal ? 10 : 8) * c * m + 2 * f),
    products: causal ? Math.max(0, 4 * c * m / (d + m) - 1) : 2 * c * m / (d + m),
    decode: Math.max(0, (streamed(features, m, true).position - (d - 2)) / pair),
    memory: {
      materialised: Math.sqrt(state),
      features: c + Math.sqrt(c * c + state),
      streaming: state,
      cache: state / (d + m),
    },
  };
}

/** Closed forms of what attention costs. Each throws an InputError for a size that is no positive whole number. */
export interface AttentionCosts {
  softmax(dims: SoftmaxDims): AttentionCost;
  kernel(dims: KernelDims): AttentionCost;
  crossover(dims: CrossoverDims): Crossovers;
}

/** Closed forms of what attention costs. */
export const cost: AttentionCosts = { softmax, kernel, crossover };

/** Elements of all named tensors together. */
export function totalOf(elements: Elements): number {
  return Object.values(elements).reduce((sum, each) => sum + each, 0);
}
