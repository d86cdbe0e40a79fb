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

function checkSteps(steps: number): void {
  if (!(Number.isInteger(steps) && steps > 0)) {
    throw new RangeError(
      `Cannot make a schedule as its steps must be a whole number over 0: current value is ${steps}`,
    );
  }
}
