/**
 * What one epoch of training adds up to.
 *
 * @module
 */
import type { Measurement, TrainStep } from "../operators/records.ts";
import type { RowMaker } from "./rows.ts";

/** Points a gradient curve has in an epoch: enough to see its course, few enough to store. */
const POINTS = 20;
/**
 * Steps behind a point at least, where there are as many: a batch holds words of one length, and few of them say little
 * about all words.
 */
const STEPS = 12;

/** Adds up the steps of one epoch and turns them into rows. Means of losses are a token, not a word or a batch. */
export class EpochTally {
  examples = 0;
  readonly #steps: TrainStep[] = [];
  #batches = 0;
  #padding = 0;
  #started = performance.now();
  #ended = this.#started;

  /** @param total Examples in the epoch. */
  constructor(readonly row: RowMaker, readonly epoch: number, readonly total: number) {}

  /** Takes a batch's share of padding, 0 to 1. */
  padding(share: number): void {
    this.#padding += share;
    this.#batches++;
  }

  add(step: TrainStep): void {
    // What comes after the last step, scoring say, is no part of the speed of learning.
    this.#ended = performance.now();
    if (this.examples === 0) this.#started = this.#ended - 1000 * step.seconds;
    this.examples += step.examples;
    this.#steps.push(step);
  }

  rows(): Measurement[] {
    const seconds = (this.#ended - this.#started) / 1000;
    const tokens = this.#steps.reduce((sum, { tokens }) => sum + tokens, 0);
    return [
      this.row("loss/train", meanLoss(this.#steps), "nats", this.epoch),
      this.row("padding", 100 * this.#padding / this.#batches, "%", this.epoch),
      this.row("speed/examples", this.examples / seconds, "1/s", this.epoch),
      this.row("speed/tokens", tokens / seconds, "1/s", this.epoch),
      ...this.#curve(),
    ];
  }

  /** Points of each curve, over the steps since the one before: mean loss, root mean square of gradient norms. */
  #curve(): Measurement[] {
    let seen = (this.epoch - 1) * this.total;
    return windows(this.#steps).flatMap((steps) => {
      seen += steps.reduce((sum, { examples }) => sum + examples, 0);
      const norm = (pick: (step: TrainStep) => number) =>
        Math.sqrt(steps.reduce((sum, step) => sum + pick(step) ** 2, 0) / steps.length);
      return [
        ...["query", "memory"].map((name) =>
          this.row(`gradient/${name}`, norm(({ watched }) => watched[name] ?? 0), "1", seen)
        ),
        this.row("loss/curve", meanLoss(steps), "nats", seen),
        this.row("gradient/global", norm(({ gradientNorm }) => gradientNorm), "1", seen),
      ];
    });
  }
}

/** Mean of the steps' losses, weighed by their tokens. */
function meanLoss(steps: readonly TrainStep[]): number {
  const tokens = steps.reduce((sum, { tokens }) => sum + tokens, 0);
  return steps.reduce((sum, { loss, tokens }) => sum + loss * tokens, 0) / tokens;
}

/** The steps in stretches of nearly as many tokens each. */
function windows(steps: readonly TrainStep[]): TrainStep[][] {
  const count = Math.max(1, Math.min(POINTS, Math.floor(steps.length / STEPS)));
  const total = steps.reduce((sum, { tokens }) => sum + tokens, 0);
  const parts: TrainStep[][] = Array.from({ length: count }, () => []);
  let before = 0;
  for (const step of steps) {
    // A step belongs where its middle falls: so the last stretch is as long as the others, and none is left over.
    parts[Math.min(count - 1, Math.floor(count * (before + step.tokens / 2) / total))].push(step);
    before += step.tokens;
  }
  return parts.filter((part) => part.length > 0);
}
