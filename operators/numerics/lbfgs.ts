/**
 * L-BFGS: a quasi-Newton method for smooth functions of many numbers, which remembers the last few steps in place of a
 * matrix. Plain float64 arrays; the function may be asynchronous, because a gradient from a device is.
 *
 * A library was looked at first: optimization-js 1.5.0 has the name, but searches no line (it grows or shrinks a fixed step),
 * has no limit of iterations, steps uphill at first, and takes no asynchronous function.
 *
 * Sources: Liu & Nocedal 1989; Nocedal & Wright 2006, algorithms 7.4 (two loops), 3.5 and 3.6 (a line search to the strong
 * Wolfe conditions, by bisection where interpolation isn't needed).
 *
 * @module
 */

/** A value with its gradient. */
export interface Slope {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** Options of {@linkcode lbfgs}. */
export interface LbfgsOptions {
  /** Steps that are remembered. @default {10} */
  readonly memory?: number;
  /** @default {100} */
  readonly iterations?: number;
  /** Ends when no entry of the gradient is larger. @default {1e-6} */
  readonly tolerance?: number;
}

/** One accepted step. */
export interface LbfgsStep {
  /** From 1. */
  readonly step: number;
  readonly x: Float64Array;
  readonly value: number;
  /** Largest entry of the gradient. */
  readonly slope: number;
  /** Evaluations so far. */
  readonly evaluations: number;
}

/** Conditions of sufficient decrease and of curvature. */
const DECREASE = 1e-4, CURVATURE = 0.9;
/** Evaluations of one line search. */
const TRIES = 25;

const dot = (a: Float64Array, b: Float64Array) => {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
};
const plus = (a: Float64Array, scale: number, b: Float64Array) => a.map((value, k) => value + scale * b[k]);

/**
 * Minimises `f` from `start`; yields after each step, so that whoever listens may stop. Ends at the tolerance, at the last
 * iteration, or when no step along the direction goes down any more.
 *
 * @throws RangeError when the value at the start isn't finite.
 */
export async function* lbfgs(
  f: (x: Float64Array) => Slope | Promise<Slope>,
  start: Float64Array,
  options: LbfgsOptions = {},
): AsyncGenerator<LbfgsStep, void> {
  const { memory = 10, iterations = 100, tolerance = 1e-6 } = options;
  let evaluations = 0;
  const evaluate = async (x: Float64Array) => {
    evaluations++;
    return await f(x);
  };
  let x = start;
  let here = await evaluate(x);
  if (!Number.isFinite(here.value)) {
    throw new RangeError(`Cannot minimise as the value at the start must be finite: current value is ${here.value}`);
  }
  const remembered: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  for (let step = 1; step <= iterations; step++) {
    if (Math.max(...here.gradient.map(Math.abs)) <= tolerance) return;
    let direction = twoLoops(here.gradient, remembered);
    if (!(dot(direction, here.gradient) < 0)) {
      remembered.length = 0;
      direction = here.gradient.map((value) => -value);
    }
    const first = remembered.length > 0 ? 1 : Math.min(1, 1 / Math.sqrt(dot(here.gradient, here.gradient)));
    const found = await search(evaluate, x, here, direction, first);
    if (!found) return;
    const s = plus(found.x, -1, x), y = plus(found.slope.gradient, -1, here.gradient);
    const sy = dot(s, y);
    // Without curvature a step would spoil what is remembered.
    if (sy > 1e-12 * dot(y, y)) {
      remembered.push({ s, y, rho: 1 / sy });
      if (remembered.length > memory) remembered.shift();
    }
    x = found.x;
    here = found.slope;
    yield { step, x, value: here.value, slope: Math.max(...here.gradient.map(Math.abs)), evaluations };
  }
}

/** -H g, H from the remembered steps. */
function twoLoops(
  gradient: Float64Array,
  remembered: readonly { readonly s: Float64Array; readonly y: Float64Array; readonly rho: number }[],
): Float64Array {
  let q = gradient.map((value) => -value);
  const alphas: number[] = [];
  for (const { s, y, rho } of [...remembered].reverse()) {
    const alpha = rho * dot(s, q);
    alphas.unshift(alpha);
    q = plus(q, -alpha, y);
  }
  const last = remembered[remembered.length - 1];
  if (last) q = q.map((value) => value / (last.rho * dot(last.y, last.y)));
  remembered.forEach(({ s, y, rho }, at) => {
    q = plus(q, alphas[at] - rho * dot(y, q), s);
  });
  return q;
}

/** A point along a direction that meets the strong Wolfe conditions, or the lowest found; nothing when none is lower. */
async function search(
  evaluate: (x: Float64Array) => Promise<Slope>,
  x: Float64Array,
  here: Slope,
  direction: Float64Array,
  first: number,
): Promise<{ x: Float64Array; slope: Slope } | undefined> {
  const initial = dot(here.gradient, direction);
  let low = 0, high = Infinity, length = first;
  let best: { x: Float64Array; slope: Slope } | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    const at = plus(x, length, direction);
    const slope = await evaluate(at);
    const along = dot(slope.gradient, direction);
    // A value that is no number is too far away.
    if (!(slope.value <= here.value + DECREASE * length * initial)) high = length;
    else {
      if (!best || slope.value < best.slope.value) best = { x: at, slope };
      if (Math.abs(along) <= -CURVATURE * initial) return { x: at, slope };
      if (along < 0) low = length;
      else high = length;
    }
    length = high === Infinity ? 2 * length : (low + high) / 2;
  }
  return best;
}
