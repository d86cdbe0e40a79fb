/**
 * The recursive autoencoder in float64, sentence by sentence and node by node, from the formulas of THEORY.md 2.2: plain
 * loops, no batching, and the gradient written by hand along one frozen tree.
 *
 * @module
 */

/** Everything that is learnt, as rows of numbers; W1 `[2D][D]`, W2 `[D][2D]`, W3 `[D][C]`. */
export interface Weights {
  readonly W1: number[][];
  readonly b1: number[];
  readonly W2: number[][];
  readonly b2: number[];
  readonly W3: number[][];
  readonly b3: number[];
}

export interface Form {
  readonly weighted: boolean;
  readonly normalised: boolean;
  readonly squashed: boolean;
}

/** The form of the paper (Socher et al. 2011). */
export const PAPER: Form = { weighted: true, normalised: true, squashed: false };

/** A node: its vector, its words, and for a merge its children. */
export interface Node {
  readonly vector: number[];
  readonly words: number;
  readonly children?: readonly [Node, Node];
}

const times = (x: readonly number[], W: readonly number[][], b: readonly number[]) =>
  b.map((bias, column) => x.reduce((sum, value, row) => sum + value * W[row][column], bias));
const length = (x: readonly number[]) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
const unit = (x: readonly number[]) => {
  const norm = length(x);
  return x.map((value) => norm === 0 ? 0 : value / norm);
};

export function merge(left: Node, right: Node, { W1, b1 }: Weights, { normalised }: Form): Node {
  const f = times([...left.vector, ...right.vector], W1, b1).map(Math.tanh);
  return { vector: normalised ? unit(f) : f, words: left.words + right.words, children: [left, right] };
}

/** ‖c1 - c1'‖² and ‖c2 - c2'‖². */
export function childErrors({ vector, children }: Node, { W2, b2 }: Weights, { squashed }: Form): [number, number] {
  const D = vector.length;
  const y = times(vector, W2, b2);
  const halves = [y.slice(0, D), y.slice(D)].map((half) => squashed ? unit(half.map(Math.tanh)) : half);
  return children!.map((child, side) =>
    child.vector.reduce((sum, value, at) => sum + (value - halves[side][at]) ** 2, 0)
  ) as [number, number];
}

export function reconstructionError(node: Node, weights: Weights, form: Form): number {
  const [e1, e2] = childErrors(node, weights, form);
  if (!form.weighted) return (e1 + e2) / 2;
  const [n1, n2] = node.children!.map(({ words }) => words);
  return (n1 * e1 + n2 * e2) / (n1 + n2);
}

export function labelError({ vector }: Node, { W3, b3 }: Weights, target: number): number {
  const logits = times(vector, W3, b3);
  const greatest = Math.max(...logits);
  return greatest + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - greatest), 0)) - logits[target];
}

/** The nodes of a tree whose merges are given as `[left, right]`, words first. */
export function nodesOf(
  words: readonly number[][],
  merges: readonly (readonly [number, number])[],
  weights: Weights,
  form: Form,
): Node[] {
  const nodes: Node[] = words.map((vector) => ({ vector, words: 1 }));
  for (const [left, right] of merges) nodes.push(merge(nodes[left], nodes[right], weights, form));
  return nodes;
}

/** α Σ E_rec + (1 - α) Σ E_cE over all nodes of one tree. */
export function energy(nodes: readonly Node[], weights: Weights, form: Form, alpha: number, target: number): number {
  return nodes.reduce((sum, node) =>
    sum + (node.children ? alpha * reconstructionError(node, weights, form) : 0) +
    (1 - alpha) * labelError(node, weights, target), 0);
}

/** Gradients of {@linkcode energy} by hand, for the paper's form: at each word, and at every weight. */
export function gradient(
  nodes: readonly Node[],
  weights: Weights,
  alpha: number,
  target: number,
  form: Form = { weighted: true, normalised: true, squashed: false },
): { readonly words: number[][]; readonly weights: Weights } {
  const { W1, b1, W2, b2, W3, b3 } = weights;
  const D = b1.length;
  const zero = (W: number[][]) => W.map((row) => row.map(() => 0));
  const sums: Weights = {
    W1: zero(W1),
    b1: b1.map(() => 0),
    W2: zero(W2),
    b2: b2.map(() => 0),
    W3: zero(W3),
    b3: b3.map(() => 0),
  };
  const outer = (into: number[][], x: readonly number[], dy: readonly number[]) =>
    x.forEach((value, row) => dy.forEach((slope, column) => into[row][column] += value * slope));
  const back = (W: readonly number[][], dy: readonly number[]) =>
    W.map((row) => row.reduce((sum, value, column) => sum + value * dy[column], 0));
  const at = new Map(nodes.map((node) => [node, new Array<number>(D).fill(0)]));
  const give = (node: Node, slope: readonly number[]) => slope.forEach((value, k) => at.get(node)![k] += value);
  for (const node of [...nodes].reverse()) {
    const logits = times(node.vector, W3, b3);
    const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
    const dLogits = logits.map((x, c) => (1 - alpha) * (Math.exp(x) / total - (c === target ? 1 : 0)));
    outer(sums.W3, node.vector, dLogits);
    dLogits.forEach((slope, c) => sums.b3[c] += slope);
    give(node, back(W3, dLogits));
    if (!node.children) continue;
    const [left, right] = node.children;
    const both = [...left.vector, ...right.vector];
    const y = times(node.vector, W2, b2);
    const share = (side: number) => form.weighted ? node.children![side].words / node.words : 0.5;
    const dBoth = both.map((value, k) => 2 * alpha * share(k < D ? 0 : 1) * (value - y[k]));
    const dY = dBoth.map((slope) => -slope);
    outer(sums.W2, node.vector, dY);
    dY.forEach((slope, k) => sums.b2[k] += slope);
    give(node, back(W2, dY));
    const f = times(both, W1, b1).map(Math.tanh);
    const norm = length(f);
    const dp = at.get(node)!;
    const along = dp.reduce((sum, slope, k) => sum + slope * node.vector[k], 0);
    const dA = dp.map((slope, k) => (1 - f[k] ** 2) * (slope - node.vector[k] * along) / norm);
    outer(sums.W1, both, dA);
    dA.forEach((slope, k) => sums.b1[k] += slope);
    const dx = back(W1, dA);
    give(left, dx.slice(0, D).map((slope, k) => slope + dBoth[k]));
    give(right, dx.slice(D).map((slope, k) => slope + dBoth[D + k]));
  }
  return { words: nodes.filter(({ children }) => !children).map((node) => at.get(node)!), weights: sums };
}

/** The greedy tree by looking at every pair at every step; the leftmost of equals. */
export function greedyMerges(words: readonly number[][], weights: Weights, form: Form): [number, number][] {
  let row = words.map((vector, index) => ({ index, node: { vector, words: 1 } as Node }));
  const merges: [number, number][] = [];
  while (row.length > 1) {
    let best = 0, least = Infinity;
    const candidates = row.slice(1).map(({ node }, at) => merge(row[at].node, node, weights, form));
    candidates.forEach((candidate, at) => {
      const error = reconstructionError(candidate, weights, form);
      if (error < least) [best, least] = [at, error];
    });
    const index = words.length + merges.push([row[best].index, row[best + 1].index]) - 1;
    row = [...row.slice(0, best), { index, node: candidates[best] }, ...row.slice(best + 2)];
  }
  return merges;
}
