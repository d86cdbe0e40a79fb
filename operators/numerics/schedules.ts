/**
 * Learning rates over a run: plain functions from the steps taken so far (0 before the first) to a rate.
 *
 * @module
 */

/** The learning rate of the next step, when so many were taken. */
export type Schedule = (taken: number) => number;

/** The same rate for ever. */
export function constantRate(rate: number): Schedule {
  return () => rate;
}

/**
 * From `rate` at the first step down a straight line that would reach `final` just after the last step; `final` from there
 * on. So the last of `steps` steps still moves, also when `final` is 0.
 */
export function linearDecay(rate: number, steps: number, final = 0): Schedule {
  checkSteps(steps);
  return (taken) => final + (rate - final) * Math.max(0, 1 - taken / steps);
}

/**
 * Up a straight line, from `rate / warmup` at the first step to `rate` at step number `warmup`; then as `after` says, from
 * its own beginning.
 */
export function warmUp(rate: number, warmup: number, after: Schedule = constantRate(rate)): Schedule {
  checkSteps(warmup);
  return (taken) => taken < warmup ? rate * (taken + 1) / warmup : after(taken - warmup);
}

/** From `rate` at the first step along half a cosine to `final` just after the last step (Loshchilov & Hutter 2017). */
export function cosineDecay(rate: number, steps: number, final = 0): Schedule {
  checkSteps(steps);
  return (taken) => final + (rate - final) * (1 + Math.cos(Math.PI * Math.min(1, taken / steps))) / 2;
}

/** `rate` for `steady` steps, then half as much after every `every` steps, the first halving at once (Luong et al. 2015, 4.1). */
export function halving(rate: number, steady: number, every: number): Schedule {
  checkSteps(steady);
  checkSteps(every);
  return (taken) => taken < steady ? rate : rate / 2 ** (1 + Math.floor((taken - steady) / every));
}

/** Up a straight line to `rate` at step number `warmup`, then down with the inverse square root of steps (Vaswani et al. 2017, 5.3). */
export function inverseSquareRoot(rate: number, warmup: number): Schedule {
  checkSteps(warmup);
  return (taken) => rate * Math.min((taken + 1) / warmup, Math.sqrt(warmup / (taken + 1)));
}

function checkSteps(steps: number): void {
  if (!(Number.isInteger(steps) && steps > 0)) {
    throw new RangeError(
      `Cannot make a schedule as its steps must be a whole number over 0: current value is ${steps}`,
    );
  }
}
